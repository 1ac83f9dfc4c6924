import errno
import os
import signal
import subprocess
import sys

import pytest

from digit_core.errors import InputError, StorageError
from tasks.adapters.storage.storage import Missing, Storage

KILLED_WHILE_WRITING = """
import os, signal, sys
from tasks.adapters.storage.storage import Storage
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
Storage().write(sys.argv[1], b"new" * 1000)
"""
STOPPED_WHILE_WRITING = """
import os, sys
from tasks.adapters.storage.storage import Storage
sync = os.fsync
def stop(handle):
    print("writing", flush=True)
    sys.stdin.readline()
    os.fsync = sync
os.fsync = stop
Storage().write(sys.argv[1], b"new" * 1000)
"""


def skipped(source) -> dict[str, str]:
    found: dict[str, str] = {}
    list(Storage().list_objects(str(source), lambda uri, why: found.update({uri: why})))
    return found


def listed(source) -> list[str]:
    return [one.uri for one in Storage().list_objects(str(source))]


def test_links_and_pipes_are_skipped_with_their_reason(tmp_path):
    (tmp_path / "real.png").write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")

    assert listed(tmp_path) == [f"{tmp_path}/real.png"]
    assert skipped(tmp_path) == {
        f"{tmp_path}/link.png": "a symbolic link, not a regular file",
        f"{tmp_path}/loop": "a symbolic link, not a regular file",
        f"{tmp_path}/pipe.png": "a named pipe, not a regular file",
    }


def test_a_name_that_is_not_utf_8_is_skipped_with_its_reason(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.png", "wb"):  # noqa: PTH123  pathlib takes no bytes
        pass

    assert listed(tmp_path) == []
    assert list(skipped(tmp_path).values()) == ["the name is not UTF-8: rename it"]


def test_a_source_that_is_itself_a_link_to_a_folder_is_read(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "scans")

    assert listed(tmp_path / "link") == [f"{tmp_path}/link/a.png"]


def test_a_source_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="is a named pipe: give a folder or a file of scans"):
        listed(tmp_path / "pipe")


def test_folders_come_in_the_order_of_their_names_at_every_depth(tmp_path):
    for name in ("b/2.png", "b/1.png", "a/z/9.png", "a/y.png", "c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    assert listed(tmp_path) == [f"{tmp_path}/{name}" for name in ("a/y.png", "a/z/9.png", "b/1.png", "b/2.png", "c.png")]


def test_local_files_are_fetched_without_a_copy(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")

    found = Storage().fetch([f"{tmp_path}/a.png", f"{tmp_path}/b.png"], tmp_path / "spool")

    assert found[0] == tmp_path / "a.png"
    assert isinstance(found[1], Missing)
    assert not (tmp_path / "spool").exists()


def test_a_writer_that_is_killed_leaves_the_old_object_and_nothing_that_a_reader_sees(tmp_path):
    storage, target = Storage(), tmp_path / "out" / "a.json"
    storage.write(str(target), b"old")

    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(target)], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert listed(tmp_path) == [str(target)]
    assert list(storage.list_names(f"{tmp_path}/out")) == ["a.json"]
    assert len(list(target.parent.iterdir())) == 2
    storage.clean(f"{tmp_path}/out")
    assert list(target.parent.iterdir()) == [target]


def test_cleaning_leaves_what_a_living_writer_is_writing(tmp_path):
    target = tmp_path / "a.json"
    command = [sys.executable, "-c", STOPPED_WHILE_WRITING, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        writer.stdout.readline()

        Storage().clean(str(tmp_path))
        writer.communicate("go on\n")

    assert target.read_bytes() == b"new" * 1000
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_the_old_object(tmp_path, monkeypatch, number):
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=f"no space left for {target}: free some"):
        Storage().write(str(target), b"new")

    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_file_where_a_folder_has_to_be_is_told(tmp_path):
    (tmp_path / "out").write_bytes(b"")

    with pytest.raises(InputError, match=r"/out/pages cannot be opened: a file stands where a folder should be"):
        Storage().write(f"{tmp_path}/out/pages/a.parquet", b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_folders_that_may_not_be_read_or_written_are_told(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    with pytest.raises(InputError, match="no permission for"):
        Storage().write(f"{closed}/a", b"x")
    assert skipped(tmp_path) == {str(closed): "no permission to list this folder"}


def test_a_file_that_is_deleted_while_its_folder_is_listed_hides_no_other(tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02}.json").write_bytes(b"x")
    listing = Storage().list_folder(str(tmp_path))
    first = next(listing).name
    gone = [path for path in tmp_path.iterdir() if path.name != first][:10]
    for path in gone:
        path.unlink()

    listed = {first, *(entry.name for entry in listing)}

    assert {path.name for path in tmp_path.iterdir()} <= listed
