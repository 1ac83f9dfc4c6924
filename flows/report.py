"""The report of a run in Prefect: a summary, the quarantined pages, and the digits with the lowest confidence."""

from __future__ import annotations

import base64

import cv2
import httpx
import numpy as np
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.exceptions import PrefectException

from digit_core.calibration.risk_control import promise
from digit_core.readings import ReviewItem
from digit_core.records import NOT_A_DIGIT, Grey
from digit_core.visualisation.page_overlay import contact_sheet, to_png
from flows.advice import advice
from flows.run_stats import Tally
from tasks.adapters.registry.networks import NETWORKS
from tasks.run_plan import RunPlan


def report(plan: RunPlan, tally: Tally) -> None:
    """Write the artifacts of a run; a table or picture without content is left out.

    An unreachable server costs the report, not the run: what was read is sealed.
    """
    try:
        _report(plan, tally)
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning(f"the report could not be sent to Prefect: {error!r}")


def _report(plan: RunPlan, tally: Tally) -> None:
    create_markdown_artifact(summary(plan, tally), key="digits-summary", description=f"digitise {plan.title}")
    if tally.failures:
        rows = [{"file": one.uri, "page": one.page, "reason": one.reason, "message": one.message} for one in tally.failures]
        create_table_artifact(rows, key="digits-quarantined", description="pages that could not be read")
    if sheet := least_sure_sheet(tally.least_sure):
        picture = f"![least sure digits](data:image/png;base64,{base64.b64encode(sheet).decode()})"
        # an image artifact would also print its data URL, all of it, below the picture
        create_markdown_artifact(picture, key="digits-least-sure", description="the digits with the lowest confidence")


def summary(plan: RunPlan, tally: Tally) -> str:
    """Summarise a run in a few lines of Markdown."""
    rows = [
        ("pages read", f"{tally.read:,}"),
        ("pages quarantined", f"{tally.quarantined:,}" + (f" ({tally.commonest(5)})" if tally.quarantined else "")),
        ("numbers", f"{tally.numbers:,}"),
        ("digits", f"{tally.digits:,}"),
        ("digits for review", f"{tally.to_review:,} ({tally.review_share:.1%})"),
        *([("layouts", _about_layouts(tally))] if tally.sums["no_layout"] or tally.sums["layout_off"] else []),
        *([("promise", promise(plan.promise))] if plan.promise else []),
        ("advice", "; ".join(advice(plan, tally))),
        ("seconds", f"{tally.seconds:.1f}"),
        *([("share of the source", str(plan.share))] if plan.share.of > 1 else []),
        ("versions", _versions(plan) + (f" ({plan.note})" if plan.note else "")),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"# {plan.title} → {plan.out}\n\n| | |\n|---|---|\n{table}\n"


def _about_layouts(tally: Tally) -> str:
    """Pages of which nothing is accepted because of their layout."""
    return f"none fits {tally.sums['no_layout']:,} pages; one may lie off on {tally.sums['layout_off']:,}: all of them for review"


def _versions(plan: RunPlan) -> str:
    return ", ".join(f"{network.kind} {getattr(plan.spec.networks, network.option).version}" for network in NETWORKS)


def least_sure_sheet(items: list[ReviewItem]) -> bytes:
    """Draw a contact sheet as PNG, lowest confidence first; empty without items."""
    shown = [item for item in items if item.crop_png]
    if not shown:
        return b""
    crops = [_pixels(item.crop_png) for item in shown]
    return to_png(contact_sheet(crops, [_caption(item) for item in shown]))


def _pixels(png: bytes) -> Grey:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _caption(item: ReviewItem) -> str:
    label, probability = item.top[0]
    return f"{'none' if label == NOT_A_DIGIT else label} {probability:.2f}"
