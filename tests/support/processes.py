"""What runs on this machine, as /proc tells it: processes found by a mark in their environment."""

from __future__ import annotations

from pathlib import Path


def marked(name: str, value: str) -> list[int]:
    """The ids of the living processes whose environment says `name=value`; zombies are gone already and do not count."""
    entry = f"{name}={value}".encode()
    return sorted(int(place.name) for place in Path("/proc").glob("[0-9]*") if entry in _words(place / "environ"))


def command(pid: int) -> str:
    """The command line of a process, "" if it has ended meanwhile."""
    return b" ".join(_words(Path(f"/proc/{pid}/cmdline"))).decode(errors="replace").strip()


def _words(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\0")  # a zombie's environment and command line are empty
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return []
