"""`digits train` from the command line to MLflow: a few drawn digits, everything else as in earnest."""

import hashlib
import json
from dataclasses import replace

import mlflow.models
import pytest
from mlflow.tracking import MlflowClient
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser, calibration_of
from digit_core.training.classifier import training as classifier_training
from digit_core.training.classifier.recipes import RECIPES, Published
from tests.support.drawn.mnist import drawn_mnist
from tests.support.drawn.number_set import write_drawn_set

CHARTS = {"curves.png", "confusion.png", "roc.png", "calibration.png", "risk-coverage.png", "worst-mistakes.png"}


def broken(keras):
    raise ValueError("no such layer")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def outcome(home, prefect_api):
    """Three recipes trained, of which the second cannot be."""
    quick = replace(RECIPES["mlp-100"], published=(Published(6, 50.0, "50 %"),))
    runs = [(quick, 6), (replace(quick, name="broken", build=broken), 6), (RECIPES["perceptron"], 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(home))
        patch.setattr(classifier_training, "load_mnist", lambda path: drawn_mnist(1200))
        patch.setattr("deployments.commands.train.published_runs", lambda: runs)
        patch.setitem(RECIPES, "broken", runs[1][0])
        return CliRunner().invoke(app, ["train", "--all", "--seed", "3", "--report", str(home / "report.md")])


@pytest.fixture(scope="module")
def client(outcome, home):
    uri = f"sqlite:///{home / 'mlflow.db'}"
    return MlflowClient(uri, uri)


@pytest.fixture(scope="module")
def run(client):
    """The first training's."""
    return client.get_run(client.get_model_version("digits", "2").run_id)


def files(client, run, folder):
    return {entry.path.split("/")[-1] for entry in client.list_artifacts(run.info.run_id, folder)}


def test_one_failed_recipe_does_not_keep_the_others_from_being_trained(outcome):
    assert outcome.exit_code == 1
    assert "failed: ValueError: no such layer" in outcome.stdout
    assert "Next: digits promote 2" in outcome.stdout


def test_each_epoch_has_its_line_where_there_is_no_terminal(outcome):
    assert "mlp-100: epoch 6 of 6, loss " in outcome.stderr


def test_the_report_is_a_table_of_published_against_measured(outcome, home):
    lines = (home / "report.md").read_text().splitlines()

    assert lines[0] == "| recipe | network | epochs | published | measured | | training |"
    assert lines[2].startswith("| `mlp-100` | 784-100 relu-10 sigmoid | 6 | 50 % | ")
    assert "| reached |" in lines[2]
    assert "no such layer" in lines[3]
    assert lines[4].startswith("| `perceptron` ")


def test_an_empty_registry_began_with_the_shipped_model_as_champion(client):
    sha256 = hashlib.sha256(SHIPPED_MODEL.read_bytes()).hexdigest()

    assert client.get_model_version_by_alias("digits", "champion").tags["sha256"] == sha256


def test_the_last_trained_model_is_the_challenger(client):
    challenger = client.get_model_version_by_alias("digits", "challenger")

    assert (str(challenger.version), challenger.tags["recipe"]) == ("3", "perceptron")


def test_parameters_and_the_hashes_of_all_digits_are_logged(run):
    digests = drawn_mnist(1200).digests()

    assert (
        run.data.params.items() >= {"recipe": "mlp-100", "seed": "3", "epochs": "6", "batch": "32", "optimiser": "Adam"}.items()
    )
    assert {name: run.data.params[f"digits_sha256.{name}"] for name in digests} == digests


def test_every_epoch_has_its_metrics(client, run):
    losses = client.get_metric_history(run.info.run_id, "train_loss")

    assert [metric.step for metric in losses] == [1, 2, 3, 4, 5, 6]
    assert losses[-1].value < losses[0].value


def test_the_figures_are_logged(run):
    assert {"mnist_test", "held_out", "archive_ink", "test_ece", "test_auc_3", "test_auc_mean"} <= set(run.data.metrics)
    assert run.data.metrics["mnist_test"] > 0.5
    assert run.data.metrics["onnx_parity"] <= 1e-5


def test_the_charts_are_there(client, run):
    assert files(client, run, "charts") == CHARTS


def test_the_model_is_there_in_both_forms_and_their_hashes_are_known(client, run, tmp_path):
    version = client.get_model_version("digits", "2")

    folder = client.download_artifacts(run.info.run_id, "model", str(tmp_path))

    assert files(client, run, "model") == {"digits.onnx", "model.keras", "card.json", "MLmodel"}
    for name, tag in (("digits.onnx", "sha256"), ("model.keras", "keras_sha256")):
        assert hashlib.sha256((tmp_path / "model" / name).read_bytes()).hexdigest() == version.tags[tag], folder


def test_the_onnx_file_reads_as_the_run_says_and_holds_its_calibration(client, run, tmp_path):
    client.download_artifacts(run.info.run_id, "model", str(tmp_path))
    images, labels = drawn_mnist().test

    right = (OnnxRecogniser(tmp_path / "model" / "digits.onnx", "2")(images).argmax(axis=1) == labels).mean()

    assert right == pytest.approx(run.data.metrics["mnist_test"], abs=1e-4)
    assert calibration_of(tmp_path / "model" / "digits.onnx")


def test_the_model_has_a_signature(client, run, tmp_path):
    signature = mlflow.models.Model.load(client.download_artifacts(run.info.run_id, "model", str(tmp_path))).signature

    assert [(one.name, one.shape) for one in signature.inputs] == [("pixels", (-1, 28, 28, 1))]
    assert [one.shape for one in signature.outputs] == [(-1, 11)]


def test_a_model_can_be_shipped_with_its_card(home, outcome, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(home))
    monkeypatch.setattr(classifier_training, "load_mnist", lambda path: drawn_mnist())

    cells = str(write_drawn_set(tmp_path / "cells.parquet", ["1905", "27", "438", "60"]))
    others = str(write_drawn_set(tmp_path / "others.parquet", ["52", "31"]))

    result = CliRunner().invoke(
        app, ["train", "mlp-100", "--epochs", "1", "--with", cells, "--measure", others, "--ship", str(tmp_path / "model")]
    )

    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert result.exit_code == 0, result.output
    assert [(one["name"], one["numbers"]) for one in card["sets"]] == [("cells", 3)]
    assert [(one["name"], one["learned"], one["digits"]) for one in card["digits_by_set"]] == [
        ("cells", True, 2),
        ("others", False, 2),
    ]
    assert "of_sets" in card["digits_sha256"]
    assert card["sha256"] == hashlib.sha256((tmp_path / "model" / "digits.onnx").read_bytes()).hexdigest()
    assert (
        "digits train mlp-100 --seed 1 --epochs 1 --with cells.parquet --ship" in (tmp_path / "model" / "README.md").read_text()
    )


@pytest.mark.parametrize("arguments", [["train"], ["train", "mlp-100", "--all"]])
def test_one_recipe_or_all_must_be_named(arguments):
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert "name one RECIPE, or give --all" in result.stderr


def test_a_recipe_that_is_none_is_refused_at_once():
    result = CliRunner().invoke(app, ["train", "lenet"])

    assert result.exit_code == 2
    assert "there is no recipe 'lenet'; there are perceptron" in result.stderr


def test_a_set_without_rows_to_learn_from_is_refused_before_the_training(home, outcome, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(home))
    unlearnable = write_drawn_set(tmp_path / "dev.parquet", ["27"], dev=1)

    result = CliRunner().invoke(app, ["train", "mlp-100", "--with", str(unlearnable)])

    assert result.exit_code == 2
    assert "has no row whose split is 'train'" in result.stderr


def test_a_missing_file_of_mnist_is_refused(home, outcome, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(home))

    result = CliRunner().invoke(app, ["train", "perceptron", "--mnist", str(tmp_path / "none.npz")])

    assert result.exit_code == 2
    assert "MNIST cannot be read from" in result.stderr


def test_recipes_are_listed_with_what_was_published():
    lines = CliRunner().invoke(app, ["recipes"]).stdout.splitlines()

    assert [line.split()[0] for line in lines[1:]] == list(RECIPES)
    assert "97.16 % (5 epochs) 97.79 % (10 epochs)" in lines[2]
