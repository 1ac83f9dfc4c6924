"""Settings, read once from the environment and a file; nothing below `flows` reads the environment.

The file is the one that DIGITS_SETTINGS_FILE names, or settings.env in the home folder; never one in the current folder, which
may contain files from strangers.

Every name begins with DIGITS_. An unknown name with that prefix is an error, so that a typo does not silently give the default.
Credentials of object storage come the usual AWS way (environment, ~/.aws, role), not from these settings.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from digit_core.errors import InputError
from digit_core.params import AskWhen, CalibrationSet, Spread, Writing
from flows.options import Runner, RunOptions, setting

PREFIX = "DIGITS_"
_SECRET_WORDS = ("secret", "password", "token", "key")
_MAY_HOLD_SECRETS = ("storage_options", "mlflow_tracking_uri", "review_database_url", "review_token")

Origin = Literal["environment", "file", "default"]


class Settings(BaseSettings):
    """All settings with their defaults: one machine, nothing to install, everything under `home`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file_encoding="utf-8", extra="ignore", frozen=True)

    home: Path = Field(default=Path("~/.digits"), description="folder of the databases, downloaded models and working files")
    settings_file: Path | None = Field(
        default=None, description="file with one NAME=value line per setting; default: settings.env in the home folder"
    )
    mlflow_tracking_uri: SecretStr = Field(
        default=SecretStr(""), description="model registry; default: SQLite in the home folder"
    )
    mlflow_artifact_root: str = Field(default="", description="where a new local registry keeps its files; default: home/mlruns")
    review_database_url: SecretStr = Field(
        default=SecretStr(""), description="review queue, SQLAlchemy URL; default: SQLite in the home folder"
    )
    review_token: SecretStr = Field(
        default=SecretStr(""), description="token that reviewers must enter when `digits review serve` is open to other machines"
    )
    review_tls: bool = Field(default=False, description="reviewers reach the page by https: cookies are sent over https only")
    review_sources: tuple[str, ...] = Field(
        default=(), description="JSON list of the places that the review page reads scans from; default: the collections' sources"
    )
    review_page_megabytes: float = Field(
        default=700.0, ge=256, description="memory limit for decoding one scan in the review page"
    )
    review_lease_seconds: float = Field(
        default=600.0, ge=10, le=43_200, description="how long a reviewer keeps digits without a decision"
    )
    review_carpet_from: float = Field(default=0.7, ge=0, le=1, description="confidence from which digits are shown in groups")
    review_carpet_size: int = Field(default=40, ge=1, le=49, description="digits in one group")
    training_sets: str = Field(default="", description="folder of the reviewed digits for training; default: home/training")
    layouts: str = Field(default="", description="folder of the layouts drawn in the review page; default: home/layouts")
    storage_options: dict[str, Any] = Field(default={}, repr=False, description="fsspec options as JSON, such as an endpoint")
    workers: int = setting("workers", 0, ge=0)  # 0: one per core
    runner: Runner = setting("runner", Runner.HERE)
    scheduler: str = setting("scheduler", "")
    page_seconds: float = Field(default=120.0, gt=0, description="time limit for one page")
    page_megabytes: float = Field(default=4096.0, ge=256, description="memory that a process may take to read pages")
    writing: Writing = setting("writing", Writing.AUTO)
    spread: Spread = setting("spread", Spread.AUTO)
    layout: str = setting("layout", "")
    classifier: str = setting("classifier", "")
    detector: str = setting("detector", "")
    strip_reader: str = setting("strip_reader", "")
    second_reader: AskWhen = setting("second_reader", AskWhen.WHEN_UNSURE)
    second_reader_level: float = Field(
        default=0.97, ge=0, le=1, description="the second reader is asked about numbers with a lower confidence"
    )
    threshold: float = setting("threshold", 0.97)
    max_error: float | None = setting("max_error", None)
    certainty: float = Field(default=0.95, gt=0, lt=1, description="confidence level of the bound for max_error")
    ink: CalibrationSet = setting("ink", CalibrationSet.ARCHIVE)
    audit_share: float = setting("audit_share", 0.01)
    max_failed: float = setting("max_failed", 0.10)
    max_megapixels: float = setting("max_megapixels", 200.0)
    max_megabytes: float = Field(default=1024.0, gt=0, description="larger files are quarantined")
    max_pages: int = Field(default=5000, gt=0, description="files with more pages are quarantined")
    review_seconds: float = Field(
        default=2.0, gt=0, description="time a reviewer takes for one digit, for the estimate of `digitise --dry-run`"
    )
    mnist: Path | None = Field(default=None, description="path of mnist.npz for training; default: Keras fetches it")
    render_dpi: int = Field(default=300, ge=36, le=1200, description="resolution for rendering PDF pages that contain no scan")

    def replaced_by(self, options: RunOptions) -> Settings:
        """Return the settings overridden by the given options; a threshold replaces a max error."""
        given = options.given()
        return self.model_copy(update={"max_error": None, **given} if "threshold" in given else given)

    @property
    def home_folder(self) -> Path:
        return self.home.expanduser().absolute()

    @property
    def tracking_uri(self) -> str:
        return self.mlflow_tracking_uri.get_secret_value() or f"sqlite:///{self.home_folder / 'mlflow.db'}"

    @property
    def artifact_root(self) -> str | None:
        """Return the folder for a local registry's files; None leaves it to an MLflow server."""
        if self.mlflow_artifact_root or self.mlflow_tracking_uri.get_secret_value():
            return self.mlflow_artifact_root or None
        return (self.home_folder / "mlruns").as_uri()

    @property
    def review_url(self) -> str:
        return self.review_database_url.get_secret_value() or f"sqlite:///{self.home_folder / 'review.db'}"

    @property
    def training_folder(self) -> str:
        return self.training_sets or str(self.home_folder / "training")

    @property
    def layouts_folder(self) -> Path:
        return Path(self.layouts).expanduser().absolute() if self.layouts else self.home_folder / "layouts"

    @property
    def worker_count(self) -> int:
        return self.workers or available_cores()

    @property
    def model_cache(self) -> Path:
        return self.home_folder / "models"

    @property
    def spool_folder(self) -> Path:
        return self.home_folder / "spool"


