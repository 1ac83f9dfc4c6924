"""Signed session cookies: they bind the reviewer's name, expire, and do not reveal the token."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

SECONDS = 7 * 24 * 3600
"""Lifetime of a session in seconds."""

_PURPOSE = "digits review session"


class Sessions:
    """Sessions signed by `key`, which stays on the server; a new token invalidates all earlier sessions."""

    def __init__(self, key: bytes, token: str = "") -> None:
        secret = hashlib.sha256(key + hashlib.sha256(token.encode()).digest()).digest()
        self._signer = URLSafeTimedSerializer(secret, _PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})

    def issue(self, name: str) -> str:
        """Create the cookie's value for this name."""
        return str(self._signer.dumps(name))

    def name_in(self, cookie: str) -> str:
        """Return the name in the cookie; "" if there is none, it has expired, or its signature is wrong."""
        try:
            name = self._signer.loads(cookie, max_age=SECONDS)
        except BadData:
            return ""
        return name if isinstance(name, str) else ""


def kept_key(file: Path) -> bytes:
    """Return the key in this file, which only its owner may read; it is created at first use."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=file.parent)  # the file has mode 0600
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(32))
        with suppress(FileExistsError):  # another server created it first
            os.link(made, file)
        Path(made).unlink()
    return file.read_bytes()
