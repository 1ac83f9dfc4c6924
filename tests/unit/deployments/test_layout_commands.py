from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from deployments.cli import app
from digit_core.layouts.template import Holds, Mark
from digit_core.layouts.template_file import parse_layout
from digit_core.notation import DateOrder, NumberKind
from digit_core.synthesis.fonts import font
from tests.support.drawn import ruled_form
from tests.support.drawn.photos import as_spread, photographed

pytestmark = pytest.mark.slow

SECOND = ruled_form.with_totals([[418, 27, 95], [60, 131, 8], [309, 14, 72], [52, 83, 261]])


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return ruled_form.write(tmp_path / "page.png", ruled_form.ruled_page())


def layout(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["layout", *(str(argument) for argument in arguments)])


@pytest.mark.parametrize("command", ["check", "propose"])
def test_every_command_has_help_with_examples(command: str) -> None:
    result = layout(command, "--help")

    assert result.exit_code == 0
    assert f"digits layout {command}" in result.output.split("Examples:")[1]


def test_the_help_names_all_that_may_be_said_of_a_cell() -> None:
    shown = layout("--help").output

    said = [field.name for field in fields(Holds)]
    kinds = [kind.value for kind in NumberKind if kind not in (NumberKind.NONE, NumberKind.DITTO, NumberKind.OTHER)]
    assert [name for name in [*said, *kinds, *Mark, *DateOrder] if name not in shown] == []


def test_the_layout_that_the_help_shows_is_one() -> None:
    shown = layout("--help").output.split("edit the YAML file:")[1].split("What a cell may contain")[0]
    text = "\n".join(line for line in dedent(shown.strip("\n")).splitlines() if "lines:" not in line)

    (grid,) = parse_layout(text).grids

    assert (len(grid.rows.names), len(grid.columns.names)) == (3, 10)


def test_a_proposal_fits_the_page_and_others_of_the_form(page: Path, tmp_path: Path) -> None:
    other = ruled_form.write(tmp_path / "other.png", ruled_form.ruled_page(SECOND, turn=1.2, shift=(25, -15)))

    proposal = layout("propose", page, "-o", "corn.yaml")
    check = layout("check", "corn.yaml", other, "-o", "look.png")

    assert (proposal.exit_code, check.exit_code) == (0, 0), proposal.output + check.output
    assert "table1: 5 rows, 3 columns" in proposal.stdout
    assert f"this is corn, version {parse_layout(Path('corn.yaml').read_text()).version}: agreement 0.9" in check.stdout
    assert "15 cells drawn in look.png" in check.stdout


def test_a_layout_is_proposed_on_a_page_of_a_spread_and_found_on_it_and_on_a_photograph(page: Path, tmp_path: Path) -> None:
    empty, filled = ruled_form.ruled_page(), ruled_form.ruled_page(SECOND)
    spread = ruled_form.write(tmp_path / "spread.png", as_spread(empty, filled))
    photo = ruled_form.write(tmp_path / "photo.png", photographed(filled, 0.1)[0])

    proposal = layout("propose", spread, "-o", "corn.yaml")
    checks = [layout("check", "corn.yaml", scan, "-o", "look.png") for scan in (page, spread, photo)]

    assert "table1: 5 rows, 3 columns" in proposal.output
    assert [check.exit_code for check in checks] == [0, 0, 0], [check.output for check in checks]


def test_cells_are_drawn_on_their_rulings(page: Path) -> None:
    layout("propose", page, "-o", "corn.yaml")

    layout("check", "corn.yaml", page, "-o", "look.png")

    picture = cv2.imread("look.png")
    assert picture.shape[:2] == (ruled_form.HEIGHT, ruled_form.WIDTH)
    coloured = np.ptp(picture.astype(int), axis=2) > 40
    for x in range(ruled_form.LEFT, ruled_form.RIGHT + 1, ruled_form.COLUMN):
        column = coloured[ruled_form.TOP : ruled_form.BOTTOM, x - 3 : x + 4].any(axis=1)
        assert column.mean() > 0.98
    assert not coloured[:250].any()
    assert coloured[ruled_form.TOP - 30 : ruled_form.TOP - 4, ruled_form.LEFT : ruled_form.LEFT + 60].any()  # names


