"""What stands before every view: who may call, from where, how much they may send, and what a browser may do with the answer.

A page on this machine alone still has enemies: other web sites in the same browser. They are told apart by the Host header
(a site whose name was turned to 127.0.0.1), by Origin and Sec-Fetch-Site, and by a header that no form can send.
"""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.review_app.context import ReviewOptions

MOST_BYTES = 6_000_000
"""Of a request; an image to try is the largest."""

_MORE_BYTES = {"/api/layouts/open": 60_000_000}
"""Where whole scans are sent."""

TOKEN_COOKIE, NAME_COOKIE = "digits_token", "digits_reviewer"
LONGEST_NAME = 40
_OPEN_TO_ALL = ("/static/", "/enter")
_ASKED_BY_SCRIPTS = ("/api/", "/picture/")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob:; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooMuchError(Exception):
    """More bytes came than a request may have."""

    def __init__(self, most: int) -> None:
        super().__init__(_too_much(most))


class Guard:
    """An ASGI application around another one; puts the reviewer's name into `request.state.reviewer`."""

    def __init__(self, app: ASGIApp, options: ReviewOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), str(scope["path"])
        refusal = self._refusal(scope["method"], path, headers)
        scope.setdefault("state", {})["reviewer"] = reviewer_of(headers)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, _counted(receive, most_bytes(path)), _with_headers(send))

    def _refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        if "*" not in self._options.hosts and _host_name(headers.get("host", "")) not in self._options.hosts:
            return refuse(421, "this page is not served under that name")
        if method not in ("GET", "HEAD") and not _is_own_request(headers):
            return refuse(403, "this request came from another site: open the review page itself and try again there")
        if _too_long(headers.get("content-length", "0"), most_bytes(path)):
            return refuse(413, _too_much(most_bytes(path)))
        if not path.startswith(_OPEN_TO_ALL) and not (self._is_known(headers) and reviewer_of(headers)):
            asked = path.startswith(_ASKED_BY_SCRIPTS)
            return refuse(401, "sign in first: load the page anew") if asked else RedirectResponse("/enter", 303)
        return None

    def _is_known(self, headers: Headers) -> bool:
        token = self._options.token
        return not token or hmac.compare_digest(_cookie(headers, TOKEN_COOKIE).encode(), session_of(token).encode())


def refuse(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status)


def session_of(token: str) -> str:
    """What the cookie holds: whoever reads it learns nothing of the token, and another token makes it worthless."""
    return hmac.new(token.encode(), b"digits review", hashlib.sha256).hexdigest()


def is_token(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def reviewer_of(headers: Headers) -> str:
    """The name in the cookie, "" without one or with one that cannot be."""
    name = unquote(_cookie(headers, NAME_COOKIE), errors="replace")
    return name if is_name(name) else ""


def is_name(name: str) -> bool:
    """Up to 40 printable characters; no commas, which stand between names."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip() and "," not in name


def cookie(response: Response, key: str, value: str) -> None:
    response.set_cookie(key, quote(value), max_age=30 * 24 * 3600, httponly=True, samesite="strict", path="/")


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _host_name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _is_own_request(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in (None, "same-origin") or (origin is not None and urlsplit(origin).netloc != headers.get("host")):
        return False
    return headers.get("x-digits-review") == "1" or origin is not None


def most_bytes(path: str) -> int:
    """That a request to this path may have."""
    return _MORE_BYTES.get(path, MOST_BYTES)


def _too_much(most: int) -> str:
    return f"that is more than {most // 1_000_000} MB: send a smaller image"


def _too_long(length: str, most: int) -> bool:
    return not length.isdecimal() or int(length) > most


def _counted(receive: Receive, most: int) -> Receive:
    """For bodies whose length was not said."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise TooMuchError(most)
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent
