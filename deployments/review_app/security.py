"""Protection of every view: who may call, from where, how much may be sent, and what a browser may do with the answer.

Even a page on this machine alone can be attacked by other web sites in the same browser. They are recognised by the Host header
(DNS rebinding), by Origin and Sec-Fetch-Site, and by a header that no form can send.
"""

from __future__ import annotations

import hmac
import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.review_app.context import ReviewOptions
from deployments.review_app.sessions import SECONDS, Sessions

log = logging.getLogger(__name__)

MOST_BYTES = 200_000
"""Size limit of a request: a screen of decisions has a tenth of it."""

_MORE_BYTES = {"/enter": 10_000, "/api/read": 6_000_000, "/api/layouts/open": 60_000_000}
"""Size limits where an image, or a whole scan, is sent."""

_LAYOUTS, _LAYOUT_BYTES = "/api/layouts/", 2_200_000
"""A layout file has at most two million characters."""

_LAYOUTS_AT_ONCE = 4 * _LAYOUT_BYTES
"""Total of all layout requests in progress; parsed, they take thirty times as much memory."""

_LONGEST_COOKIES = 4_096
_LONGEST_PLACE = 300
"""Greatest length of Host and Origin."""

SESSION_COOKIE = "digits_session"
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
    """A body larger than allowed."""

    def __init__(self, most: int) -> None:
        super().__init__(_too_much(most))


class Guard:
    """ASGI middleware that checks requests and puts the reviewer's name into `request.state.reviewer`.

    Errors of the inner application are answered here too, so that every response has the security headers.
    """

    def __init__(self, app: ASGIApp, options: ReviewOptions, sessions: Sessions) -> None:
        self._app = app
        self._options = options
        self._sessions = sessions
        self._layouts = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), str(scope["path"])
        reviewer = "" if _is_overlong(headers) else self._sessions.name_in(_cookie(headers, SESSION_COOKIE))
        scope.setdefault("state", {})["reviewer"] = reviewer
        answer = self._refusal(scope["method"], path, headers, reviewer)
        if answer is not None:
            await answer(scope, receive, _with_headers(send))
            return
        size = _layout_bytes(path, headers)
        if size and self._layouts + size > _LAYOUTS_AT_ONCE:
            await busy("others are sending layouts just now: try again in a moment")(scope, receive, _with_headers(send))
            return
        self._layouts += size
        try:
            await self._answered(scope, _counted(receive, most_bytes(path)), _with_headers(send))
        finally:
            self._layouts -= size

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            log.exception("a request could not be answered")
            if not begun:
                await refuse(500, "the server failed; see its log")(scope, receive, sent)

    def _refusal(self, method: str, path: str, headers: Headers, reviewer: str) -> Response | None:
        if _is_overlong(headers):
            return refuse(400, "this request's headers are too long for a browser: sign in again")
        try:
            host, own = _host_name(headers.get("host", "")), _is_own_request(headers)
        except ValueError:
            return refuse(400, "this request has an invalid address: reload the page")
        if "*" not in self._options.hosts and host not in self._options.hosts:
            return refuse(421, "this page is not served under that name")
        if method not in ("GET", "HEAD") and not own:
            return refuse(403, "this request came from another site: open the review page itself and try again there")
        if _too_long(headers.get("content-length", "0"), most_bytes(path)):
            return refuse(413, _too_much(most_bytes(path)))
        if not path.startswith(_OPEN_TO_ALL) and not reviewer:
            return refuse(401, "sign in first: reload the page") if for_scripts(path) else RedirectResponse("/enter", 303)
        return None


def for_scripts(path: str) -> bool:
    """Whether the page's scripts ask for this path, and not a person."""
    return path.startswith(_ASKED_BY_SCRIPTS)


def refuse(status: int, error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status)


def busy(error: str) -> JSONResponse:
    """Answer 503, with the time after which to try again."""
    return JSONResponse({"error": error}, 503, {"Retry-After": "5"})


def is_token(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def is_name(name: str) -> bool:
    """Whether the name has up to 40 printable characters and no comma, which separates names."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip() and "," not in name


def set_session(response: Response, value: str, secure: bool) -> None:
    """Set the session cookie; with `secure` browsers send it over TLS only."""
    response.set_cookie(SESSION_COOKIE, value, max_age=SECONDS, httponly=True, secure=secure, samesite="strict", path="/")


def _is_overlong(headers: Headers) -> bool:
    cookies = sum(len(value) for value in headers.getlist("cookie"))
    places = max(len(headers.get(name, "")) for name in ("host", "origin"))
    return cookies > _LONGEST_COOKIES or places > _LONGEST_PLACE


def _cookie(headers: Headers, name: str) -> str:
    """Return our cookie, which has no quotes or escapes. Python's parser would take quadratic time for hostile headers."""
    parts = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((value for key, _, value in parts if key == name), "")


def _host_name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _is_own_request(headers: Headers) -> bool:
    """Whether the request comes from our own page. Raises ValueError for an Origin that is no address."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in (None, "same-origin") or (origin is not None and urlsplit(origin).netloc != headers.get("host")):
        return False
    return headers.get("x-digits-review") == "1" or origin is not None


def most_bytes(path: str) -> int:
    """Return the largest body in bytes that a request to this path may have."""
    return _MORE_BYTES.get(path, _LAYOUT_BYTES if path.startswith(_LAYOUTS) else MOST_BYTES)


def _layout_bytes(path: str, headers: Headers) -> int:
    """Return how many bytes of layouts a request may have; uploads of scans go to a file, and have none."""
    if not path.startswith(_LAYOUTS) or path in _MORE_BYTES:
        return 0
    return min(int(headers.get("content-length", _LAYOUT_BYTES if "transfer-encoding" in headers else 0)), _LAYOUT_BYTES)


def _too_much(most: int) -> str:
    return f"that is more than {most / 1e6:g} MB: send a smaller image"


def _too_long(length: str, most: int) -> bool:
    return not (length.isascii() and length.isdecimal() and len(length) < 20) or int(length) > most


def _counted(receive: Receive, most: int) -> Receive:
    """Limit a body whose length was not declared."""
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
