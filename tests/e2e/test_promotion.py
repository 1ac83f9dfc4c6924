"""A better model is promoted, a worse one refused, a promotion taken back, and what would change is shown, all for real.

The flow runs on Prefect and MLflow as it does for a user; the held-out digits are drawn, so that no MNIST is needed.
"""

import csv
import json
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.errors import GateRefusedError, RegistryError
from digit_core.inference.classifier import SHIPPED_CARD, SHIPPED_MODEL
from digit_core.results.model_diff import ChangeKind
from digit_core.synthesis.ledger.page import STYLES, write_pages
from digit_core.training.mnist import Mnist
from flows.networks import registry as registry_of
from flows.promote_result import Figures, on_figures
from flows.settings import load_settings
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tests.support.drawn.mnist import drawn_digits
from tests.support.weak_models import weakened


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DIGITS_WORKERS", "2")
    return tmp_path / "home"


@pytest.fixture
def promotions(home, tmp_path):
    """Version 1, as shipped, is the champion; version 2 reads much worse and challenges it."""
    found = Promotions(registry_of(load_settings()))
    found.registry.champion()
    card = weakened(tmp_path / "weak.onnx", noise=1.0)
    found.registry.register(tmp_path / "weak.onnx", card)
    return found


@pytest.fixture
def promote(prefect_api, monkeypatch):
    """The flow, judging on digits in a printed face."""
    from flows.promote import promote

    digits = drawn_digits(600, seed=4)
    monkeypatch.setattr("tasks.promote.load_mnist", lambda path: Mnist(digits, digits, digits))
    return promote


