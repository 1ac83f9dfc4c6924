import fcntl
from pathlib import Path

from flows.spool import spool


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
