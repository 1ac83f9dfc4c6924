"""What the model registry promises, on a local database and on a real MLflow server."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from digit_core.errors import RegistryError
from tasks.adapters.registry.cache import KnownChampion, ModelCache
from tasks.adapters.registry.networks import DETECTOR, NETWORKS, STRIP_READER
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.registry.registry import Registry
from tasks.adapters.registry.shipped_model import ShippedModel
from tests.support.concurrency import together
from tests.support.servers.mlflow import mlflow_running

ROOT = Path(__file__).parents[2]
NOBODY = "http://keeper:hunter2@127.0.0.1:1"


def promote(registry: Registry, version: str) -> None:
    Promotions(registry).promote(version)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An MLflow server with its own database, on a free port."""
    with mlflow_running(tmp_path_factory.mktemp("mlflow server")) as url:
        yield url


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """MLflow's tables without a row: making them takes seconds, copying them nothing."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    Registry(f"sqlite:///{path}", path.parent).versions()
    return path


@pytest.fixture
def untouched(tmp_path):
    """A local registry that does not exist yet."""
    return f"sqlite:///{tmp_path}/some home/mlflow.db"


@pytest.fixture
def local(untouched, empty_database, tmp_path):
    """An empty local registry."""
    (tmp_path / "some home").mkdir()
    shutil.copy(empty_database, tmp_path / "some home" / "mlflow.db")
    return untouched


@pytest.fixture(params=["local", "server"])
def uri(request):
    """An empty registry."""
    yield request.getfixturevalue(request.param)
    if request.param == "server":
        client_of(request.getfixturevalue("server")).delete_registered_model("digits")


@pytest.fixture(params=["untouched", "server"])
def new_uri(request):
    """A registry that nobody has used."""
    yield request.getfixturevalue(request.param)
    if request.param == "server":
        client_of(request.getfixturevalue("server")).delete_registered_model("digits")


@pytest.fixture
def shipped(tmp_path):
    return ShippedModel(*new_model(tmp_path / "shipped", "archive"))


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "models"


def new_model(folder: Path, recipe: str) -> tuple[Path, Path]:
    """A model that hands its input on, with a card."""
    folder.mkdir()
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 11]) for name in ("in", "out")]
    graph = helper.make_graph([helper.make_node("Identity", ["in"], ["out"])], recipe, ends[:1], ends[1:])
    onnx.save(helper.make_model(graph), folder / "digits.onnx")
    sha256 = hashlib.sha256((folder / "digits.onnx").read_bytes()).hexdigest()
    accuracy = {"mnist": 0.996, "other": {"hands": 0.97}}
    card = {"sha256": sha256, "recipe": recipe, "accuracy": accuracy, "date": "2026-11-21", "data_sha256": "cd" * 32}
    (folder / "card.json").write_text(json.dumps(card))
    return folder / "digits.onnx", folder / "card.json"


def client_of(uri):
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def card_of(model: ShippedModel) -> dict:
    return json.loads(model.card.read_text())


def test_an_empty_registry_begins_with_the_shipped_model_as_version_1(uri, cache, shipped):
    registry = Registry(uri, cache, shipped=shipped)

    champion = registry.champion()

    assert (champion.version, champion.stale, champion.note) == ("1", False, "")
    assert champion.sha256 == card_of(shipped)["sha256"]
    assert champion.path.read_bytes() == shipped.onnx.read_bytes()
    (line,) = registry.versions()
    assert (line.version, line.aliases, line.sha256) == ("1", ("champion",), champion.sha256)
    assert (line.recipe, line.date) == ("archive", "2026-11-21")
    assert line.metrics == {"mnist": 0.996, "other.hands": 0.97}


def test_a_registry_without_versions_lists_none(local, cache, shipped):
    assert Registry(local, cache, shipped=shipped).versions() == []


def test_asking_again_and_from_elsewhere_adds_no_version(uri, cache, shipped, tmp_path):
    first = Registry(uri, cache, shipped=shipped).champion()

    again = Registry(uri, cache, shipped=shipped).champion()
    elsewhere = Registry(uri, tmp_path / "other machine", shipped=shipped).champion()

    assert again == first
    assert (elsewhere.version, elsewhere.path.read_bytes()) == ("1", shipped.onnx.read_bytes())
    assert len(Registry(uri, cache, shipped=shipped).versions()) == 1


def test_mlflows_pages_say_what_there_is(uri, cache, shipped):
    sets = [{"name": "notaries", "sha256": "ab" * 32, "licence": "CC BY 4.0", "numbers": 4388}]
    Registry(uri, cache, shipped=shipped).register(shipped.onnx, {**card_of(shipped), "data": "MNIST in ink", "sets": sets})

    client = client_of(uri)
    version = client.get_model_version("digits", "1")
    assert "classifier of archive-digits" in client.get_registered_model("digits").description
    assert version.description == "A classifier; recipe archive; trained on 2026-11-21; data: MNIST in ink."
    learned = client.get_run(version.run_id).inputs.dataset_inputs
    names = {(one.dataset.name, one.dataset.digest, one.tags[0].value) for one in learned}
    assert names == {("MNIST", "cd" * 18, "training"), ("notaries", "ab" * 18, "training")}
    assert client.get_experiment_by_name("digits").tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_registry_of_an_earlier_version_gets_the_words_that_it_lacks(local, cache, shipped):
    client = client_of(local)
    client.create_experiment("digits", artifact_location=str(cache))
    client.create_registered_model("digits")

    Registry(local, cache, shipped=shipped).champion()

    assert "classifier" in client.get_registered_model("digits").description
    assert client.get_experiment_by_name("digits").tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_challenger_does_not_serve_until_it_is_the_champion(uri, cache, shipped, tmp_path):
    registry = Registry(uri, cache, shipped=shipped)
    registry.champion()
    challenger, card = new_model(tmp_path / "new", "cnn")

    version = registry.register(challenger, json.loads(card.read_text()))
    before, named = registry.champion(), registry.model(version)
    promote(registry, version)
    after = registry.champion()

    assert (version, before.version, after.version) == ("2", "1", "2")
    assert named == after
    assert after.path.read_bytes() == challenger.read_bytes()
    assert [(line.version, line.aliases) for line in registry.versions()] == [
        ("1", ("previous",)),
        ("2", ("challenger", "champion")),
    ]


def test_each_network_has_versions_and_a_champion_of_its_own(local, cache, tmp_path):
    """Under one registry, with the networks that ship."""
    classifier, detector, strip_reader = (Registry(local, cache, network=one) for one in NETWORKS)
    for one in (classifier, detector, strip_reader):
        one.begin()
    new, card = new_model(tmp_path / "new", "strip reader")

    version = strip_reader.register(new, json.loads(card.read_text()))
    promote(strip_reader, version)

    assert [one.champion().version for one in (classifier, detector, strip_reader)] == ["1", "1", "2"]
    assert strip_reader.champion().path.read_bytes() == new.read_bytes()
    assert detector.champion().path.read_bytes() == DETECTOR.shipped.onnx.read_bytes()
    assert Promotions(strip_reader).rollback() == ("2", "1")
    assert strip_reader.champion().path.read_bytes() == STRIP_READER.shipped.onnx.read_bytes()
    assert {(line.kind, line.version) for one in (detector, strip_reader) for line in one.versions()} == {
        ("detector", "1"),
        ("strip reader", "1"),
        ("strip reader", "2"),
    }


def test_what_all_networks_answered_stands_while_nothing_is_written(local, cache):
    registries = [Registry(local, cache, network=one) for one in NETWORKS]
    for one in registries:
        one.begin()
    champions = [one.champion() for one in registries]

    assert [Registry(local, cache, network=one).remembered() for one in NETWORKS] == champions


def test_a_challenger_is_named_with_the_command_that_promotes_it(local, cache):
    message = refusal(lambda: Promotions(Registry(local, cache, network=DETECTOR)).registry.model("7"))

    assert "digits-detector" in message
    assert DETECTOR.how_to_promote == "digits promote VERSION --network detector"


def test_a_champion_chosen_by_another_program_is_noticed_at_once(local, cache, shipped, tmp_path):
    registry = Registry(local, cache, shipped=shipped)
    registry.register(*with_card(new_model(tmp_path / "new", "cnn")), "challenger")
    promote(registry, "1")
    registry.register(*with_card(new_model(tmp_path / "newer", "mlp")), "challenger")
    assert registry.champion().version == "1"

    client_of(local).set_registered_model_alias("digits", "champion", "2")

    assert registry.champion().version == "2"


def with_card(model):
    return model[0], json.loads(model[1].read_text())


ASK = """
import sys
from pathlib import Path
from tasks.adapters.registry.shipped_model import ShippedModel
from tasks.adapters.registry.promotions import Promotions
from tasks.adapters.registry.registry import Registry
"""
CHAMPION = """
registry = Registry(sys.argv[1], Path(sys.argv[2]), shipped=ShippedModel(Path(sys.argv[3]), Path(sys.argv[4])))
print(registry.champion().version)
"""


def test_four_processes_starting_at_once_leave_one_version_1(new_uri, cache, shipped):
    caches = [str(cache / name) for name in ("a", "b")] * 2

    printed = together(ASK, CHAMPION, [[new_uri, cache, str(shipped.onnx), str(shipped.card)] for cache in caches])

    assert [int(words) for words in printed] == [1, 1, 1, 1]
    registry = Registry(new_uri, cache / "a", shipped=shipped)
    assert [(line.version, line.aliases) for line in registry.versions()] == [("1", ("champion",))]
    assert registry.champion().path.read_bytes() == shipped.onnx.read_bytes()


def run(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)


def test_the_first_use_says_nothing_of_its_own_and_writes_nothing_where_one_stands(untouched, cache, shipped, tmp_path):
    loud = "import logging\nlogging.basicConfig(level=logging.INFO)\n" + ASK + CHAMPION
    (tmp_path / "here").mkdir()

    answer = subprocess.run(
        [sys.executable, "-c", loud, untouched, cache, shipped.onnx, shipped.card],
        cwd=tmp_path / "here",
        capture_output=True,
        text=True,
        check=True,
    )

    assert (answer.stdout, answer.stderr) == ("1\n", "")
    assert list((tmp_path / "here").iterdir()) == []


def test_while_nothing_was_written_the_champion_is_known_without_mlflow(local, cache, shipped):
    Registry(local, cache, shipped=shipped).champion()

    answer = run(ASK + CHAMPION + "print('mlflow' in sys.modules)", local, cache, shipped.onnx, shipped.card)

    assert answer.stdout.split() == ["1", "False"]


def test_a_start_that_was_cut_short_before_the_version_is_finished(uri, cache, shipped):
    client_of(uri).create_registered_model("digits")

    assert Registry(uri, cache, shipped=shipped).champion().version == "1"


def test_a_start_that_was_cut_short_before_the_alias_is_finished(uri, cache, shipped):
    Registry(uri, cache, shipped=shipped).champion()
    client_of(uri).delete_registered_model_alias("digits", "champion")

    assert Registry(uri, cache, shipped=shipped).champion().version == "1"
    assert len(Registry(uri, cache, shipped=shipped).versions()) == 1


def test_where_no_version_is_champion_none_is_chosen_by_the_program(local, cache, shipped, tmp_path):
    registry = Registry(local, cache, shipped=shipped)
    registry.register(*with_card(new_model(tmp_path / "new", "cnn")))

    assert "no version of the classifier (1) is the champion; choose one with `digits promote VERSION`" in refusal(
        registry.champion
    )


def test_a_model_that_was_changed_in_the_registry_is_refused(uri, cache, shipped, tmp_path):
    registry = Registry(uri, cache, shipped=shipped)
    version = registry.register(*with_card(new_model(tmp_path / "new", "cnn")))
    client_of(uri).set_model_version_tag("digits", version, "sha256", "0" * 64)

    message = refusal(lambda: registry.model(version))

    actual = hashlib.sha256((tmp_path / "new" / "digits.onnx").read_bytes()).hexdigest()
    assert f"version {version} should have SHA-256 {'0' * 64}, but its file has {actual}" in message
    assert "put the right file back" in message
    assert not list(cache.glob("*.onnx"))


def test_a_version_without_a_hash_is_not_trusted(local, cache, shipped, tmp_path):
    registry = Registry(local, cache, shipped=shipped)
    registry.register(*with_card(new_model(tmp_path / "new", "cnn")))
    client_of(local).delete_model_version_tag("digits", "1", "sha256")

    assert "version 1 has no tag sha256" in refusal(lambda: registry.model("1"))


def test_a_damaged_copy_in_the_cache_is_downloaded_again(local, cache, shipped):
    registry = Registry(local, cache, shipped=shipped)
    registry.champion().path.write_bytes(b"half of it")

    assert registry.champion().path.read_bytes() == shipped.onnx.read_bytes()


def test_a_model_whose_file_is_gone_is_named(local, cache, shipped, tmp_path):
    Registry(local, cache, shipped=shipped).champion()
    shutil.rmtree(tmp_path / "some home" / "mlruns")
    shutil.rmtree(cache)

    assert "the file of version 1 cannot be had" in refusal(Registry(local, cache, shipped=shipped).champion)


def test_a_shipped_model_that_is_not_the_one_of_its_card_is_refused(local, cache, shipped):
    shipped.onnx.write_bytes(b"something else")

    assert "but its card says" in refusal(Registry(local, cache, shipped=shipped).champion)


def test_a_package_without_a_model_is_told(local, cache, tmp_path):
    missing = ShippedModel(tmp_path / "digits.onnx", tmp_path / "card.json")

    assert "reinstall archive-digits" in refusal(Registry(local, cache, shipped=missing).champion)


def test_an_unknown_version_is_named(uri, cache, shipped):
    registry = Registry(uri, cache, shipped=shipped)
    registry.champion()

    assert "version=7) not found; `digits models` lists the versions" in refusal(lambda: registry.model("7"))
    assert "`digits models` lists the versions" in refusal(lambda: promote(registry, "7"))
    assert registry.champion().version == "1"


def test_the_last_champion_serves_while_the_server_is_away(cache, shipped):
    cache.mkdir()
    sha256 = card_of(shipped)["sha256"]
    shutil.copy(shipped.onnx, cache / f"{sha256}.onnx")
    ModelCache(cache).remember(KnownChampion("http://***@127.0.0.1:1", "digits", "5", sha256, ""))

    champion = Registry(NOBODY, cache, shipped=shipped).champion()

    assert (champion.version, champion.stale) == ("5", True)
    assert champion.path.read_bytes() == shipped.onnx.read_bytes()
    assert "does not answer (Connection refused); check that it runs" in champion.note
    assert "using version 5, the last known champion" in champion.note


def test_the_last_champion_serves_while_the_database_is_locked(local, cache, shipped):
    Registry(local, cache, shipped=shipped).champion()
    other = sqlite3.connect(local.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("PRAGMA user_version = 1")
    other.execute("BEGIN EXCLUSIVE")

    champion = Registry(local, cache, shipped=shipped, busy_seconds=0.1).champion()

    assert (champion.version, champion.stale) == ("1", True)
    assert "database is locked" in champion.note
    other.close()
    assert Registry(local, cache, shipped=shipped).champion().stale is False


def test_the_champion_of_another_registry_does_not_serve(local, cache, shipped):
    Registry(local, cache, shipped=shipped).champion()

    message = refusal(Registry(NOBODY, cache, shipped=shipped).champion)

    assert "***@127.0.0.1:1 does not answer" in message
    assert "no model was downloaded before" in message
    assert "hunter2" not in message


def test_a_registry_that_is_no_database_is_told(local, cache, shipped, tmp_path):
    (tmp_path / "some home" / "mlflow.db").write_text("a shopping list, long enough to be looked at " * 50)

    assert "file is not a database" in refusal(Registry(local, cache, shipped=shipped).champion)


def test_a_damaged_database_is_told(local, cache, shipped, empty_database, tmp_path):
    pages = bytearray(empty_database.read_bytes())
    pages[4096:-4096] = b"\x7f" * (len(pages) - 8192)
    (tmp_path / "some home" / "mlflow.db").write_bytes(pages)

    assert "malformed; check that it is a database" in refusal(Registry(local, cache, shipped=shipped).champion)


def test_a_database_of_another_mlflow_is_told(local, cache, shipped, tmp_path):
    database = sqlite3.connect(tmp_path / "some home" / "mlflow.db")
    database.execute("UPDATE alembic_version SET version_num = 'later'")
    database.commit()
    database.close()

    assert "run `mlflow db upgrade` on it" in refusal(Registry(local, cache, shipped=shipped).champion)


def test_a_place_that_may_not_be_written_is_told(cache, shipped, tmp_path):
    (tmp_path / "file").write_text("in the way")

    assert "cannot be used" in refusal(Registry(f"sqlite:///{tmp_path}/file/mlflow.db", cache, shipped=shipped).champion)


def test_an_uri_of_another_kind_is_refused_with_the_form_to_use(cache):
    message = refusal(lambda: Registry("postgresql://keeper:hunter2@host/mlflow", cache))

    assert "write sqlite:////folder/mlflow.db or the http(s) URL of an MLflow server" in message
    assert "hunter2" not in message


def refusal(action) -> str:
    """The one line of the RegistryError that `action` must end with."""
    with pytest.raises(RegistryError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)
