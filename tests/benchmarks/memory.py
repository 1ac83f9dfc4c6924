"""How much memory a process and all that it started hold together, through /proc (Linux only)."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

SAMPLE_SECONDS = 0.1


def peak_of(process: subprocess.Popen[bytes]) -> int:
    """The most bytes that the process and its descendants held together, watched until it ends."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional_size(pid) for pid in _tree(process.pid)))
        time.sleep(SAMPLE_SECONDS)
    return peak


def _tree(root: int) -> Iterator[int]:
    """The process and its descendants, as far as they still live."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        parent = _read(path / "stat").rpartition(b")")[2].split()[1:2]
        children.setdefault(int(parent[0]) if parent else 0, []).append(int(path.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def _proportional_size(pid: int) -> int:
    """Resident bytes; what several processes share is split among them, so that a sum counts it once."""
    lines = [line for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines() if line.startswith(b"Pss:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # it ended meanwhile, or is not ours
        return b""
