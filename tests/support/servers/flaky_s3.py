"""Stands between a client and a real S3 server, and does to some of the requests what networks and busy stores do."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>be slower</Message></Error>"
KINDS = ("busy", "reset", "timeout", "slow", "torn")
HANDED_ON = {"transfer-encoding", "connection", "content-length"}


@dataclass
class Flaky:
    """`share` of the requests meets with one of `kinds`; while `down`, all are reset. `done` counts what was done.

    `before` is told method and path of every request before it goes on.
    """

    upstream: str
    share: float = 0.0
    kinds: tuple[str, ...] = KINDS
    silence: float = 6.0
    down: bool = False
    port: int = 0
    done: Counter[str] = field(default_factory=Counter)
    before: Callable[[str, str], None] = lambda method, path: None
    draw: random.Random = field(default_factory=lambda: random.Random(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault(self) -> str:
        if self.down:
            return "down"
        return self.draw.choice(self.kinds) if self.draw.random() < self.share else ""


@contextlib.contextmanager
def flaky_s3(upstream: str) -> Iterator[Flaky]:
    flaky = Flaky(urlsplit(upstream).netloc)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = flaky.fault()
            flaky.done[fault or "well"] += 1
            self.close_connection = True
            flaky.before(self.command, unquote(urlsplit(self.path).path))
            with contextlib.suppress(ConnectionError):
                _answer(self, flaky, fault, body)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = handle_any  # noqa: N815  the names that http.server calls

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    flaky.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield flaky
    finally:
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, flaky: Flaky, fault: str, body: bytes) -> None:
    if fault in ("reset", "down"):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        return
    if fault == "busy":
        _send(handler, 503, {}, BUSY, None)
        return
    if fault == "timeout":
        time.sleep(flaky.silence)
    if fault == "slow":
        time.sleep(1.0)
    upstream = http.client.HTTPConnection(flaky.upstream, timeout=60)
    upstream.request(handler.command, handler.path, body, dict(handler.headers))
    answer = upstream.getresponse()
    data = answer.read()
    headers = {name: value for name, value in answer.getheaders() if name.lower() not in HANDED_ON}
    length = answer.headers.get("Content-Length") if handler.command == "HEAD" else None
    _send(handler, answer.status, headers, data, length, torn=fault == "torn" and len(data) > 1)


def _send(
    handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes, length: str | None, torn: bool = False
) -> None:
    handler.send_response_only(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", length or str(len(data)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data[: len(data) // 2] if torn else data)