def digits(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def report_of(promotions, version: str, against: str) -> dict[str, bytes]:
    """The files of a report, by name."""
    (run,) = [line.run_id for line in promotions.registry.versions() if line.version == version]
    (folder,) = Path(load_settings().home_folder).rglob(f"{run}/artifacts/promotion/against-{against}")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_worse_model_is_refused_with_the_reason_and_the_champion_stays(promote, promotions):
    told: list[Figures] = []
    token = on_figures.set(told.append)

    with pytest.raises(GateRefusedError, match="version 2 was refused, version 1 stays the champion: on MNIST test") as refused:
        promote("challenger")

    on_figures.reset(token)
    assert refused.value.exit_code == 7
    assert promotions.registry.champion().version == "1"
    assert [(one.champion, one.challenger) for one in told] == [("1", "2")]
    assert promotions.registry.versions()[1].gate.startswith("refused against 1 on ")
    assert report_of(promotions, "2", against="1")["report.md"].startswith(b"# Version 2 against champion 1: refused")


def test_a_better_model_takes_over_and_its_report_has_pictures(promote, promotions):
    promotions.promote("2")

    promoted = promote("1")

    assert (promoted.version, promoted.before) == ("1", "2")
    assert promotions.registry.champion().version == "1"
    files = report_of(promotions, "1", against="2")
    pictures = {name for name in files if name.endswith(".png")}
    kinds = ("classes", "review", "differences")
    assert pictures == {f"{stem}-{kind}.png" for stem in ("mnist-test", "archive-ink") for kind in kinds}
    assert all(cv2.imread(str(next(Path.cwd().rglob(name)))).size for name in pictures)


def test_the_champion_need_not_prove_itself_against_itself(promote, promotions):
    promoted = promote("champion")

    assert (promoted.version, promoted.before, promoted.report) == ("1", "1", "")


def test_a_model_whose_file_was_changed_is_refused_and_the_champion_stays(promote, promotions, home):
    (stored,) = [path for path in home.glob("mlruns/**/digits.onnx") if path.read_bytes() != SHIPPED_MODEL.read_bytes()]
    stored.write_bytes(SHIPPED_MODEL.read_bytes())

    with pytest.raises(RegistryError, match=r"version 2 should have SHA-256 .* it was changed or damaged"):
        promote("2")

    assert promotions.registry.champion().version == "1"


def test_a_promotion_is_taken_back_by_one_command(promotions):
    promotions.promote("2")

    first, second = digits("rollback"), digits("rollback")

    assert first.output.startswith("version 1 is the champion again; version 2 was")
    assert promotions.registry.champion().version == "1"
    assert second.exit_code == 2
    assert "no champion before version 1" in second.output


def test_the_list_of_models_says_which_serves_and_how_well(promotions):
    lines = digits("models").output.splitlines()

    card = json.loads(SHIPPED_CARD.read_text())
    assert lines[1].split()[:4] == ["classifier", "1", "champion", "archive"]
    assert lines[1].split()[4] == f"{card['accuracy']['mnist_test']:.2%}"
    assert card["sha256"][:12] in lines[1]
    assert lines[2].split()[:4] == ["classifier", "2", "challenger", "weakened"]


def test_a_model_that_came_with_a_newer_package_is_listed_as_new(home, tmp_path):
    card = weakened(tmp_path / "old.onnx", noise=0.01)
    registry_of(load_settings()).register(tmp_path / "old.onnx", card, alias="champion")

    first, second = digits("models").output, digits("models").output

    assert "version 2 of the classifier came with this package and is new. Next: digits promote 2" in first
    assert "is new" not in second
    assert second.splitlines()[2].split()[:3] == ["classifier", "2", "challenger"]


@pytest.fixture
def results(prefect_api, promotions, tmp_path) -> Results:
    """Two pages that version 1 has read."""
    write_pages(tmp_path / "scans", 2, 5, STYLES["clean"])
    digitised(tmp_path)
    return Results(Storage(), str(tmp_path / "out"))


def digitised(place: Path) -> None:
    from flows.digitise import digitise

    digitise(str(place / "scans"), str(place / "out"), max_failed=1.0)


def values(results: Results) -> dict[tuple, tuple]:
    """What is published of each place: digits and state."""
    rows = results.read("numbers").to_pylist()
    return {(row["file"], row["x"], row["y"], row["w"], row["h"]): (row["digits"], row["state"]) for row in rows}


def listed(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_what_would_change_is_what_does_change_when_the_pages_are_read_again(results, promotions, tmp_path):
    before = values(results)

    shown = digits("promote", "2", "--against", results.dest, "-o", tmp_path / "changes.csv")

    assert shown.exit_code == 0
    assert "nothing was changed" in shown.output
    assert promotions.registry.champion().version == "1"
    assert values(results) == before
    promotions.promote("2")
    digitised(tmp_path)
    after = values(results)
    changed = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    rows = listed(tmp_path / "changes.csv")
    places = {(row["file"], *(int(row[side]) for side in "xywh")): row for row in rows}
    assert changed
    assert places.keys() == changed
    nothing = ("", "")
    assert {place: (row["published"], row["published_state"]) for place, row in places.items()} == {
        place: before.get(place, nothing) for place in changed
    }
    assert {place: (row["new"], row["new_state"]) for place, row in places.items()} == {
        place: after.get(place, nothing) for place in changed
    }
    assert {row["because"] for row in rows} == {"model"}
    assert f"{len(changed):,} published numbers of {results.dest} would change with version 2 in place of 1" in shown.output


def test_the_table_is_cut_at_the_limit_and_the_champion_changes_nothing(results, tmp_path):
    shown = digits("promote", "challenger", "--against", results.dest, "--limit", 2)
    champion = digits("promote", "champion", "--against", results.dest)

    table = [line for line in shown.output.splitlines() if line.startswith(str(tmp_path / "scans"))]
    assert len(table) == 2
    assert "… the first 2; --limit shows more" in shown.output
    assert any(kind.value in shown.output for kind in ChangeKind)
    assert f"0 published numbers of {results.dest} would change" in champion.output


def test_pages_that_are_gone_or_changed_since_are_named_and_passed_over(results, tmp_path):
    first, second = sorted((tmp_path / "scans").glob("*.jpg"))
    first.unlink()
    second.write_bytes(second.read_bytes() + b"more")

    shown = digits("promote", "2", "--against", results.dest)

    assert shown.exit_code == 0
    assert f"not read again: {first} page 1: gone" in shown.output
    assert f"not read again: {second} page 1: the file was changed" in shown.output
    assert "0 published numbers" in shown.output


@pytest.mark.parametrize(
    ("arguments", "said"), [(["9"], "version=9"), (["best"], "no version of the classifier is called 'best'")]
)
def test_a_version_that_does_not_exist_is_named(promotions, arguments, said):
    refused = digits("promote", *arguments)

    assert refused.exit_code != 0
    assert said in refused.output


def test_a_file_for_changes_needs_results_to_compare_with(home):
    refused = digits("promote", "2", "-o", "changes.csv")

    assert refused.exit_code == 2
    assert "--against" in refused.output
