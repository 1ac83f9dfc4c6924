"""The model registry: which model version is in service. With tracking.py and promotions.py all that knows MLflow.

A local SQLite database by default, an MLflow server by URL. All versions belong to one registered model, "digits"; the
alias `champion` names the one in service, `challenger` the one that wants to be. A version is one folder of artifacts:
the ONNX file and its card; its tag `sha256` says which bytes are the model, and they are checked at every use.

MLflow takes 1.5-2 s to import, so it is imported only when it is asked: while a local database has not been written to
since the last answer, that answer stands.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digit_core.errors import RegistryError
from tasks.adapters.model_cache import Answer, ModelCache, ModelFile, file_sha256
from tasks.adapters.model_card import ShippedModel, checked_sha256, metrics, parameters
from tasks.adapters.sqlite_file import SqliteFile
from tasks.adapters.tracking import Evidence, complete_model, log_evidence

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

NAME = "digits"
CHAMPION, CHALLENGER = "champion", "challenger"

_ONNX, _CARD = "digits.onnx", "card.json"

_ALWAYS = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what goes wrong comes as an exception, and once is enough
}
_UNLESS_SET = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}  # 7 and 120 s: minutes of silence


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A line of the registry: `date` is the card's (ISO), `metrics` the figures measured since it was made.

    `gate` says what the promotion gate found last, `run_id` is MLflow's run with its files; each may be "".
    """

    version: str
    aliases: tuple[str, ...]
    sha256: str
    recipe: str
    date: str
    metrics: Mapping[str, float]
    gate: str = ""
    run_id: str = ""


_PACKAGED = ShippedModel()


class _UnreachableError(RegistryError):
    """MLflow gave no answer, which is another thing than a bad one."""


