"""MLflow's client as the registry's adapters use it: quiet, one process at a time on a local database, errors in one line.

MLflow takes 1.5-2 s to import, so it is imported only when a client is needed.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from digit_core.errors import RegistryError
from tasks.adapters.registry.sqlite_lock import SqliteFile

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

_ALWAYS = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # errors come as exceptions; logging them too would repeat them
}
_UNLESS_SET = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}  # the defaults are 7 and 120 s: minutes of silence


class UnreachableError(RegistryError):
    """MLflow gave no answer, as opposed to an error message."""


class MlflowAccess:
    """Access to the MLflow at `uri`, `sqlite:////folder/mlflow.db` or an http(s) URL; `name` is the URI without passwords.

    `database` is the file of a local one. Raises RegistryError for any other URI.
    """

    def __init__(self, uri: str, busy_seconds: float) -> None:
        self.uri, self.name = uri, masked(uri)
        self.database = _local_database(uri, self.name)
        self._busy_seconds = busy_seconds

    @contextmanager
    def client(self) -> Iterator[MlflowClient]:
        """Provide a client. Its errors become a RegistryError with one line, UnreachableError where nobody answered.

        On a local database one process at a time: MLflow cannot create one twice.
        """
        _silence()
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            with self.database.alone(self._busy_seconds) if self.database else nullcontext():
                yield MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        except MlflowException as error:
            raise self._translated(error) from error
        except (OSError, sqlite3.Error) as error:
            raise UnreachableError(
                f"model registry {self.name} cannot be used: {error}; check that it is a database that this user may write"
            ) from error

    def _translated(self, error: MlflowException) -> RegistryError:
        status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
        if status >= 500 and self.database:
            advice = "after a change of MLflow's version, run `mlflow db upgrade` on it"
            return UnreachableError(f"model registry {self.name} cannot be used: {gist(error)}; {advice}")
        if status >= 500:
            return UnreachableError(f"model registry {self.name} does not answer ({gist(error)}); check that it runs at that URL")
        advice = "`digits models` lists the versions"
        if status in {401, 403}:
            advice = "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        return RegistryError(f"model registry {self.name} refused: {gist(error)}; {advice}")


def _local_database(uri: str, name: str) -> SqliteFile | None:
    if uri.startswith("sqlite:///"):
        return SqliteFile(Path(uri.removeprefix("sqlite:///")))
    if uri.startswith(("http://", "https://")):
        return None
    raise RegistryError(
        f"{name} is not a model registry: write sqlite:////folder/mlflow.db or the http(s) URL of an MLflow server"
    )


def gist(error: Exception) -> str:
    """Shorten MLflow's message to one line without passwords; of a network error keep only the innermost message."""
    line = " ".join(str(error).split())
    innermost = re.search(r"\[Errno -?\d+\] ([^'\")]+)", line)
    return innermost[1] if innermost else masked(line)[:200]


def masked(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//***@", text)


def _silence() -> None:
    """Switch off telemetry, pickles, progress bars and log lines before MLflow is imported."""
    os.environ.update(_ALWAYS)
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)


@contextmanager
def already_there_is_fine() -> Iterator[None]:
    """Ignore the error that something exists already: another process may have created it a moment ago."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
