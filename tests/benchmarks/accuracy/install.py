"""Makes `.venv-others`: RapidOCR and Tesseract, as others.lock says, and the language data that Tesseract reads by.

    python -m tests.benchmarks.accuracy.install

Does nothing if it stands already. What cannot be had is said on standard error, and the table says it too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCK = Path(__file__).parent / "others.lock"
ENVIRONMENT = ROOT / ".venv-others"
PYTHON = ENVIRONMENT / "bin" / "python"
DATA = "eng.traineddata"
DEBIAN = "tesseract-ocr-eng"
PLACES = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


def install() -> None:
    """Raises subprocess.CalledProcessError, whose stderr says why, if the packages cannot be had."""
    stamp, wanted = ENVIRONMENT / "lock.sha256", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing RapidOCR and Tesseract into .venv-others: once, and for `make accuracy` only", file=sys.stderr)
        _make_environment()
        stamp.write_text(wanted)
    if language_data() is None:
        _unpack_data()


def language_data() -> Path | None:
    """The folder that holds Tesseract's English data: our own, the one that TESSDATA_PREFIX names, the system's, or none."""
    named = [Path(os.environ["TESSDATA_PREFIX"])] if "TESSDATA_PREFIX" in os.environ else []
    installed = [folder for place in PLACES for folder in sorted(Path("/").glob(place.lstrip("/")))]
    return next((folder for folder in [ENVIRONMENT / "tessdata", *named, *installed] if (folder / DATA).is_file()), None)


def _make_environment() -> None:
    # --no-deps: the lock is complete, and has OpenCV without its windows in place of the one that RapidOCR names.
    locked = ["install", "--no-deps", "--require-hashes", "-r", str(LOCK)]
    uv = shutil.which("uv")
    if uv:
        _quietly(uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT))
        _quietly(uv, "pip", *locked, "--python", str(PYTHON))
    else:
        _quietly(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        _quietly(str(PYTHON), "-m", "pip", *locked)


def _unpack_data() -> None:
    """Debian's package of the language data, unpacked and not installed: that needs no rights."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        print(f"no {DATA} for Tesseract: install its English data, or name its folder by TESSDATA_PREFIX", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        _quietly("apt-get", "download", "-qq", DEBIAN, cwd=folder)
        (package,) = Path(folder).glob("*.deb")
        _quietly("dpkg-deb", "-x", str(package), folder)
        (data,) = Path(folder).glob(f"usr/share/tesseract-ocr/*/tessdata/{DATA}")
        (ENVIRONMENT / "tessdata").mkdir(exist_ok=True)
        shutil.copy(data, ENVIRONMENT / "tessdata" / DATA)


def _quietly(*command: str, cwd: str | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(error.cmd[:3])} …: {error.stderr.strip()[-600:]}") from error
