"""An S3 server that answers as a test tells it to: with errors, silence, torn bodies, or listings of any length."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """`body_sent` bytes of the body go out, all if None; `reset` drops the connection before a word is said."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    body_sent: int | None = None
    reset: bool = False
    delay: float = 0.0


RESET = Answer(reset=True)


def error(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>told to say {code}</Message></Error>".encode())


def listing(request: Request, keys: int) -> Answer:
    """One page of a listing of `keys` objects named 000000.png and so on."""
    start = int(request.query.get("continuation-token", "0"))
    stop = min(start + 1000, keys)
    entries = "".join(
        f"<Contents><Key>{request.query['prefix']}{number:06d}.png</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f'<ETag>"{number:032x}"</ETag><Size>1000</Size><StorageClass>STANDARD</StorageClass></Contents>'
        for number in range(start, stop)
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{stop}</NextContinuationToken>" if stop < keys else ""
    return Answer(200, f"<ListBucketResult><Name>b</Name>{entries}{more}</ListBucketResult>".encode())


@dataclass(frozen=True)
class ScriptedS3:
    """`options` open it with fsspec; `requests` holds what it was asked."""

    options: Mapping[str, Any]
    requests: list[Request]


@contextlib.contextmanager
def scripted_s3(answer: Callable[[Request], Answer], read_timeout: float = 20) -> Iterator[ScriptedS3]:
    """Runs the server, on a free port of 127.0.0.1, for the time of the block."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            request = Request(self.command, unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)))
            requests.append(request)
            _send(self, answer(request))

        do_GET = do_HEAD = do_PUT = do_DELETE = handle_any  # noqa: N815  the names that http.server calls

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        config = {"read_timeout": read_timeout}
        yield ScriptedS3(
            {"endpoint_url": f"http://127.0.0.1:{server.server_port}", "key": "k", "secret": "s", "config_kwargs": config},
            requests,
        )
    finally:
        server.shutdown()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    time.sleep(answer.delay)
    handler.close_connection = True
    if answer.reset:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close as a reset
        handler.connection.close()
        return
    with contextlib.suppress(ConnectionError):  # the client may have given up
        handler.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), "Connection": "close", **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer.body[: answer.body_sent])
