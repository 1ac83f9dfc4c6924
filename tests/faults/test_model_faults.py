"""The model registry is away, or holds another file than it says."""

import shutil

import pytest
from fault_places import Place, make_place, write_slips

from tasks.adapters.registry import Registry


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
def test_with_the_registry_away_the_last_champion_serves_and_says_so(place, tmp_path):
    from mlflow_servers import mlflow_running

    scans = write_slips(tmp_path / "few", 3)
    with mlflow_running(tmp_path / "mlflow") as url:
        variables = {**place.environment, "DIGITS_MLFLOW_TRACKING_URI": url}
        here = make_place(tmp_path / "place", scans, tmp_path / "home", **variables)
        here.run_well("--max-failed", "1")
    (scans / "new.png").write_bytes((scans / "slip 000.png").read_bytes())

    here.run_well("--max-failed", "1")

    assert "going on with version 1" in here.words()
    assert here.results.read("pages").num_rows == 4
