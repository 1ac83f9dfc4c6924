"""The commands `digits deploy` and `digits worker`. They call Prefect's own commands, so that its users meet nothing new."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
import yaml

from digit_core.errors import DigitsError, InputError
from digit_core.partition import Share
from flows.local_server import check_reachable
from flows.prefect_settings import settle_prefect
from flows.settings import load_settings

FILE = Path(__file__).parents[1] / "prefect.yaml"
NIGHTLY = "nightly"
PREFETCH_SECONDS = 10
_FOR_PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PYTHONSAFEPATH": "1",  # runs start as `python -m`, which would otherwise import modules from the current folder
}


def deploy(pool: str, source: str | None, out: str | None, *, cron: str, timezone: str, shares: int, limit: int) -> None:
    """Create or update the work pool, the deployments and the automation on the Prefect server."""
    plan = filled(yaml.safe_load(FILE.read_text(encoding="utf-8")), pool, source, out, cron, timezone, shares, limit)
    typer.echo(f"server      {_server()}")
    _prefect("work-pool", "create", pool, "--type", "process", *_update_flag(pool))
    typer.echo(f"work pool   {pool}")
    with _as_file(plan) as file:
        _prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(file))
    for one in plan["deployments"]:
        typer.echo(f"deployment  {one['entrypoint'].split('.')[1]}/{one['name']}{_when(one)}")
    from deployments.crash_detection import ensure_automation

    typer.echo(f"automation  {ensure_automation()}")
    typer.echo("Next: digits worker")


def filled(
    plan: dict[str, Any], pool: str, source: str | None, out: str | None, cron: str, timezone: str, shares: int, limit: int
) -> dict[str, Any]:
    """Fill in the deployments of prefect.yaml for this pool and nightly run; without a source the schedule is inactive.

    Raises InputError for an unknown time zone or an invalid cron line.
    """
    _check_schedule(cron, timezone)
    Share(1, shares)
    for one in plan["deployments"]:
        one["work_pool"]["name"] = pool
        if "concurrency_limit" in one:
            one["concurrency_limit"]["limit"] = max(limit, shares)
        if one["name"] == NIGHTLY and source is not None:
            one["schedules"] = [{"cron": cron, "timezone": timezone, "active": True}]
            one["parameters"] = {**one.get("parameters", {}), "source": source, "out": out, "shares": shares}
    return plan


def _check_schedule(cron: str, timezone: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"{timezone!r} is not a time zone: write one such as Europe/Oslo or UTC") from error
    try:
        CronSchedule(cron=cron, timezone=timezone)
    except ValueError as error:
        what = "write minute, hour, day, month, day of the week, such as '0 2 * * *'"
        raise InputError(f"{cron!r} is not a cron line: {what}") from error


def worker(pool: str, name: str | None, limit: int) -> None:
    """Replace this process by Prefect's worker, which runs until Ctrl-C or SIGTERM."""
    _server()
    os.environ.update({**_FOR_PREFECT, "PREFECT_WORKER_PREFETCH_SECONDS": str(PREFETCH_SECONDS)})
    words = ["worker", "start", "--pool", pool, "--type", "process", "--limit", str(limit), *(["--name", name] if name else [])]
    os.chdir(load_settings().home_folder)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "deployments.worker_process", *words])  # noqa: S606  our own interpreter


def _server() -> str:
    """Return the address of the server. Raises InputError where none is set, DigitsError where it does not answer."""
    settle_prefect(load_settings().home_folder)
    from prefect.settings import PREFECT_API_URL

    address: str | None = PREFECT_API_URL.value()
    if not address:
        raise InputError(
            "no Prefect server is set: start one (`prefect server start`), then "
            "`prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`"
        )
    check_reachable(address)
    return address


def _update_flag(pool: str) -> Sequence[str]:
    """Return the flag that keeps the settings of an existing pool."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            found = client.read_work_pool(pool)
        except ObjectNotFound:
            return ()
    if found.type != "process":
        raise InputError(f"the work pool {pool} is of type {found.type}, not process: choose another one with --pool")
    return ("--overwrite",)


def _prefect(*words: str) -> None:
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-P", "-m", "prefect", *words],
        env={**os.environ, **_FOR_PREFECT},
        cwd=load_settings().home_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()][-3:]
        raise DigitsError(f"`prefect {' '.join(words)}` failed: {' '.join(last)}")


@contextmanager
def _as_file(plan: dict[str, Any]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="digits-deploy-") as folder:
        file = Path(folder, "prefect.yaml")
        file.write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
        yield file


def _when(one: dict[str, Any]) -> str:
    active = [schedule for schedule in one.get("schedules", []) if schedule.get("active", True)]
    return "".join(f", {schedule['cron']} {schedule['timezone']}" for schedule in active)
