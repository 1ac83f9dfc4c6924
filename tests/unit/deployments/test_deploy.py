"""What `digits deploy` hands to Prefect."""

from importlib import import_module
from typing import Any

import pytest
import yaml
from prefect import Flow

from deployments.commands.deploy import FILE, filled
from digit_core.errors import InputError


def plan(**changes: Any) -> dict[str, dict[str, Any]]:
    given = {"pool": "digits", "source": None, "out": None, "cron": "0 2 * * *", "timezone": "UTC", "shares": 1, "limit": 4}
    done = filled(yaml.safe_load(FILE.read_text()), **{**given, **changes})
    return {f"{one['entrypoint'].split('.')[1]}/{one['name']}": one for one in done["deployments"]}


@pytest.mark.parametrize("name", sorted(plan()))
def test_every_entrypoint_is_a_flow_whose_parameters_say_what_they_are(name):
    module, _, word = plan()[name]["entrypoint"].rpartition(".")
    found = getattr(import_module(module), word)

    assert isinstance(found, Flow)
    assert name.startswith(f"{found.name}/")
    described = found.parameters.properties
    assert [one for one, facts in described.items() if not facts.get("description")] == []


def test_without_a_source_the_nightly_run_sleeps():
    assert [schedule["active"] for schedule in plan()["digitise/nightly"]["schedules"]] == [False]


def test_with_a_source_the_nightly_run_has_its_time_zone_and_a_place_for_each_share():
    nightly = plan(source="s3://a", out="s3://b", timezone="Europe/Oslo", shares=8)["digitise/nightly"]

    assert nightly["schedules"] == [{"cron": "0 2 * * *", "timezone": "Europe/Oslo", "active": True}]
    assert nightly["parameters"] == {"source": "s3://a", "out": "s3://b", "shares": 8}
    assert nightly["concurrency_limit"]["limit"] == 8


@pytest.mark.parametrize(("name", "value"), [("cron", "61 2 * * *"), ("cron", "soon"), ("timezone", "Mars/Olympus")])
def test_a_time_that_is_none_is_refused_before_anything_is_asked_of_the_server(name, value):
    with pytest.raises(InputError, match=r"not a (cron line|time zone)"):
        plan(**{name: value})
