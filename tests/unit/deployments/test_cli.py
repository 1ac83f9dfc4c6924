import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from deployments.cli import app
from digit_core.inference.classifier import SHIPPED_MODEL
from digit_core.synthesis.pen import draw_number, make_writer
from tests.support import tiny_model

pytestmark = pytest.mark.slow

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
HEAVY = {"prefect", "mlflow", "tensorflow", "keras", "cv2", "numpy", "pyarrow", "onnxruntime", "sqlalchemy", "pydantic", "pandas"}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in, and a home with a model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model.write(tmp_path / "tiny").onnx


def digits(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def drawn_number(path: Path, text: str = "1 7 1") -> Path:
    """A page with strokes like digits: good enough to be found, if not to be read."""
    page = np.full((400, 600), 235, np.uint8)
    cv2.putText(page, text.replace(" ", ""), (150, 220), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 20, 5)
    cv2.imwrite(str(path), page)
    return path


def loaded_by(*arguments: str) -> set[str]:
    """The packages that a command has imported when it ends."""
    code = "import sys; from deployments.cli import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_imports_nothing_heavy() -> None:
    assert HEAVY.isdisjoint(loaded_by("--help"))


READ_AND_LIST = """
import sys
from deployments.commands.read import read
from flows.options import run_options
read([sys.argv[1]], run_options({}), False, "csv")
print(*sys.modules)
"""


def test_the_first_reading_on_a_new_machine_starts_neither_an_orchestrator_nor_a_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, home = drawn_number(tmp_path / "page.png"), tmp_path / "new home"
    monkeypatch.setenv("DIGITS_HOME", str(home))

    done = subprocess.run([sys.executable, "-c", READ_AND_LIST, image], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert {"prefect", "mlflow", "tensorflow", "keras", "sqlalchemy", "s3fs", "pyarrow", "pypdfium2"}.isdisjoint(loaded)
    left = [path for path in home.rglob("*") if path.is_file()]
    assert [path.name[:14] for path in left] == ["second-reader-"], "only what the second reader's network was cut to"


def test_reading_by_the_champion_starts_no_registry_while_nothing_was_written_to_it(tmp_path: Path, served_home: Path) -> None:
    image = drawn_number(tmp_path / "page.png")

    done = subprocess.run([sys.executable, "-c", READ_AND_LIST, image], capture_output=True, text=True, check=True)

    assert "mlflow" not in {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str) -> None:
    result = digits(command, "--help")

    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"digits {command}" in result.output


@pytest.mark.parametrize("command", ["serve", "status", "readers"])
def test_every_command_of_review_has_help_with_examples(command: str) -> None:
    result = digits("review", command, "--help")

    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"digits review {command}" in result.output


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert digits("--version").output.strip() == version("archive-digits")
    assert digits("version").output.strip() == version("archive-digits")


def test_an_unknown_option_is_a_usage_error() -> None:
    assert digits("read", "page.png", "--fromat", "csv").exit_code == 2


def test_a_source_that_does_not_exist_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    result = digits("digitise", tmp_path / "nowhere", "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "nowhere" in result.stderr


def test_an_empty_source_says_so_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    result = digits("digitise", tmp_path / "empty", "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert "contains no scans" in result.stderr
    assert not (tmp_path / "out").exists()


def test_results_among_the_scans_are_refused(tmp_path: Path) -> None:
    drawn_number(tmp_path / "page.png")

    result = digits("digitise", tmp_path, "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert "outside" in result.stderr


def test_debug_shows_the_traceback_that_is_hidden_otherwise(tmp_path: Path) -> None:
    plain = digits("results", tmp_path / "none")
    debug = digits("--debug", "results", tmp_path / "none")

    assert (plain.exit_code, type(plain.exception)) == (2, SystemExit)
    assert type(debug.exception).__name__ == "InputError"


def test_read_prints_one_csv_row_a_number_with_the_columns_that_were_promised(tmp_path: Path, model: Path) -> None:
    image = drawn_number(tmp_path / "a page, with comma.png")

    result = digits("read", image, "--format", "csv", "--model", model)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert result.exit_code == 0
    assert list(rows[0]) == [
        "file",
        "page",
        "position",
        "value",
        "unit",
        "state",
        "confidence",
        "text",
        "kind",
        "digits",
        "x",
        "y",
        "w",
        "h",
    ]
    assert len(rows) == 1
    assert rows[0]["file"] == str(image)
    assert (rows[0]["page"], rows[0]["position"]) == ("1", "0")
    assert len(rows[0]["digits"]) == 3
    assert 0 <= float(rows[0]["confidence"]) <= 1
    assert 140 <= int(rows[0]["x"]) <= 170
    assert 150 <= int(rows[0]["y"]) <= 190


def test_a_bad_image_is_a_line_on_standard_error_and_the_others_are_read(tmp_path: Path, model: Path) -> None:
    good, bad = drawn_number(tmp_path / "good.png"), tmp_path / "bad.png"
    bad.write_text("no image")

    result = digits("read", bad, good, tmp_path / "missing.png", "--format", "csv", "--model", model)

    assert result.exit_code == 1
    assert [row["file"] for row in csv.DictReader(io.StringIO(result.stdout))] == [str(good)]
    assert [line.split(": ")[1] for line in result.stderr.strip().splitlines()] == [str(bad), str(tmp_path / "missing.png")]


def test_many_images_are_read_in_worker_processes_in_the_order_given(tmp_path: Path, model: Path) -> None:
    images = [drawn_number(tmp_path / f"{number}.png", text="1" * (1 + number % 3)) for number in range(6)]

    result = digits("read", *reversed(images), "--format", "csv", "--model", model)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["file"] for row in rows] == [str(image) for image in reversed(images)]


def test_a_strip_is_one_row_even_without_any_digit(tmp_path: Path, model: Path) -> None:
    number = drawn_number(tmp_path / "number.png")
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((60, 200), 240, np.uint8))

    result = digits("read", "--strip", number, blank, "--format", "csv", "--model", model)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["file"] for row in rows] == [str(number), str(blank)]
    assert rows[1]["digits"] == ""
    assert [rows[1][name] for name in "xywh"] == ["0", "0", "200", "60"]


def test_json_says_the_same_as_csv_and_adds_the_single_digits(tmp_path: Path, model: Path) -> None:
    image = drawn_number(tmp_path / "page.png")

    as_csv = list(csv.DictReader(io.StringIO(digits("read", image, "--format", "csv", "--model", model).stdout)))
    as_json = json.loads(digits("read", image, "--format", "json", "--model", model).stdout)

    assert [row["digits"] for row in as_json] == [row["digits"] for row in as_csv]
    assert [part["digit"] for part in as_json[0]["parts"]] == list(as_json[0]["digits"])


def test_an_image_can_come_from_standard_input(tmp_path: Path, model: Path) -> None:
    image = drawn_number(tmp_path / "page.png")

    result = CliRunner().invoke(app, ["read", "-", "--format", "csv", "--model", str(model)], input=image.read_bytes())

    assert result.stdout.splitlines()[1].startswith("-,1,0,")


def test_a_model_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = digits("read", drawn_number(tmp_path / "page.png"), "--model", tmp_path / "none.onnx")

    assert result.exit_code == 2
    assert "none.onnx" in result.stderr


def test_a_page_can_be_drawn_without_any_results(tmp_path: Path) -> None:
    image = drawn_number(tmp_path / "page.png")

    result = digits("show", image, "-o", tmp_path / "look.png")

    assert result.exit_code == 0, result.output
    drawn = cv2.imread(str(tmp_path / "look.png"))
    assert drawn.shape[0] > 400
    assert (drawn[:400] != cv2.imread(str(image))).any()


def test_synth_writes_pages_and_what_stands_on_them(tmp_path: Path) -> None:
    result = digits("synth", tmp_path / "pages", "--pages", 2, "--seed", 4, "--style", "clean")

    assert result.exit_code == 0
    assert [path.suffix for path in sorted((tmp_path / "pages").glob("*.*"))] == [".jpg", ".jpg"]
    assert len(list((tmp_path / "pages" / "truth").iterdir())) == 2
    assert f"digits digitise {tmp_path / 'pages'}" in result.stdout


def test_an_unknown_style_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    result = digits("synth", tmp_path / "pages", "--style", "cubist")

    assert result.exit_code == 2
    assert "ledger" in result.stderr


def test_settings_shows_values_and_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", "postgresql+psycopg://clerk:hunter2@db/review")

    result = digits("settings")

    line = next(line for line in result.stdout.splitlines() if line.startswith("DIGITS_REVIEW_DATABASE_URL"))
    assert line.split()[1:3] == ["postgresql+psycopg://clerk:***@db/review", "environment"]
    assert "hunter2" not in result.output


class TestWithResults:
    """Commands on a DEST that holds one page read and one quarantined."""

    @pytest.fixture
    def dest(self, tmp_path: Path) -> Path:
        from tests.support.results import write

        image = drawn_number(tmp_path / "page.png")
        write(tmp_path / "out", image, bad=tmp_path / "bad.png")
        return tmp_path / "out"

    def test_results_lists_numbers_and_totals(self, dest: Path) -> None:
        result = digits("results", dest)

        assert result.exit_code == 0, result.output
        assert "1 page read, 1 quarantined, 1 number, " in result.stdout
        assert result.stdout.splitlines()[0].split()[:3] == ["file", "page", "value"]

    def test_quarantined_pages_are_listed_with_their_reason(self, dest: Path) -> None:
        result = digits("results", dest, "--state", "quarantined")

        assert "bad.png" in result.stdout
        assert "truncated" in result.stdout
        assert "page.png" not in result.stdout

    def test_the_csv_has_a_description_beside_it_that_fits(self, dest: Path, tmp_path: Path) -> None:
        import hashlib

        digits("results", dest, "--csv", tmp_path / "numbers.csv")

        data = (tmp_path / "numbers.csv").read_bytes()
        (resource,) = json.loads((tmp_path / "datapackage.json").read_text())["resources"]
        assert resource["path"] == "numbers.csv"
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert resource["bytes"] == len(data)
        assert resource["rows"] == 1

    def test_a_page_is_drawn_from_the_results_by_its_name_alone(self, dest: Path, tmp_path: Path) -> None:
        result = digits("show", "page.png", "--results", dest, "-o", tmp_path / "look.png")

        assert result.exit_code == 0, result.output
        assert (tmp_path / "look.png").stat().st_size > 0

    def test_a_page_that_is_not_in_the_results_is_named(self, dest: Path, tmp_path: Path) -> None:
        result = digits("show", "other.png", "--results", dest, "-o", tmp_path / "look.png")

        assert result.exit_code == 2
        assert "other.png" in result.stderr

    def test_evaluate_prints_a_table_or_everything_as_json(self, dest: Path, tmp_path: Path) -> None:
        truth = tmp_path / "page.csv"
        truth.write_text("row,column,text,digits,certain\n1,a,171,171,1\n")

        table, whole = digits("evaluate", dest, truth), digits("evaluate", dest, truth, "--json")

        assert table.stdout.splitlines()[1].startswith("page")
        assert json.loads(whole.stdout)["total"]["counts"]["true_numbers"] == 1


def test_a_strip_is_read_with_its_point_and_told_from_print(tmp_path: Path) -> None:
    ink, _ = draw_number("2047.5", make_writer(5), 46, np.random.default_rng(1))
    cv2.imwrite(str(tmp_path / "strip.png"), (245 - np.pad(ink, 14) * 0.8).astype(np.uint8))

    result = digits("read", "--strip", tmp_path / "strip.png", "--format", "json", "--model", SHIPPED_MODEL)

    (row,) = json.loads(result.stdout)
    assert (row["digits"], row["text"]) == ("20475", "2047.5")
    assert row["printed"] < 0.5
    assert row["confidence"] > 0.7  # calibrated on real hands, which are harder than drawn ones


def test_only_print_is_read_of_what_is_written_by_hand(tmp_path: Path) -> None:
    ink, _ = draw_number("2047", make_writer(5), 46, np.random.default_rng(1))
    page = np.full((400, 600), 245, np.uint8)
    page[150 : 150 + ink.shape[0], 100 : 100 + ink.shape[1]] -= (ink * 0.8).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "page.png"), page)

    def read(*options: str) -> list[str]:
        result = digits("read", tmp_path / "page.png", "--format", "json", "--model", SHIPPED_MODEL, *options)
        return [row["digits"] for row in json.loads(result.stdout)]

    assert read() == read("--handwritten") == ["2047"]
    assert read("--printed") == []
    assert digits("read", "a.png", "--printed", "--handwritten").exit_code == 2


def test_a_run_tells_what_it_did_as_json_and_is_silent_when_asked(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    drawn_number(tmp_path / "scans" / "page.png")
    for name in ("notes.csv", ".hidden.png"):
        (tmp_path / "scans" / name).write_text("x")

    told = json.loads(digits("digitise", "scans", "--out", "results", "--workers", 1, "--json").stdout)
    again = digits("digitise", "scans", "--out", "results", "--workers", 1, "--quiet")

    assert [told[name] for name in ("pages", "read", "quarantined", "passed_over_files", "hidden")] == [1, 1, 0, 1, 1]
    assert told["numbers"] > 0
    assert (again.exit_code, again.stdout) == (0, "")
