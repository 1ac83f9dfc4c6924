"""The second reader among the settings of a run: when its network is needed, and what rows say of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from digit_core.errors import InputError, RegistryError
from digit_core.inference import second_reader
from digit_core.inference.shipped import SECOND_READER
from digit_core.params import AskWhen
from flows.networks import networks_for_a_look, second_network_of
from flows.options import run_options
from flows.planning import read_by, reader_spec
from flows.settings import Settings
from tasks.jobs import page_reader


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_reader, "find_spec", lambda name: None)


def test_by_default_it_is_asked_when_our_own_networks_are_unsure(settings: Settings) -> None:
    spec = reader_spec(settings, networks_for_a_look(settings))

    assert spec.second.when is AskWhen.WHEN_UNSURE
    assert page_reader(spec).second is not None
    assert read_by(spec).second_reader_version == SECOND_READER


@pytest.mark.usefixtures("missing")
def test_never_reads_without_its_package_and_rows_name_none(settings: Settings) -> None:
    never = settings.model_copy(update={"second_reader": AskWhen.NEVER})
    spec = reader_spec(never, networks_for_a_look(never))

    assert page_reader(spec).second is None
    assert read_by(spec).second_reader_version == ""


@pytest.mark.usefixtures("missing")
def test_without_its_package_a_run_ends_with_what_to_do(settings: Settings) -> None:
    with pytest.raises(RegistryError, match="DIGITS_SECOND_READER=never"):
        second_network_of(settings)


def test_pages_count_as_not_yet_read_when_it_is_asked_otherwise(settings: Settings) -> None:
    spec = reader_spec(settings, networks_for_a_look(settings))

    always = replace(spec, second=replace(spec.second, when=AskWhen.ALWAYS))

    assert read_by(spec).params != read_by(always).params


def test_an_option_that_is_no_way_to_ask_is_refused() -> None:
    with pytest.raises(InputError, match="--second-reader"):
        run_options({"second_reader": "sometimes"})
