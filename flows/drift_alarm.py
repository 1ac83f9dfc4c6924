"""Warnings when a run's digits differ from the model's validation, or from the collection so far."""

from __future__ import annotations

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.events import emit_event
from prefect.exceptions import PrefectException

from digit_core.errors import RegistryError, StorageError
from digit_core.inference.classifier import calibration_of
from digit_core.results.drift import Distribution, Drift, drifts, validation_shape
from flows.settings import Settings
from tasks.adapters.results.dataset import Results
from tasks.run_plan import RunPlan

_ADVICE = "Check some pages (`digits show`), and evaluate or recalibrate before trusting these numbers."


def warn_of_drift(plan: RunPlan, settings: Settings, batch: Distribution, results: Results) -> None:
    """Write an artifact, an event and log lines if the distribution has drifted."""
    alarms = [str(drift) for drift in _compared(plan, settings, batch, results) if drift.alarming]
    if not alarms:
        return
    for words in alarms:
        get_run_logger().warning(f"drift: {words}")
    text = "\n".join([f"# Drift in {plan.out}", "", *(f"- {words}" for words in alarms), "", _ADVICE, ""])
    try:
        create_markdown_artifact(text, key="digits-drift", description=f"a warning about {plan.out}")
    except (httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning(f"the warning could not be sent to Prefect: {error!r}")
    resource = {"prefect.resource.id": f"digits.collection.{plan.out}", "prefect.resource.name": plan.out}
    emit_event("digits.drift", resource, payload={"run": plan.read_by.run_id, "drift": alarms})


def _compared(plan: RunPlan, settings: Settings, batch: Distribution, results: Results) -> list[Drift]:
    """Compare with the validation and with past runs; with past runs only if the model has no record of its validation."""
    try:
        validation = validation_shape(calibration_of(plan.spec.networks.classifier.path)[settings.ink])
    except (RegistryError, KeyError):
        validation = Distribution()
    try:
        return drifts(batch, results.shape(but_not=plan.read_by.run_id), validation)
    except StorageError as error:
        get_run_logger().warning(f"the collection's past could not be read: {error}")
        return []