class Registry:
    """`tracking_uri`: `sqlite:////folder/mlflow.db` (made if missing) or the URL of an MLflow server.

    `cache`: folder of the downloaded models. `artifact_root`: URI or path where a local registry keeps its files, by
    default `mlruns` beside its database. Every method raises RegistryError with one line of what is wrong and what to do.
    """

    def __init__(
        self,
        tracking_uri: str,
        cache: Path,
        artifact_root: str | None = None,
        shipped: ShippedModel = _PACKAGED,
        busy_seconds: float = 20.0,
    ) -> None:
        self.name = _masked(tracking_uri)
        self._uri = tracking_uri
        self._cache = ModelCache(cache)
        self._shipped = shipped
        self._busy_seconds = busy_seconds
        self._database = _local_database(tracking_uri, self.name)
        self._artifact_root = artifact_root
        if self._database and not artifact_root:  # MLflow's own default is the folder one happens to stand in
            self._artifact_root = (self._database.path.parent / "mlruns").absolute().as_uri()

    def champion(self) -> ModelFile:
        """The version in service. An empty registry first gets the shipped model, as version 1.

        When MLflow cannot be reached, the last champion serves, marked as stale.
        """
        known = self._cache.recall(self.name)
        if known and known.written and self._database and known.written == self._database.written():
            return self._file(known.version, known.sha256)
        try:
            return self._ask_for_champion()
        except _UnreachableError as error:
            if known is None:
                raise RegistryError(f"{error}; no model was downloaded before, so there is none to go on with") from error
            note = f"{error}; going on with version {known.version}, the champion when it last answered"
            return ModelFile(known.version, self._cache.path(known.sha256), known.sha256, stale=True, note=note)

    def model(self, version: str) -> ModelFile:
        """Any version, downloaded and checked."""
        with self.mlflow() as client:
            return self._fetch(client, version)

    def versions(self) -> list[ModelVersion]:
        """All versions, oldest first; an empty list for a registry without any."""
        with self.mlflow() as client:
            names = aliases(client)
            lines = [_line(client, version, names) for version in _all_versions(client)]
        return sorted(lines, key=lambda line: int(line.version))

    def register(self, onnx: Path, card: Mapping[str, Any], alias: str = CHALLENGER, evidence: Evidence | None = None) -> str:
        """Add a version and give it the alias. Returns its number.

        The card's "accuracy" (numbers, possibly nested) becomes metrics, what else it says parameters. `evidence` is what
        its training left; the Keras file lies beside the ONNX file, and the tag `keras_sha256` says which bytes it has.
        """
        with self.mlflow() as client:
            _ensure_model(client)
            version = self._add(client, onnx, card, evidence)
            client.set_registered_model_alias(NAME, alias, version)
        return version

    def begin(self) -> None:
        """Put the shipped model into service in a registry without versions, so that a challenger has whom to challenge."""
        with self.mlflow() as client:
            _ensure_model(client)
            if not _all_versions(client):
                self._begin(client)

    def offer_shipped(self) -> str:
        """Register the model that came with this package as a new challenger, unless it is a version already.

        A challenger that is waiting keeps its alias. Returns the new version's number, "" if there is none.
        """
        card = self._shipped.read_card()
        with self.mlflow() as client:
            versions = _all_versions(client)
            if not versions:
                self._begin(client)
            if not versions or any(version.tags.get("sha256") == card["sha256"] for version in versions):
                return ""
            offered = self._add(client, self._shipped.onnx, card)
            named = aliases(client)
            if named.get(CHALLENGER) in (None, named.get(CHAMPION)):
                client.set_registered_model_alias(NAME, CHALLENGER, offered)
        return offered

    def shipped(self) -> ModelFile:
        """The model that came with this package, checked; for where no version is the champion."""
        return ModelFile("shipped", self._shipped.onnx, checked_sha256(self._shipped.onnx, self._shipped.read_card()))

    def set_alias(self, alias: str, version: str) -> None:
        """Let the alias name this version from now on. Runs in progress keep the version they began with."""
        with self.mlflow() as client:
            client.set_registered_model_alias(NAME, alias, version)

    def _ask_for_champion(self) -> ModelFile:
        with self.mlflow() as client:
            if CHAMPION not in aliases(client):
                self._begin(client)
            written = self._database.written() if self._database else ""
            file = self._fetch(client, aliases(client)[CHAMPION])  # asked after `written`: a change in between will show
        self._cache.remember(Answer(self.name, file.version, file.sha256, written))
        return file

    def _begin(self, client: MlflowClient) -> None:
        """Put the shipped model into service as version 1 of an empty registry; goes on wherever it was cut short."""
        _ensure_model(client)
        card = self._shipped.read_card()
        versions = {str(version.version): version.tags for version in _all_versions(client)}
        if not versions:
            version = self._add(client, self._shipped.onnx, card)
            if version != "1":  # on a server, another machine was quicker: one version 1 is enough
                client.delete_model_version(NAME, version)
        elif "1" not in versions or any(tags.get("sha256") != card["sha256"] for tags in versions.values()):
            raise RegistryError(
                f"model registry {self.name}: none of its versions ({', '.join(sorted(versions, key=int))}) is the champion; "
                "choose one with `digits promote VERSION`"
            )
        client.set_registered_model_alias(NAME, CHAMPION, "1")

    def _add(self, client: MlflowClient, onnx: Path, card: Mapping[str, Any], evidence: Evidence | None = None) -> str:
        digest = checked_sha256(onnx, card)
        tags = {"sha256": digest, **{name: str(card[name]) for name in ("recipe", "date", "data_sha256") if name in card}}
        run = client.create_run(self.experiment(client), run_name=str(card.get("recipe", NAME)))
        _log_card(client, run.info.run_id, card)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary, "model")
            folder.mkdir()
            shutil.copyfile(onnx, folder / _ONNX)
            (folder / _CARD).write_text(json.dumps({**card, "sha256": digest}, indent=1), encoding="utf-8")
            if evidence:
                log_evidence(client, run.info.run_id, evidence, Path(temporary, "charts"))
                complete_model(folder, _ONNX, evidence)
                tags |= {"keras_sha256": file_sha256(evidence.keras)} if evidence.keras else {}
            client.log_artifacts(run.info.run_id, str(folder), "model")
        client.set_terminated(run.info.run_id)
        source = f"{run.info.artifact_uri}/model"
        return str(client.create_model_version(NAME, source, run.info.run_id, tags=tags).version)

    def experiment(self, client: MlflowClient) -> str:
        if client.get_experiment_by_name(NAME) is None:
            with _already_there_is_fine():
                client.create_experiment(NAME, artifact_location=self._artifact_root)
        return str(client.get_experiment_by_name(NAME).experiment_id)  # type: ignore[union-attr]

    def _fetch(self, client: MlflowClient, version: str) -> ModelFile:
        sha256 = client.get_model_version(NAME, version).tags.get("sha256")
        if sha256 is None:
            raise RegistryError(
                f"model registry {self.name}: version {version} has no tag sha256, so its file cannot be trusted; "
                "register it anew, or promote another version"
            )
        if not self._cache.holds(sha256):
            self._download(client, version, sha256)
        return self._file(version, sha256)

    def _download(self, client: MlflowClient, version: str, sha256: str) -> None:
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        source = f"{client.get_model_version_download_uri(NAME, version)}/{_ONNX}"
        with self._cache.new_folder() as folder:
            try:
                got = Path(download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=self._uri))
            except (OSError, MlflowException) as error:
                raise RegistryError(
                    f"model registry {self.name}: the file of version {version} cannot be had ({_gist(error)}); "
                    "put it back, or promote another version"
                ) from error
            found = file_sha256(got)
            if found != sha256:
                raise RegistryError(
                    f"model registry {self.name}: version {version} should have SHA-256 {sha256}, but its file has {found}: "
                    "it was changed or damaged; put the right file back, or promote another version"
                )
            got.replace(self._cache.path(sha256))

    def _file(self, version: str, sha256: str) -> ModelFile:
        return ModelFile(version, self._cache.path(sha256), sha256)

    @contextmanager
    def mlflow(self) -> Iterator[MlflowClient]:
        """MLflow's client, for the adapters beside this one too; its errors in one line.

        On a local database one process at a time: MLflow cannot create one twice.
        """
        _silence()
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            with self._database.alone(self._busy_seconds) if self._database else nullcontext():
                yield MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        except MlflowException as error:
            raise self._translated(error) from error
        except (OSError, sqlite3.Error) as error:
            raise _UnreachableError(
                f"model registry {self.name} cannot be used: {error}; see that it is a database that this user may write"
            ) from error

    def _translated(self, error: MlflowException) -> RegistryError:
        status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
        if status >= 500 and self._database:
            advice = "after a change of MLflow's version, run `mlflow db upgrade` on it"
            return _UnreachableError(f"model registry {self.name} cannot be used: {_gist(error)}; {advice}")
        if status >= 500:
            return _UnreachableError(f"model registry {self.name} does not answer ({_gist(error)}); see that it runs at that URL")
        advice = "`digits models` lists what there is"
        if status in {401, 403}:
            advice = "see that MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD are set and right"
        return RegistryError(f"model registry {self.name} refused: {_gist(error)}; {advice}")