def test_a_page_of_another_form_is_said_to_be_none_and_drawn_all_the_same(page: Path, tmp_path: Path) -> None:
    other = ruled_form.write(tmp_path / "other.png", ruled_form.other_form())
    layout("propose", page, "-o", "corn.yaml")

    result = layout("check", "corn.yaml", other, "-o", "look.png")

    assert result.exit_code == 1
    assert "this page may not be corn" in result.stdout
    assert Path("look.png").stat().st_size > 0


def test_a_file_that_is_there_is_written_over_only_by_force(page: Path) -> None:
    Path("corn.yaml").write_text("precious")

    refused = layout("propose", page, "-o", "corn.yaml")
    kept = Path("corn.yaml").read_text()
    forced = layout("propose", page, "-o", "corn.yaml", "--force")

    assert (refused.exit_code, kept, forced.exit_code) == (2, "precious", 0)
    assert "--force" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("check", "none.yaml", "page.png", "-o", "look.png"), "cannot read none.yaml"),
        (("check", "page.png", "page.png", "-o", "look.png"), "UTF-8 text"),
        (("check", "bad.yaml", "page.png", "-o", "look.png"), "begin with `format:"),
        (("propose", "none.png", "-o", "corn.yaml"), "cannot read none.png"),
        (("propose", "bad.yaml", "-o", "corn.yaml"), "bad.yaml: not a JPEG"),
        (("propose", "blank.png", "-o", "corn.yaml"), "blank.png: no ruled table was found"),
        (("propose", "page.png", "-o", "corn.yaml", "--page", "2"), "there is no page 2"),
        (("propose", "page.png", "-o", "nowhere/corn.yaml"), "cannot write nowhere/corn.yaml"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(page: Path, arguments: tuple[str, ...], part: str) -> None:
    Path("bad.yaml").write_text("name: corn")
    ruled_form.write(Path("blank.png"), np.full((400, 300), 240, np.uint8))

    result = layout(*arguments)

    assert result.exit_code == 2, result.output
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_names_of_all_europe_are_drawn_not_boxes() -> None:
    missing = bytes(font("DejaVuSans", 20).getmask("\uffff"))

    assert all(bytes(font("DejaVuSans", 20).getmask(letter)) != missing for letter in "åøæüéłžŠЖα")


def lying(tmp_path: Path, page: Path, quarters: int) -> Path:
    return ruled_form.write(tmp_path / "lying.png", np.ascontiguousarray(np.rot90(cv2.imread(str(page), 0), -quarters)))


@pytest.mark.parametrize("quarters", [2, 3])
def test_of_a_filled_page_that_lies_turned_the_same_is_proposed(tmp_path: Path, quarters: int) -> None:
    page = ruled_form.write(tmp_path / "page.png", ruled_form.ruled_page(SECOND))

    answers = [layout("propose", scan, "-o", f"{scan.stem}.yaml") for scan in (page, lying(tmp_path, page, quarters))]

    assert [answer.exit_code for answer in answers] == [0, 0], answers[1].output
    one, other = (parse_layout(Path(f"{name}.yaml").read_text()) for name in ("page", "lying"))
    assert (other.grids, other.lines, other.width, other.height) == (one.grids, one.lines, one.width, one.height)


@pytest.mark.parametrize(("table", "quarters"), [((), 1), (SECOND, 2)])
def test_a_form_is_found_on_a_page_that_lies_turned_and_drawn_upright(
    tmp_path: Path, table: ruled_form.Table, quarters: int
) -> None:
    page = ruled_form.write(tmp_path / "page.png", ruled_form.ruled_page(table))
    layout("propose", page, "-o", "corn.yaml")

    check = layout("check", "corn.yaml", lying(tmp_path, page, quarters), "-o", "look.png")

    assert "this is corn" in check.stdout
    layout("check", "corn.yaml", page, "-o", "same.png")
    np.testing.assert_array_equal(cv2.imread("look.png"), cv2.imread("same.png"))
