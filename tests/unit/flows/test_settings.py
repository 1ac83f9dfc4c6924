from pathlib import Path

import pytest

from digit_core.errors import InputError
from flows.settings import load_settings, masked_options, masked_url, origins, shown


@pytest.fixture(autouse=True)
def _empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("DIGITS_"):
            monkeypatch.delenv(name)


def test_by_default_everything_lies_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))

    settings = load_settings()

    assert settings.tracking_uri == f"sqlite:///{tmp_path}/home/mlflow.db"
    assert settings.review_url == f"sqlite:///{tmp_path}/home/review.db"
    assert settings.model_cache == tmp_path / "home" / "models"
    assert settings.artifact_root == f"file://{tmp_path}/home/mlruns"


def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.env").write_text(text)
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))


def test_a_line_of_the_home_folders_file_counts_and_the_environment_counts_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file(tmp_path, monkeypatch, "DIGITS_WORKERS=3\nDIGITS_THRESHOLD=0.9\nOTHER=1\n")
    monkeypatch.setenv("DIGITS_WORKERS", "5")

    settings = load_settings()

    assert settings.workers == 5
    assert settings.threshold == 0.9


def test_a_file_that_is_named_counts_in_the_place_of_the_home_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file(tmp_path, monkeypatch, "DIGITS_WORKERS=3\nDIGITS_THRESHOLD=0.9\n")
    Path("night.env").write_text("DIGITS_WORKERS=4\n")
    monkeypatch.setenv("DIGITS_SETTINGS_FILE", "night.env")

    settings = load_settings()

    assert settings.workers == 4
    assert settings.threshold == 0.97


def test_a_named_file_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_SETTINGS_FILE", "night.env")

    with pytest.raises(InputError, match=r"night\.env, which DIGITS_SETTINGS_FILE names, is not a file"):
        load_settings()


def test_a_file_among_the_scans_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    Path(".env").write_text("DIGITS_WORKERS=3\n")
    Path("settings.env").write_text("DIGITS_WORKERS=3\n")

    assert load_settings().workers == 0


def test_it_is_known_where_each_value_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file(tmp_path, monkeypatch, "DIGITS_THRESHOLD=0.9\n")
    monkeypatch.setenv("DIGITS_WORKERS", "5")

    sources = origins()

    assert sources["workers"] == "environment"
    assert sources["threshold"] == "file"
    assert sources["max_pages"] == "default"


def test_a_misspelt_name_in_the_file_is_an_error_that_names_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file(tmp_path, monkeypatch, "DIGITS_TRESHOLD=0.9\n")

    with pytest.raises(InputError, match=r"DIGITS_TRESHOLD in \S+settings\.env .* DIGITS_THRESHOLD"):
        load_settings()


def test_a_misspelt_name_in_the_environment_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_WORKRES", "2")

    with pytest.raises(InputError, match=r"DIGITS_WORKRES in the environment .* DIGITS_WORKERS"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"), [("DIGITS_WORKERS", "many"), ("DIGITS_THRESHOLD", "1.5"), ("DIGITS_STORAGE_OPTIONS", "{")]
)
def test_a_value_that_does_not_fit_is_an_error_that_names_its_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InputError, match=f"(?i){name.removeprefix('DIGITS_')}"):
        load_settings()


def test_passwords_are_neither_shown_nor_part_of_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITS_REVIEW_DATABASE_URL", "postgresql+psycopg://clerk:hunter2@db/review")
    monkeypatch.setenv("DIGITS_STORAGE_OPTIONS", '{"key": "AKIA", "secret": "hunter2", "endpoint_url": "http://s3"}')

    settings = load_settings()

    assert settings.review_url == "postgresql+psycopg://clerk:hunter2@db/review"
    assert shown(settings)["review_database_url"] == "postgresql+psycopg://clerk:***@db/review"
    assert "hunter2" not in str(shown(settings))
    assert "hunter2" not in repr(settings)


def test_a_url_without_a_password_is_shown_as_it_is() -> None:
    assert masked_url("sqlite:////folder/review.db") == "sqlite:////folder/review.db"


def test_secret_options_are_masked_at_any_depth() -> None:
    options = {"anon": False, "client_kwargs": {"aws_secret_access_key": "x", "region_name": "eu"}}

    assert masked_options(options) == {"anon": False, "client_kwargs": {"aws_secret_access_key": "***", "region_name": "eu"}}
