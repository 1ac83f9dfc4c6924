"""Which layouts a run reads by: files and folders, their names and versions, and refusals before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from digit_core.errors import InputError
from flows.planning import NO_LAYOUT, layout_version, make_plan, read_layouts
from flows.settings import Settings
from tasks.adapters.layout_files import MOST, layout_texts
from tasks.adapters.storage.storage import Storage


def layout(name: str, x: int = 0) -> str:
    return f"format: digits-layout/1\nname: {name}\npage: [100, 60]\nzones:\n- name: year\n  box: [{x}, 40, 20, 10]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "forms"
    place.mkdir()
    (place / "b.yaml").write_text(layout("second"), "utf-8")
    (place / "a.YML").write_text(layout("first"), "utf-8")
    (place / "notes.txt").write_text("no layout", "utf-8")
    return place


def given(place: Path | str) -> Settings:
    return Settings(layout=str(place))


def test_a_folder_gives_its_layout_files_in_the_order_of_their_names(folder: Path) -> None:
    assert read_layouts(given(folder)) == (layout("first"), layout("second"))


def test_a_file_is_taken_whatever_it_is_called(folder: Path) -> None:
    (folder / "form.txt").write_text(layout("third"), "utf-8")

    assert read_layouts(given(folder / "form.txt")) == (layout("third"),)


def test_without_the_setting_there_are_no_layouts_and_the_version_says_so() -> None:
    assert read_layouts(given("")) == ()
    assert layout_version(()) == NO_LAYOUT


def test_a_place_without_layouts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match=r"there is no layout at .*empty: give a \.yaml file, or a folder of layouts"):
        read_layouts(given(tmp_path / "empty"))


def test_a_place_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_layouts(given(tmp_path / "nowhere.yaml"))


def test_a_file_that_is_no_layout_is_refused_by_its_name(folder: Path) -> None:
    (folder / "c.yaml").write_text("colour: red\n", "utf-8")

    with pytest.raises(InputError, match=r"c\.yaml: this is not a layout"):
        read_layouts(given(folder))


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "c.yaml").write_bytes(b"\xff\xfe\x00a")

    with pytest.raises(InputError, match=r"c\.yaml is not a layout: it is not UTF-8 text"):
        read_layouts(given(folder))


def test_two_layouts_of_one_name_are_refused(folder: Path) -> None:
    (folder / "c.yaml").write_text(layout("first", x=5), "utf-8")

    with pytest.raises(InputError, match=r"two layouts of .* have the same name: first; rename one of them"):
        read_layouts(given(folder))


def test_more_layouts_than_anybody_has_are_refused(tmp_path: Path) -> None:
    for number in range(MOST + 1):
        (tmp_path / f"{number}.yaml").touch()

    with pytest.raises(InputError, match=f"holds {MOST + 1} layouts, the most are {MOST}"):
        layout_texts(Storage(), str(tmp_path))


def test_the_version_goes_by_what_the_layouts_say_and_neither_by_their_order_nor_their_comments() -> None:
    one, other = layout("first"), layout("second")

    assert layout_version((one, other)) == layout_version((other, one + "# drawn in spring\n"))
    assert len({layout_version(texts) for texts in ((one,), (other,), (one, other), (layout("first", x=1),))}) == 4


def test_a_plan_carries_the_layouts_and_their_version(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    settings = Settings(layout=str(folder), home=tmp_path / "home")

    plan = make_plan(str(tmp_path / "scans"), str(tmp_path / "out"), settings)

    assert plan.spec.layouts == (layout("first"), layout("second"))
    assert plan.read_by.layout_version == layout_version(plan.spec.layouts)
