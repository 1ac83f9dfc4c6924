"""The model registry: which model version is in service. Only the modules of this package know MLflow.

A local SQLite database by default, an MLflow server by URL. The versions of a network belong to one registered model; the alias
`champion` names the one in service, `challenger` the candidate. A version is one folder of artifacts: the ONNX file and its card;
its tag `sha256` is the hash of the model file, which is checked at every use.

While a local database has not been written to since the last answer, that answer is used, and MLflow is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digit_core.errors import InputError, RegistryError
from tasks.adapters.registry.cache import KnownChampion, ModelCache, ModelFile, file_sha256
from tasks.adapters.registry.client import MlflowAccess, UnreachableError, gist
from tasks.adapters.registry.networks import CLASSIFIER, Network
from tasks.adapters.registry.shipped_model import ShippedModel, checked_sha256
from tasks.adapters.registry.tracking import TrainingArtifacts
from tasks.adapters.registry.versions import ModelVersion, add_version, aliases, all_versions, ensure_model, experiment, line

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

__all__ = ["CHALLENGER", "CHAMPION", "ModelVersion", "Registry", "ShippedModel", "aliases"]

CHAMPION, CHALLENGER = "champion", "challenger"


class Registry:
    """The versions of one network, by default the classifier.

    `tracking_uri`: `sqlite:////folder/mlflow.db` (created if missing) or the URL of an MLflow server. `cache`: folder of the
    downloaded models. `artifact_root`: URI or path of a local registry's files, by default `mlruns` beside its database;
    `shipped`: the model to begin with, if not the network's own. Every method raises RegistryError with one line of what is wrong
    and what to do.
    """

    def __init__(
        self,
        tracking_uri: str,
        cache: Path,
        artifact_root: str | None = None,
        shipped: ShippedModel | None = None,
        busy_seconds: float = 20.0,
        network: Network = CLASSIFIER,
    ) -> None:
        self.network = network
        self._mlflow = MlflowAccess(tracking_uri, busy_seconds)
        self.name = self._mlflow.name
        self._cache = ModelCache(cache)
        self._shipped = shipped or network.shipped
        self._artifact_root = artifact_root
        if self._mlflow.database and not artifact_root:  # MLflow's own default is the current folder
            self._artifact_root = (self._mlflow.database.path.parent / "mlruns").absolute().as_uri()

    def champion(self) -> ModelFile:
        """Return the version in service. An empty registry first gets the shipped model, as version 1.

        When MLflow cannot be reached, the last known champion is returned, marked as stale.
        """
        if present := self.remembered():
            return present
        known = self._cache.recall(self.name, self.network.registered)
        try:
            return self._ask_for_champion()
        except UnreachableError as error:
            if known is None:
                raise RegistryError(f"{error}; no model was downloaded before, so there is none to use") from error
            note = f"{error}; using version {known.version}, the last known champion"
            return ModelFile(known.version, self._cache.path(known.sha256), known.sha256, stale=True, note=note)

    def remembered(self) -> ModelFile | None:
        """Return the champion without asking MLflow, if a local registry was not written to since the last answer."""
        known = self._cache.recall(self.name, self.network.registered)
        if known and known.written and self._mlflow.database and known.written == self._mlflow.database.written():
            return self._file(known.version, known.sha256)
        return None

    @property
    def begun(self) -> bool:
        """Whether there is a registry: a server, or the file of a local one."""
        return self._mlflow.database is None or self._mlflow.database.path.exists()

    def resolve(self, name: str) -> str:
        """Return the number of a version given by number or alias. Raises InputError for an unknown alias."""
        if name.isdigit():
            return name
        with self.mlflow() as client:
            named = aliases(client, self.network.registered)
        if name not in named:
            known = ", ".join(sorted(named)) or "none"
            raise InputError(
                f"no version of the {self.network.kind} is called {name!r} (aliases: {known}); `digits models` lists the versions"
            )
        return named[name]

    def model(self, version: str) -> ModelFile:
        """Return a version, downloaded and checked."""
        with self.mlflow() as client:
            return self._fetch(client, version)

    def held(self, version: str, sha256: str) -> ModelFile:
        """Return the version with this hash, downloaded only if missing here. Raises RegistryError if its hash differs."""
        if self._cache.holds(sha256):
            return self._file(version, sha256)
        found = self.model(version)
        if found.sha256 != sha256:
            raise RegistryError(
                f"model registry {self.name}: version {version} is not the {self.network.kind} that this run reads by "
                f"(SHA-256 {sha256}): "
                "give all machines the same DIGITS_MLFLOW_TRACKING_URI"
            )
        return found

    def versions(self) -> list[ModelVersion]:
        """List all versions, oldest first; empty for a registry without any."""
        with self.mlflow() as client:
            names = aliases(client, self.network.registered)
            found = all_versions(client, self.network.registered)
            lines = [line(client, self.network.kind, version, names) for version in found]
        return sorted(lines, key=lambda line: int(line.version))

    def register(
        self, onnx: Path, card: Mapping[str, Any], alias: str = CHALLENGER, evidence: TrainingArtifacts | None = None
    ) -> str:
        """Add a version and give it the alias; return its number.

        The card's "accuracy" (numbers, possibly nested) becomes metrics, the rest parameters. `evidence` holds the training's
        artifacts; the Keras file lies beside the ONNX file, and the tag `keras_sha256` has its hash.
        """
        with self.mlflow() as client:
            ensure_model(client, self.network)
            version = add_version(client, self.network, self._artifact_root, onnx, card, evidence)
            client.set_registered_model_alias(self.network.registered, alias, version)
        return version

    def begin(self) -> None:
        """Put the shipped model into service in a registry without versions, so that a challenger has a champion to be compared
        with."""
        with self.mlflow() as client:
            ensure_model(client, self.network)
            if not all_versions(client, self.network.registered):
                self._begin(client)

    def offer_shipped(self) -> str:
        """Register the shipped model as a new challenger, unless it is a version already.

        A waiting challenger keeps its alias. Return the new version's number, "" if there is none.
        """
        card = self._shipped.read_card()
        with self.mlflow() as client:
            versions = all_versions(client, self.network.registered)
            if not versions:
                self._begin(client)
            if not versions or any(version.tags.get("sha256") == card["sha256"] for version in versions):
                return ""
            offered = add_version(client, self.network, self._artifact_root, self._shipped.onnx, card)
            named = aliases(client, self.network.registered)
            if named.get(CHALLENGER) in (None, named.get(CHAMPION)):
                client.set_registered_model_alias(self.network.registered, CHALLENGER, offered)
        return offered

    def shipped(self) -> ModelFile:
        """Return the shipped model, checked; used where no version is the champion."""
        return ModelFile("shipped", self._shipped.onnx, checked_sha256(self._shipped.onnx, self._shipped.read_card()))

    def _ask_for_champion(self) -> ModelFile:
        with self.mlflow() as client:
            if CHAMPION not in aliases(client, self.network.registered):
                self._begin(client)
            written = self._mlflow.database.written() if self._mlflow.database else ""
            version = aliases(client, self.network.registered)[
                CHAMPION
            ]  # asked after `written`, so that a change in between is noticed
            file = self._fetch(client, version)
        self._cache.remember(KnownChampion(self.name, self.network.registered, file.version, file.sha256, written))
        return file

    def _begin(self, client: MlflowClient) -> None:
        """Put the shipped model into service as version 1 of an empty registry; continue after an interruption."""
        name = self.network.registered
        ensure_model(client, self.network)
        card = self._shipped.read_card()
        versions = {str(version.version): version.tags for version in all_versions(client, name)}
        if not versions:
            version = add_version(client, self.network, self._artifact_root, self._shipped.onnx, card)
            if version != "1":  # on a server, another machine was quicker: one version 1 is enough
                client.delete_model_version(name, version)
        elif "1" not in versions or any(tags.get("sha256") != card["sha256"] for tags in versions.values()):
            raise RegistryError(
                f"model registry {self.name}: no version of the {self.network.kind} ({', '.join(sorted(versions, key=int))}) is "
                f"the champion; choose one with `{self.network.how_to_promote}`"
            )
        client.set_registered_model_alias(name, CHAMPION, "1")

    def _fetch(self, client: MlflowClient, version: str) -> ModelFile:
        sha256 = client.get_model_version(self.network.registered, version).tags.get("sha256")
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

        source = f"{client.get_model_version_download_uri(self.network.registered, version)}/{self.network.onnx}"
        with self._cache.new_folder() as folder:
            try:
                got = Path(download_artifacts(artifact_uri=source, dst_path=str(folder), tracking_uri=self._mlflow.uri))
            except (OSError, MlflowException) as error:
                raise RegistryError(
                    f"model registry {self.name}: the file of version {version} cannot be had ({gist(error)}); "
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

    def experiment(self, client: MlflowClient) -> str:
        """Return the id of the experiment of all runs."""
        return experiment(client, self._artifact_root)

    def mlflow(self) -> AbstractContextManager[MlflowClient]:
        """Provide MLflow's client for the other adapters of this package; its errors are one line."""
        return self._mlflow.client()
