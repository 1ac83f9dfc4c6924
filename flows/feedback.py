"""The flow `feedback`: applies people's decisions to the results and, when there are enough new ones, trains the model on
them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from pydantic import Field

from digit_core.errors import GateRefusedError
from flows.options import described
from flows.promote import promote
from flows.settings import load_settings
from flows.train import train
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage, normalise
from tasks.adapters.training_sets import TrainingSets
from tasks.feedback import CorrectedView, collect, correct


@dataclass(frozen=True)
class Fed:
    """Result of a feedback run. `training_set` and `version` are "" where none was made; `refused` has the gate's reason."""

    views: tuple[CorrectedView, ...]
    new_decisions: int
    training_set: str = ""
    digits: int = 0
    version: str = ""
    promoted: bool = False
    refused: str = ""


@flow(name="feedback", persist_result=False)
@described
def feedback(
    out: Annotated[str | None, Field(description="Results that people reviewed. Default: every collection of the queue.")] = None,
    at_least: Annotated[int, Field(ge=1, description="Minimum of new decisions for a new training set.")] = 1,
    recipe: Annotated[str | None, Field(description="Recipe to train with them. Default: none.")] = None,
    epochs: Annotated[int, Field(ge=0, description="Passes over all digits; 0: the recipe's.")] = 0,
    mnist: Annotated[str | None, Field(description="Path of mnist.npz. Default: the setting DIGITS_MNIST.")] = None,
) -> Fed:
    """Write the corrected view of OUT, by default of every collection in the queue, and train on new decisions.

    at_least: new decisions (since the last training set) needed for a new one. recipe: the network to train on it, for `epochs`
    epochs (0: the recipe's), and to promote if the gate accepts it; None trains nothing. mnist: path of mnist.npz; the setting
    DIGITS_MNIST by default. Raises the errors of `train` and `promote`, except for a refusal by the gate, which is part of the
    result.
    """
    settings = load_settings()
    storage = Storage(settings.storage_options)
    sets = TrainingSets(storage, settings.training_folder)
    with ReviewQueue(settings.review_url) as queue:
        collections = [normalise(out)] if out else queue.collections()
        views = tuple(correct(queue, storage, collection) for collection in collections)
        last = sets.latest()
        new = queue.decisions.count() - (last.decisions if last else 0)
        fed = Fed(views, new)
        if new >= at_least:
            newest = collect(queue, sets)
            fed = Fed(views, new, newest.name, newest.size)
    if recipe and fed.digits:
        fed = _learn(fed, recipe, epochs, mnist)
    create_markdown_artifact(summary(fed), key="digits-feedback", description="decisions of people")
    return fed


def _learn(fed: Fed, recipe: str, epochs: int, mnist: str | None) -> Fed:
    version = train(recipe, mnist=mnist, with_reviewed=True, epochs=epochs).version
    told = (fed.views, fed.new_decisions, fed.training_set, fed.digits, version)
    try:
        promote(version, mnist=mnist)
    except GateRefusedError as refusal:
        return Fed(*told, refused=str(refusal))
    return Fed(*told, promoted=True)


def summary(fed: Fed) -> str:
    """Summarise the result in a few lines of Markdown."""
    rows = [(view.collection, ", ".join(f"{count:,} {state}" for state, count in view.states.items())) for view in fed.views]
    rows += [("new decisions", f"{fed.new_decisions:,}")]
    rows += [("training set", f"{fed.training_set} ({fed.digits:,} digits)")] if fed.training_set else []
    rows += [("model version", f"{fed.version}, {'in service' if fed.promoted else fed.refused}")] if fed.version else []
    return "# Feedback\n\n| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows) + "\n"
