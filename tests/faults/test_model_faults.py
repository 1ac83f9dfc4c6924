"""The model registry is away, or holds another file than it says."""

import random
import shutil
import time

import pytest

from tasks.adapters.registry.registry import Registry
from tests.support.faults import PATIENCE, SEED, SOME, Place, make_place, write_slips
from tests.support.servers.mlflow import mlflow_running


def test_a_model_file_that_does_not_match_its_hash_is_refused_and_nothing_is_read(place, served_home, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(served_home, home, ignore=shutil.ignore_patterns("models", "spool"))
    Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models", (home / "mlruns").as_uri())
    for file in served_home.glob("mlruns/**/*.onnx"):
        spoilt = file.read_bytes() + b"x"
        kept = file.read_bytes()
        file.write_bytes(spoilt)
        break
    try:
        here = Place(place.source, place.out, place.folder, home, place.environment)
        code = here.run()
    finally:
        file.write_bytes(kept)

    assert code == 4
    assert "changed or damaged" in here.words()
    assert here.manifests() == 0


@pytest.mark.long
@pytest.mark.parametrize("number", range(SOME))
def test_with_the_registry_away_the_last_champion_serves(number, place, tmp_path, usual_seconds):
    scans = write_slips(tmp_path / "few", 3)
    wait = random.Random(f"{SEED} registry {number}").uniform(0, usual_seconds)
    with mlflow_running(tmp_path / "mlflow") as url:
        variables = {**place.environment, "DIGITS_MLFLOW_TRACKING_URI": url}
        here = make_place(tmp_path / "place", scans, tmp_path / "home", **variables)
        here.run_well("--max-failed", "1")
        (scans / "new.png").write_bytes((scans / "slip 000.png").read_bytes())
        if number:  # it goes while the run is on its way, and not before the first
            run = here.start("--max-failed", "1")
            time.sleep(wait)
    if not number:
        run = here.start("--max-failed", "1")
    code = run.wait(PATIENCE)

    said = "using version 1" in here.words()
    print(f"away {f'after {wait:.1f} s of the run' if number else 'at the start'}, {'said' if said else 'not noticed'}")
    assert code == 0, here.words()[-3000:]
    assert said or number
    assert here.results.read("pages").num_rows == 4
