"""Promotion and rollback of the champion, with the history and the gate's reports kept in the registry.

The registered model's tag `champions` lists the versions that were in service, oldest first and the present one last; the alias
`previous` names the one before. Reports lie among the artifacts of the challenger's run, under `promotion/`.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digit_core.errors import InputError, RegistryError
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.descriptions import with_report
from tasks.adapters.registry.registry import CHAMPION, Registry, aliases

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

PREVIOUS = "previous"
_LINE = "champions"
_GATE = "gate"
_LONGEST = 4_000  # characters; MLflow's limit for a description, and more than a tag needs


class Promotions:
    """Promotion of a registry's versions. Raises the errors of Registry, and InputError for unknown names."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._name = registry.network.registered

    def champion(self) -> ModelFile:
        """Return the version in service, asking MLflow anew; the shipped model if there is none."""
        with self.registry.mlflow() as client:
            version = aliases(client, self._name).get(CHAMPION)
        return self.registry.model(version) if version else self.registry.shipped()

    def promote(self, version: str) -> None:
        """Put the version into service and remember the previous champion."""
        with self.registry.mlflow() as client:
            line = self._line_of(client)
            if line[-1:] == [version]:
                return
            client.get_model_version(self._name, version)  # raises before anything is written
            self._write(client, [*line, version])

    def rollback(self) -> tuple[str, str]:
        """Put the previous champion back into service; return (version until now, version from now on).

        Each call goes one step further back. Raises InputError when there is no earlier one.
        """
        with self.registry.mlflow() as client:
            line = self._line_of(client)
            there = {str(version.version) for version in client.search_model_versions(f"name='{self._name}'")}
            before = [version for version in line[:-1] if version in there]
            if not before:
                how = self.registry.network.how_to_promote
                raise InputError(
                    f"there is no champion before version {line[-1]} to go back to; `{how}` puts another version into service"
                    if line
                    else f"no version is the champion, so there is nothing to roll back; `{how}` chooses one"
                )
            self._write(client, before)
        return line[-1], before[-1]

    def keras_file(self, version: str, folder: Path) -> Path | None:
        """Download the version's `.keras` file into `folder`; return None if it has none.

        Raises RegistryError if the file's hash differs from the version's tag `keras_sha256`.
        """
        with self.registry.mlflow() as client:
            found = client.get_model_version(self._name, version)
            run = found.run_id or ""
            path = _find_keras(client, run) if run else None
            if path is None:
                return None
            file = Path(client.download_artifacts(run, path, str(folder)))
        expected, actual = found.tags.get("keras_sha256"), hashlib.sha256(file.read_bytes()).hexdigest()
        if expected not in (None, actual):
            raise RegistryError(
                f"model registry {self.registry.name}: the Keras file of version {version} should have SHA-256 {expected}, "
                f"but has {actual}: it was changed or damaged; put the right file back, or promote another version"
            )
        return file

    def record(
        self, version: str, against: str, gate: str, description: str, files: Mapping[str, bytes], metrics: Mapping[str, float]
    ) -> str:
        """Keep the gate's report: one line as the tag `gate`, the report on the version's page, files and metrics in its run.
        Return MLflow's name of the run and the folder of the files in it."""
        place = f"promotion/against-{against}"
        with self.registry.mlflow() as client, tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                Path(folder, name).write_bytes(data)
            run = client.get_model_version(self._name, version).run_id or self._new_run(client, version)
            client.log_artifacts(run, folder, place)
            for name, value in metrics.items():
                client.log_metric(run, name, value)
            client.set_model_version_tag(self._name, version, _GATE, gate[:_LONGEST])
            said = with_report(client.get_model_version(self._name, version).description or "", description)
            client.update_model_version(self._name, version, said[:_LONGEST])
        return f"{run}, {place}"

    def _new_run(self, client: MlflowClient, version: str) -> str:
        """Create a run for a version that was registered without one."""
        run = client.create_run(self.registry.experiment(client), run_name=f"promotion of version {version}")
        client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def _write(self, client: MlflowClient, line: Sequence[str]) -> None:
        """Write alias and history. The alias decides and is written first; `line_of_champions` repairs what a crash leaves
        out."""
        client.set_registered_model_alias(self._name, CHAMPION, line[-1])
        client.set_registered_model_tag(self._name, _LINE, ",".join(line))
        if len(line) > 1:
            client.set_registered_model_alias(self._name, PREVIOUS, line[-2])
        elif PREVIOUS in aliases(client, self._name):
            client.delete_registered_model_alias(self._name, PREVIOUS)

    def _line_of(self, client: MlflowClient) -> list[str]:
        written = client.get_registered_model(self._name).tags.get(_LINE, "")
        return line_of_champions(written, aliases(client, self._name).get(CHAMPION))


def line_of_champions(written: str, champion: str | None) -> list[str]:
    """List the versions that were in service, the champion last, from the recorded line, which may be older than the alias.

    Versions after the champion were never in service or were rolled back; a champion that is missing was set by another program,
    after all those recorded.
    """
    line = [version for version in written.split(",") if version]
    if champion is None:
        return line
    if champion in line:
        return line[: len(line) - line[::-1].index(champion)]
    return [*line, champion]


def _find_keras(client: MlflowClient, run_id: str, folder: str | None = None) -> str | None:
    """Find the path of the first `.keras` file among a run's artifacts."""
    entries = client.list_artifacts(run_id, folder)
    files = [entry.path for entry in entries if entry.path.endswith(".keras") and not entry.is_dir]
    below = (_find_keras(client, run_id, entry.path) for entry in entries if entry.is_dir)
    return files[0] if files else next((path for path in below if path), None)
