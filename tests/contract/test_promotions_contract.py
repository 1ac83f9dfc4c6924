"""What promotions promise, on a real local MLflow: who serves, who served before, and what the gate found."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from digit_core.errors import InputError, RegistryError
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.registry.registry import Registry
from tasks.adapters.registry.shipped_model import ShippedModel
from tasks.adapters.registry.tracking import TrainingArtifacts
from tests.support import tiny_model

REPORT = "# Version 2 against champion 1: refused"


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """MLflow's tables without a row: making them takes seconds, copying them nothing."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    Registry(f"sqlite:///{path}", path.parent).versions()
    return path


@pytest.fixture
def uri(tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture
def models(tmp_path):
    """Makes models: each call another one."""
    made = []

    def make() -> ShippedModel:
        made.append(tiny_model.write(tmp_path / f"model {len(made)}"))
        model = made[-1]
        model.onnx.write_bytes(model.onnx.read_bytes() + b"\x72\x01" + bytes([65 + len(made)]))  # a field that ONNX passes over
        card = json.loads(model.card.read_text()) | {"sha256": hashlib.sha256(model.onnx.read_bytes()).hexdigest()}
        model.card.write_text(json.dumps(card))
        return model

    return make


@pytest.fixture
def registry(uri, tmp_path, models):
    """Version 1, which was shipped, serves; 2 and 3 are there."""
    registry = Registry(uri, tmp_path / "cache", shipped=models())
    registry.champion()
    for _ in range(2):
        registry.register(*with_card(models()))
    return registry


@pytest.fixture
def promotions(registry):
    return Promotions(registry)


def with_card(model: ShippedModel):
    return model.onnx, json.loads(model.card.read_text())


def client_of(uri):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def named(registry: Registry) -> dict[str, str]:
    return {alias: line.version for line in registry.versions() for alias in line.aliases}


def test_a_promoted_version_serves_and_the_one_before_is_remembered(promotions, registry):
    promotions.promote("3")

    assert registry.champion().version == "3"
    assert named(registry) == {"champion": "3", "challenger": "3", "previous": "1"}


def test_rollbacks_go_back_one_champion_after_the_other(promotions, registry):
    for version in ("2", "1", "3"):
        promotions.promote(version)

    steps = [promotions.rollback() for _ in range(3)]

    assert steps == [("3", "1"), ("1", "2"), ("2", "1")]
    assert registry.champion().version == "1"
    assert "previous" not in named(registry)


def test_before_the_first_champion_there_is_nothing_to_go_back_to(promotions, registry):
    promotions.promote("2")
    promotions.rollback()

    with pytest.raises(InputError, match="there is no champion before version 1 to go back to; `digits promote VERSION`"):
        promotions.rollback()

    assert registry.champion().version == "1"


def test_after_a_rollback_a_promotion_goes_on_from_there(promotions):
    promotions.promote("2")
    promotions.rollback()
    promotions.promote("3")

    assert promotions.rollback() == ("3", "1")


def test_promoting_the_champion_again_adds_no_step(promotions):
    promotions.promote("2")
    promotions.promote("2")

    assert promotions.rollback() == ("2", "1")


def test_a_champion_that_another_program_chose_is_gone_back_from(promotions, registry, uri):
    promotions.promote("2")
    client_of(uri).set_registered_model_alias("digits", "champion", "3")

    assert promotions.rollback() == ("3", "2")


def test_versions_that_were_deleted_are_stepped_over(promotions, uri):
    promotions.promote("2")
    promotions.promote("3")
    client_of(uri).delete_model_version("digits", "2")

    assert promotions.rollback() == ("3", "1")


def test_a_version_that_does_not_exist_moves_nothing(promotions, registry):
    with pytest.raises(RegistryError, match="version=9"):
        promotions.promote("9")

    assert registry.champion().version == "1"
    with pytest.raises(InputError, match="no champion before version 1"):
        promotions.rollback()


def test_versions_are_named_by_number_or_alias(promotions):
    assert promotions.registry.resolve("2") == "2"
    assert promotions.registry.resolve("challenger") == "3"
    with pytest.raises(
        InputError, match=r"no version of the classifier is called 'best' \(aliases: challenger, champion\); `digits models`"
    ):
        promotions.registry.resolve("best")


def test_where_no_version_serves_the_model_of_the_package_stands_in(promotions, registry, uri):
    client_of(uri).delete_registered_model_alias("digits", "champion")

    assert promotions.champion() == registry.shipped()
    promotions.promote("2")
    assert promotions.champion().version == "2"


def test_a_newer_package_offers_its_model_once(uri, tmp_path, registry, models):
    promoted = Promotions(registry)
    promoted.promote("3")
    newer = Registry(uri, tmp_path / "cache", shipped=models())

    offered = newer.offer_shipped()

    assert offered == "4"
    assert newer.offer_shipped() == ""
    assert named(newer) == {"champion": "3", "challenger": "4", "previous": "1"}
    assert newer.champion().version == "3"


def test_an_offered_model_leaves_a_waiting_challenger_its_alias(uri, tmp_path, registry, models):
    newer = Registry(uri, tmp_path / "cache", shipped=models())

    assert newer.offer_shipped() == "4"
    assert named(newer) == {"champion": "1", "challenger": "3"}


def test_an_empty_registry_offers_nothing_and_begins(uri, tmp_path, models):
    registry = Registry(uri, tmp_path / "cache", shipped=models())

    assert registry.offer_shipped() == ""
    assert named(registry) == {"champion": "1"}


def test_what_the_gate_found_is_kept_with_the_version(promotions, registry, uri):
    where = promotions.record(
        "2", against="1", gate="refused against 1", description=REPORT, files={"report.md": b"why"}, metrics={"gate.x": 0.5}
    )

    run = where.split(",")[0]
    line = registry.versions()[1]
    assert (line.run_id, line.gate, line.metrics["gate.x"]) == (run, "refused against 1", 0.5)
    client = client_of(uri)
    assert client.get_model_version("digits", "2").description.endswith(f"\n\n{REPORT}")
    assert [entry.path for entry in client.list_artifacts(run, "promotion/against-1")] == ["promotion/against-1/report.md"]


def test_a_newer_report_takes_the_place_of_the_older_one_beside_what_the_version_is(promotions, uri):
    for report in (REPORT, f"{REPORT} again"):
        promotions.record("2", against="1", gate="", description=report, files={"report.md": b""}, metrics={})

    description = client_of(uri).get_model_version("digits", "2").description
    assert description.startswith("A classifier; ")
    assert description.endswith(f"\n\n{REPORT} again")
    assert description.count("# Version") == 1


def test_a_version_that_was_registered_without_a_run_gets_one_for_its_report(promotions, registry, uri):
    client = client_of(uri)
    source = client.get_model_version("digits", "2").source
    bare = client.create_model_version("digits", source).version

    where = promotions.record(str(bare), against="1", gate="passed", description="", files={"report.md": b""}, metrics={})

    assert client.list_artifacts(where.split(",")[0], "promotion/against-1")


@pytest.fixture
def with_keras(registry, models, tmp_path):
    """A version that has a Keras file; returns its number and the file."""
    keras = tmp_path / "trained.keras"
    keras.write_bytes(b"layers")
    return registry.register(*with_card(models()), evidence=TrainingArtifacts(keras=keras)), keras


def test_the_keras_file_of_a_version_is_found(promotions, with_keras, tmp_path):
    version, keras = with_keras

    file = promotions.keras_file(version, tmp_path / "here")

    assert file.suffix == ".keras"
    assert file.read_bytes() == keras.read_bytes()


def test_a_version_without_a_keras_file_has_none(promotions, tmp_path):
    assert promotions.keras_file("1", tmp_path) is None


def test_a_keras_file_that_was_changed_is_refused(promotions, with_keras, tmp_path):
    version, _ = with_keras
    (stored,) = list(Path(tmp_path, "mlruns").rglob("*.keras"))
    stored.write_bytes(b"other layers")

    with pytest.raises(RegistryError, match=f"the Keras file of version {version} should have SHA-256 .* it was changed"):
        promotions.keras_file(version, tmp_path / "here")
