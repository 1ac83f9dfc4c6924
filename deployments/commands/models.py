"""The commands `digits models`, `digits promote` and `digits rollback`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from deployments.commands.tables import print_table
from digit_core.inference.shipped import SECOND_READER, SECOND_READER_SHA256
from digit_core.params import NetworkName
from flows.networks import registry
from flows.promote_result import Figures
from flows.settings import load_settings
from tasks.adapters.registry.networks import NETWORKS, network_named
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.registry.registry import ModelVersion

HEADER = ("network", "version", "alias", "recipe", "accuracy", "review", "date", "sha256", "gate")
_ACCURACY = ("mnist_test", "gate.mnist_test.accuracy", "gate.worn_strips.exact", "strips_exact")
_LEGEND = (
    "accuracy and digits for review, when 0.14 % of the accepted may be wrong, are those on MNIST's test set; "
    "of detectors and strip readers accuracy is the share of written strips that is read exactly"
)
_REVIEW = ("test_review_at_error_0.0014", "gate.mnist_test.review_share")


def models() -> None:
    """List the versions, oldest first. The shipped model is registered first if it is not a version yet."""
    registries = [registry(load_settings(), network) for network in NETWORKS]
    offered = [(one, version) for one in registries if (version := one.offer_shipped())]
    print_table(HEADER, [*(_row(line) for one in registries for line in one.versions()), _second_reader()])
    for one, version in offered:
        how = one.network.how_to_promote.replace("VERSION", version)
        typer.echo(f"version {version} of the {one.network.kind} came with this package and is new. Next: {how}")
    if not offered:
        typer.echo(_LEGEND)


def _row(line: ModelVersion) -> tuple[str, ...]:
    aliases = ", ".join(line.aliases)
    gate = line.gate.split(";")[0]
    return (
        *(line.kind, line.version, aliases, line.recipe),
        *(_percent(line, _ACCURACY), _percent(line, _REVIEW)),
        *(line.date, line.sha256[:12], gate),
    )


def _second_reader() -> tuple[str, ...]:
    """Return the row of the second reader, which comes with another package and has exactly one version."""
    return "second reader", SECOND_READER, "champion", "rapidocr 3.10", "-", "-", "-", SECOND_READER_SHA256[:12], ""


def _percent(line: ModelVersion, names: tuple[str, ...]) -> str:
    """Format the first of these metrics that exists, '-' without any."""
    return next((f"{line.metrics[name]:.2%}" for name in names if name in line.metrics), "-")


def promote(network: NetworkName, version: str, mnist: Path | None, sets: Sequence[Path] = ()) -> None:
    """Start the flow if the version exists; print its measurements and outcome."""
    settings = load_settings()
    promotions = Promotions(registry(settings, network_named(network)))
    promotions.registry.offer_shipped()
    number = promotions.registry.model(promotions.registry.resolve(version)).version
    if number == promotions.champion().version:
        typer.echo(f"version {number} is the champion already: nothing to do")
        return
    from flows.launch import run_promote

    options: dict[str, Any] = {
        "version": number,
        "mnist": str(mnist) if mnist else None,
        "network": network,
        "sets": [str(one) for one in sets],
    }
    promoted = run_promote(settings, _print_figures, **options)
    typer.echo(f"version {promoted.version} passed the gate and is the champion now; version {promoted.before} was")
    typer.echo(f"The report with pictures is in MLflow: run {promoted.report}")
    flag = "" if network is NetworkName.CLASSIFIER else f" --network {network}"
    typer.echo(f"Next: digits rollback{flag}   (takes it back)")


def _print_figures(figures: Figures) -> None:
    print_table(("", f"champion {figures.champion}", f"challenger {figures.challenger}"), figures.rows)


def rollback(network: NetworkName) -> None:
    """Put the previous champion back into service."""
    served, serves = Promotions(registry(load_settings(), network_named(network))).rollback()
    typer.echo(f"version {serves} is the champion again; version {served} was. Runs in progress keep their version")
