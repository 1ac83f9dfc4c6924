"""`digits export` on results of real pages: whole files, in its own folder only, with what people said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from deployments.cli import app
from deployments.commands.export_files import ExportFolder
from digit_core.errors import FailureReason, InputError
from digit_core.records import PageFailure, PageRef
from tests.support.exported import page
from tests.support.results import publish, scan
from tests.support.results import read_as as read

FORMS = {"page": "a.xml", "alto": "a.xml", "iiif": "a.json", "xlsx": "numbers.xlsx", "csv": "numbers.csv", "pdf": "a.pdf"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def digits(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(("form", "name"), FORMS.items())
def test_every_form_is_written_and_nothing_else_is_left_behind(tmp_path: Path, form: str, name: str) -> None:
    publish(
        tmp_path / "results",
        read(scan(tmp_path / "a.jpg"), "7"),
        PageFailure(PageRef("b.jpg", "1", ""), FailureReason.EMPTY, "empty"),
    )

    done = digits("export", "results", "--as", form, "--out", "out")

    assert done.exit_code == 0, done.output
    assert "1 page exported to out; without 1 quarantined page" in done.output
    also = {"iiif": {"manifest.json"}, "csv": {"datapackage.json"}}.get(form, set())
    assert {file.name for file in (tmp_path / "out").rglob("*")} == {name, *also}


def test_the_pages_of_a_scan_are_one_pdf_in_their_order_whichever_run_read_them(tmp_path: Path) -> None:
    ref = scan(tmp_path / "volume.tif", pages=3)
    publish(tmp_path / "results", read(ref, "1", 0), read(ref, "3", 2))
    publish(tmp_path / "results", read(ref, "2", 1), seq=2)

    digits("export", "results", "--as", "pdf", "--out", "out")

    whole = pypdfium2.PdfDocument(tmp_path / "out" / "volume.pdf")
    assert [sheet.get_textpage().get_text_range().strip() for sheet in whole] == ["1", "2", "3"]


def test_a_scan_that_has_changed_or_gone_is_left_out_and_named(tmp_path: Path) -> None:
    gone, changed, there = (scan(tmp_path / f"{name}.png") for name in ("gone", "changed", "there"))
    publish(tmp_path / "results", read(gone, "1"), read(changed, "2"), read(there, "3"))
    Path(gone.uri).unlink()
    cv2.imwrite(changed.uri, np.zeros((300, 400), np.uint8))

    done = digits("export", "results", "--as", "pdf", "--out", "out")

    assert done.exit_code == 1
    assert "gone.png: it cannot be had any more" in done.output
    assert "changed.png: it has changed since it was read" in done.output
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["there.pdf"]


def test_scans_of_the_same_name_do_not_overwrite_one_another(tmp_path: Path) -> None:
    one, two = scan(tmp_path / "x" / "a.png"), scan(tmp_path / "y" / "A.PNG")
    publish(tmp_path / "results", read(one, "1"), read(two, "2"))

    digits("export", "results", "--as", "page", "--out", "out")

    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2
    assert len({file.name.casefold() for file in files}) == 2
    assert {text for file in files for text in ("x/a.png", "y/A.PNG") if text in file.read_text()} == {"x/a.png", "y/A.PNG"}


def test_the_same_results_are_exported_to_the_same_names_again(tmp_path: Path) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "x" / "a.png"), "1"), read(scan(tmp_path / "y" / "a.png"), "2"))
    digits("export", "results", "--as", "alto", "--out", "out")
    before = {file.name for file in (tmp_path / "out").iterdir()}

    digits("export", "results", "--as", "alto", "--out", "out")

    assert {file.name for file in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize(
    "uri",
    [
        "/scans/../../x.png",
        "/scans/..",
        "..",
        "/scans/.hidden",
        "C:\\x\\..\\y.png",
        "/scans/a\x00b.png",
        "/scans/" + "é" * 300,
        "con.png",
    ],
)
def test_no_name_leads_out_of_the_folder_or_hides_a_file(tmp_path: Path, uri: str) -> None:
    folder = ExportFolder(tmp_path / "out")

    folder.write(f"{folder.name_of(page(uri=uri))}.xml", b"here")

    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == b"here"
    assert not file.name.startswith(".")
    assert not set(file.name) & set('<>:"/\\|?*\0')
    assert [found.name for found in tmp_path.iterdir()] == ["out"]


def test_a_link_in_the_folder_leads_nowhere_else(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("not ours")
    folder = ExportFolder(tmp_path / "out")
    (folder.path / "a.xml").symlink_to(other)
    (folder.path / ".a.xml.part").symlink_to(other)

    folder.write("a.xml", b"here")

    assert other.read_text() == "not ours"
    assert not (folder.path / "a.xml").is_symlink()


def test_a_file_that_breaks_off_leaves_the_one_before(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "out")
    folder.write("a.xml", b"before")

    def texts():
        yield "half"
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"cannot write .*a\.xml: No space left on device"):
        folder.write_texts("a.xml", texts())

    assert [(file.name, file.read_bytes()) for file in folder.path.iterdir()] == [("a.xml", b"before")]


def test_the_descriptor_tells_of_every_table_in_the_folder(tmp_path: Path) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "a.png"), "7"))
    (tmp_path / "out").mkdir()
    digits("results", "results", "--csv", "out/one.csv")
    digits("results", "results", "--csv", "out/gone.csv")
    (tmp_path / "out" / "gone.csv").unlink()

    digits("export", "results", "--as", "csv", "--out", "out")
    digits("export", "results", "--as", "csv", "--out", "out")

    described = json.loads((tmp_path / "out" / "datapackage.json").read_text())["resources"]
    assert [one["path"] for one in described] == ["one.csv", "numbers.csv"]
    assert len({one["name"] for one in described}) == 2
    for one in described:
        with (tmp_path / "out" / one["path"]).open(newline="") as file:
            assert next(csv.reader(file)) == [column["name"] for column in one["schema"]["fields"]]


@pytest.mark.parametrize("before", ["no json", "[]", '{"resources": 3}', '{"resources": [{"path": "../x.csv"}, 7]}'])
def test_what_is_no_descriptor_is_replaced_by_one(tmp_path: Path, before: str) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "a.png"), "7"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "datapackage.json").write_text(before)

    assert digits("export", "results", "--as", "csv", "--out", "out").exit_code == 0

    described = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    assert [one["path"] for one in described["resources"]] == ["numbers.csv"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "a.png"), "7"))
    (tmp_path / "out").write_text("a file")

    done = digits("export", "results", "--as", "xlsx", "--out", "out")

    assert done.exit_code == 2
    assert "cannot write out" in done.output


def test_the_workbook_has_the_numbers(tmp_path: Path) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "a.png"), "7"))

    digits("export", "results", "--as", "xlsx", "--out", "out")

    head, row = load_workbook(tmp_path / "out" / "numbers.xlsx")["numbers"].iter_rows(values_only=True)
    assert row[head.index("value")] == 7


def test_without_a_decision_there_is_no_number_set_and_the_message_says_where_to_decide(tmp_path: Path) -> None:
    publish(tmp_path / "results", read(scan(tmp_path / "a.jpg"), "7"))

    done = digits("export", "results", "--as", "set", "--out", "out")

    assert done.exit_code != 0
    assert "people have settled no number" in done.output
    assert "digits review serve" in done.output
    assert list((tmp_path / "out").iterdir()) == []
