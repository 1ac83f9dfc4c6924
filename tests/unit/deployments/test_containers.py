"""The container files, checked without a container engine: what they name exists, and nothing is left open."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from typer.testing import CliRunner

from deployments.cli import app
from flows.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deployments" / "containers"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_all_that_is_copied_into_the_image_is_there() -> None:
    sources = [name for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.M) for name in line.split()[:-1]]

    assert len(sources) > 5
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_lock_becomes_constraints_that_pip_can_read() -> None:
    command = re.search(r"RUN (sed -E .+? requirements\.lock)", CONTAINERFILE)
    assert command is not None

    lines = subprocess.run(["bash", "-c", command[1]], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    named = [Requirement(line).name for line in lines if line.strip() and not line.startswith("#")]
    assert {"prefect", "keras", "mlflow"} <= set(named)
    assert "--hash" not in "".join(lines)


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if one.get("image") == "digits"])
def test_every_service_of_ours_runs_a_command_that_exists(name: str) -> None:
    service = SERVICES[name]
    if "entrypoint" in service:  # MLflow's or Prefect's own
        assert service["entrypoint"] in (["mlflow"], ["prefect"])
        return
    words = [word for word in service.get("command", []) if word.isalpha()]

    done = CliRunner().invoke(app, [*words, "--help"])

    assert done.exit_code == 0, done.output
    assert all(word in done.output for word in service.get("command", []) if word.startswith("--"))


def test_every_setting_is_known() -> None:
    named = {key for one in SERVICES.values() for key in one.get("environment", {}) if key.startswith(PREFIX)}

    assert "DIGITS_REVIEW_TOKEN" in named
    assert {key.removeprefix(PREFIX).lower() for key in named} <= set(Settings.model_fields)


def test_services_that_are_waited_for_exist_and_databases_that_are_used_are_created() -> None:
    assert {other for one in SERVICES.values() for other in one.get("depends_on", [])} <= set(SERVICES)
    used = set(re.findall(r"@database/(\w+)", (FOLDER / "compose.yaml").read_text()))
    assert used == set(re.findall(r"CREATE DATABASE (\w+)", (FOLDER / "databases.sql").read_text()))


def test_nothing_is_published_beyond_this_machine_and_no_password_is_written_down() -> None:
    ports = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    values = [str(value) for one in SERVICES.values() for name, value in one["environment"].items() if _is_secret(name)]
    assert len(values) > 5
    assert all(value.startswith("${") for value in values)


def _is_secret(name: str) -> bool:
    return any(word in name for word in ("PASSWORD", "TOKEN", "SECRET"))


def test_the_image_does_not_run_as_root() -> None:
    assert CONTAINERFILE.rindex("USER digits") > CONTAINERFILE.rindex("FROM ")
