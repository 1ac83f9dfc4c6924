import fcntl
from pathlib import Path

from flows.workspace import clear, spool


def test_a_working_folder_is_there_during_the_run_and_gone_after_it(tmp_path: Path) -> None:
    with spool(tmp_path / "spool" / "run"):
        (tmp_path / "spool" / "run" / "scan.jpg").write_bytes(b"...")

    assert list((tmp_path / "spool").iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead" / "scan.jpg").write_bytes(b"...")
    (tmp_path / "dead.lock").touch()

    with spool(tmp_path / "run"):
        left = {path.name for path in tmp_path.iterdir()}

    assert left == {"run", "run.lock"}


def test_the_working_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "living").mkdir()
    with (tmp_path / "living.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with spool(tmp_path / "run"):
            pass

        assert (tmp_path / "living").is_dir()


def test_a_run_that_finds_nothing_to_do_removes_what_killed_ones_left_and_spares_the_living(tmp_path: Path) -> None:
    for name in ("dead", "living"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.lock").touch()
    with (tmp_path / "living.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        clear(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"living", "living.lock"}


def test_a_home_without_a_working_folder_has_nothing_to_remove(tmp_path: Path) -> None:
    clear(tmp_path / "spool")

    assert not (tmp_path / "spool").exists()
