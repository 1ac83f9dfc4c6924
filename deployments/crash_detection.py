"""The Prefect automation that marks dead runs as crashed.

A run whose process was killed stays Running for ever in Prefect and keeps its place in the concurrency limit. Running flows send
a heartbeat (PREFECT_FLOWS_HEARTBEAT_FREQUENCY in prefect.yaml); one whose heartbeat stops is marked as crashed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

NAME = "digits: end runs whose process is gone"
SILENT_SECONDS = 90
"""Seconds without a heartbeat after which a run counts as dead: three heartbeats."""

_WORDS = f"no heartbeat for {SILENT_SECONDS} s: its process is gone. The next run continues from there"
_ENDS = ("Completed", "Failed", "Cancelled", "Crashed")


def ensure_automation() -> str:
    """Create or update the automation; return its name."""
    try:
        found: Any = Automation.read(name=NAME)  # its type hints describe the asynchronous variant only
    except ValueError:
        made: Any = automation()
        made.create()
        return NAME
    found.trigger, found.actions, found.enabled = automation().trigger, automation().actions, True
    found.update()
    return NAME


def automation() -> Automation:
    """Build the automation, following Prefect's guide to zombie flow runs."""
    heartbeat = "prefect.flow-run.heartbeat"
    return Automation(
        name=NAME,
        description="made by `digits deploy`",
        trigger=EventTrigger(
            after={heartbeat},
            expect={heartbeat, *(f"prefect.flow-run.{end}" for end in _ENDS)},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENT_SECONDS),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=_WORDS, force=False)],
    )