def _local_database(uri: str, name: str) -> SqliteFile | None:
    if uri.startswith("sqlite:///"):
        return SqliteFile(Path(uri.removeprefix("sqlite:///")))
    if uri.startswith(("http://", "https://")):
        return None
    raise RegistryError(f"{name} is no model registry: write sqlite:////folder/mlflow.db or the http(s) URL of an MLflow server")


def _gist(error: Exception) -> str:
    """MLflow's message in one short line without passwords; of a network error only its innermost words."""
    line = " ".join(str(error).split())
    innermost = re.search(r"\[Errno -?\d+\] ([^'\")]+)", line)
    return innermost[1] if innermost else _masked(line)[:200]


def _masked(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//***@", text)


def _silence() -> None:
    """Before MLflow is imported: no telemetry, no pickles, no bars and no log lines of its own."""
    os.environ.update(_ALWAYS)
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)


@contextmanager
def _already_there_is_fine() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _ensure_model(client: MlflowClient) -> None:
    with _already_there_is_fine():
        client.create_registered_model(NAME)


def aliases(client: MlflowClient) -> dict[str, str]:
    """Alias -> version; empty if the registry has no such model yet."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_registered_model(NAME).aliases
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}
    return {alias: str(version) for alias, version in found.items()}


def _all_versions(client: MlflowClient) -> list[MlflowVersion]:
    return list(client.search_model_versions(f"name='{NAME}'"))


def _line(client: MlflowClient, version: MlflowVersion, named: Mapping[str, str]) -> ModelVersion:
    number, tags = str(version.version), version.tags
    metrics = client.get_run(version.run_id).data.metrics if version.run_id else {}
    names = tuple(sorted(alias for alias, aliased in named.items() if aliased == number))
    return ModelVersion(
        version=number,
        aliases=names,
        sha256=tags.get("sha256", ""),
        recipe=tags.get("recipe", ""),
        date=tags.get("date", ""),
        metrics=metrics,
        gate=tags.get("gate", ""),
        run_id=version.run_id or "",
    )


def _log_card(client: MlflowClient, run_id: str, card: Mapping[str, Any]) -> None:
    for name, number in metrics(card).items():
        client.log_metric(run_id, name, number)
    for name, value in parameters(card).items():
        client.log_param(run_id, name, value)