def available_cores() -> int:
    """Return the number of cores that this process may use, which in a container can be fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_set(name: str) -> bool:
    """Whether the environment has this variable; another program may have set it."""
    return name in os.environ


def load_settings() -> Settings:
    """Load the settings. Raises InputError for an unknown DIGITS_ name or an invalid value."""
    _refuse_unknown(os.environ, "the environment")
    file = _file()
    _refuse_unknown(dotenv_values(file), str(file))
    try:
        settings = Settings(_env_file=file)  # type: ignore[call-arg]  # an argument of pydantic-settings
    except ValidationError as error:
        raise InputError("; ".join(_describe(problem) for problem in error.errors())) from error
    except ValueError as error:  # pydantic-settings: a value that should be JSON but is not
        raise InputError(f'a setting cannot be read: {error}; storage options are JSON such as {{"anon": true}}') from error
    if settings.max_error is not None and "threshold" in settings.model_fields_set:
        raise InputError(f"{PREFIX}THRESHOLD and {PREFIX}MAX_ERROR are both set but exclude each other: unset one")
    return settings


def _file() -> Path:
    """Return the path of the settings file. Raises InputError if DIGITS_SETTINGS_FILE names a missing file."""
    named = os.environ.get(f"{PREFIX}SETTINGS_FILE")
    if named and not Path(named).expanduser().is_file():
        raise InputError(f"{named}, which {PREFIX}SETTINGS_FILE names, is not a file: correct the name, or unset it")
    home = os.environ.get(f"{PREFIX}HOME") or Settings.model_fields["home"].default
    return Path(named or Path(home, "settings.env")).expanduser()


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(name.upper() for name in names if name.upper().startswith(PREFIX)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see `digits settings`"
            raise InputError(f"{name} in {where} is not a setting: {advice}")


def _describe(problem: Mapping[str, Any]) -> str:
    name = PREFIX + "_".join(str(part) for part in problem["loc"]).upper()
    given = "" if problem["loc"][0] in _MAY_HOLD_SECRETS else f", not {problem['input']!r}"
    return f"{name}: {problem['msg']}{given}"


def origins() -> dict[str, Origin]:
    """Return the source of each setting's value."""
    environment = {name.upper() for name in os.environ}
    file = {name.upper() for name in dotenv_values(_file())}

    def origin(name: str) -> Origin:
        return "environment" if name in environment else "file" if name in file else "default"

    return {name: origin(PREFIX + name.upper()) for name in Settings.model_fields}


def shown(settings: Settings) -> dict[str, str]:
    """Format every setting for display: effective values, passwords and keys masked."""
    effective = {
        **{name: getattr(settings, name) for name in Settings.model_fields},
        "home": settings.home_folder,
        "settings_file": settings.settings_file or settings.home_folder / "settings.env",
        "mlflow_tracking_uri": masked_url(settings.tracking_uri),
        "mlflow_artifact_root": settings.artifact_root or "",
        "review_database_url": masked_url(settings.review_url),
        "review_token": "***" if settings.review_token.get_secret_value() else "",
        "training_sets": settings.training_folder,
        "layouts": settings.layouts_folder,
        "storage_options": masked_options(settings.storage_options),
        "workers": settings.worker_count,
        "max_error": settings.max_error or "",
    }
    return {name: str(value) for name, value in effective.items()}


def masked_url(url: str) -> str:
    """Replace the URL's password, if any, by ***."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))


def masked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the values of secret options by ***, at any depth."""

    def mask(name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return masked_options(value)
        return "***" if any(word in name.lower() for word in _SECRET_WORDS) else value

    return {name: mask(name, value) for name, value in options.items()}
