"""Who somebody is, in a signed cookie: it binds the name, ends by itself, and tells nothing of the token."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

SECONDS = 7 * 24 * 3600
"""For which a session is good."""

_PURPOSE = "digits review session"


class Sessions:
    """Signed by `key`, which stays on the server; another token makes those of before worthless."""

    def __init__(self, key: bytes, token: str = "") -> None:
        secret = hashlib.sha256(key + hashlib.sha256(token.encode()).digest()).digest()
        self._signer = URLSafeTimedSerializer(secret, _PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})

    def issue(self, name: str) -> str:
        """What the cookie of this person holds."""
        return str(self._signer.dumps(name))

    def name_in(self, cookie: str) -> str:
        """Whose cookie it is; "" for none, an old one, and one that was not signed here."""
        try:
            name = self._signer.loads(cookie, max_age=SECONDS)
        except BadData:
            return ""
        return name if isinstance(name, str) else ""


def kept_key(file: Path) -> bytes:
    """The key in this file, which only its owner may read; it is made when it is first asked for."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=file.parent)  # 0600
        with os.fdopen(handle, "wb") as opened:
            opened.write(secrets.token_bytes(32))
        with suppress(FileExistsError):  # another server was quicker
            os.link(made, file)
        Path(made).unlink()
    return file.read_bytes()
