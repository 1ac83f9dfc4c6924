"""The command `digits evaluate`."""

from __future__ import annotations

import json as json_format
from pathlib import Path

import pyarrow as pa
import typer

from deployments.cli.output import OutputForm
from deployments.commands.open_results import open_results
from deployments.commands.results import corrected_numbers
from deployments.commands.tables import print_table
from digit_core.evaluation.ground_truth import read_truth
from digit_core.evaluation.score import Counts, Rate, Score
from digit_core.evaluation.scoring import score
from digit_core.results.schema import TABLES
from digit_core.review.corrections import CORRECTED


def evaluate(dest: str, truth: Path, corrected: bool, output: OutputForm = OutputForm.USUAL) -> None:
    """Print how well the pages that have truth were read, by the machine alone or with what people said of it."""
    known = read_truth(truth)
    results = open_results(dest)
    tables = {name: results.read(name) for name in TABLES}
    if corrected:
        tables["numbers"] = pa.concat_tables([CORRECTED.empty_table(), *corrected_numbers(results)])
    scored = score(tables, known)
    if output is OutputForm.JSON:
        typer.echo(json_format.dumps(scored.to_dict(), indent=1))
    else:
        _print(scored, output)


def _print(scored: Score, output: OutputForm) -> None:
    pages = () if output is OutputForm.QUIET else scored.pages
    rows = [(page.name, page.status, page.counts) for page in pages] + [("all", "", scored.total)]
    header = ("page", "status", *(name.replace("_", " ") for name in scored.total.rates), "found by chance", "unlisted")
    print_table(header, ((name, status, *_figures(counts)) for name, status, counts in rows))
    for note in scored.to_dict()["notes"]:
        typer.echo(note)
    if output is OutputForm.VERBOSE:
        typer.echo()
        mistakes = ((page.name, one) for page in scored.pages for one in page.mistakes)
        rows_of = ((name, one.row, one.column, one.truth, one.read, "yes" if one.accepted else "") for name, one in mistakes)
        print_table(("page", "row", "column", "truth", "read", "accepted"), rows_of)


def _figures(counts: Counts) -> tuple[str, ...]:
    """Format the rates, the number of matches expected by chance, and the count of readings that the truth does not list."""
    return (*(_text(rate) for rate in counts.rates.values()), f"{counts.by_chance:.0f}", str(counts.unlisted))


def _text(rate: Rate) -> str:
    """Format a rate as '97.1 % of 450', or '-' if nothing was counted."""
    return "-" if rate.value is None else f"{rate.value:.1%} of {rate.of}"
