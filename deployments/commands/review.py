"""The commands `digits review …`."""

from __future__ import annotations

import ipaddress
import secrets
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import typer

from deployments.commands.tables import print_table
from digit_core.errors import InputError
from flows.networks import networks_for_a_look
from flows.planning import limits
from flows.settings import Settings, load_settings
from tasks.adapters.layout_store import LayoutFolder
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage, normalise
from tasks.reader_spec import ReaderSpec

if TYPE_CHECKING:
    import uvicorn

    from deployments.review_app.apart import Apart

SHORTEST_TOKEN, FEWEST_LETTERS = 20, 10
"""Least length of a token, and least number of different letters in it."""

DECODE_SECONDS = 60.0
GOODBYE_SECONDS = 0.3
"""Time for requests in progress when the server is told to end; browsers send a decision again."""

MOST_CONNECTIONS = 2_000
"""Open connections, about six per browser; more are answered 503."""

_LOOK_EVERY = 0.1  # seconds between two checks
_BUSY_SECONDS = 5.0  # short, because a reviewer waits: the page keeps decisions and sends them again


def serve(host: str, port: int) -> None:
    """Serve the page until Ctrl-C."""
    import uvicorn

    from deployments.review_app.apart import Apart
    from deployments.review_app.app import create_app
    from deployments.review_app.context import ReviewContext, ReviewOptions
    from deployments.review_app.sessions import Sessions, kept_key

    settings = load_settings()
    token = settings.review_token.get_secret_value()
    names = _names(host, token)
    options = ReviewOptions(
        token=token,
        hosts=names,
        lease=settings.review_lease_seconds,
        carpet_from=settings.review_carpet_from,
        carpet_size=settings.review_carpet_size,
        tls=settings.review_tls,
        sources=settings.review_sources,
    )
    sessions = Sessions(kept_key(settings.home_folder / "review-sessions.key"), token)
    apart = Apart(min(DECODE_SECONDS, settings.page_seconds), settings.review_page_megabytes)
    with closing(apart), ReviewQueue(settings.review_url, _BUSY_SECONDS) as queue, _listening(host, port) as listener:
        storage, layouts = Storage(settings.storage_options), LayoutFolder(settings.layouts_folder)
        context = ReviewContext(
            queue, storage, limits(settings), lambda: _reader_spec(settings), layouts, sessions, apart, options
        )
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"{queue.counts().get('open', 0):,} digits wait for review: open http://{shown}:{listener.getsockname()[1]}/")
        typer.echo("Ctrl-C ends it; no decision is lost")
        options_of_server = {"log_level": "warning", "server_header": False, "limit_concurrency": MOST_CONNECTIONS}
        options_of_server["timeout_graceful_shutdown"] = GOODBYE_SECONDS
        config = uvicorn.Config(create_app(context), **options_of_server)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        threading.Thread(target=_close_at_exit, args=(server, apart), daemon=True).start()
        server.run(sockets=[listener])


def _close_at_exit(server: uvicorn.Server, apart: Apart) -> None:
    """Close the decoding process when the server ends; a request that waits for it would keep the server running."""
    while not server.should_exit:
        time.sleep(_LOOK_EVERY)
    apart.close()


def _names(host: str, token: str) -> tuple[str, ...]:
    """Return the host names of the page. Raises InputError where it would be open to other machines without a token."""
    if _is_this_machine(host):
        return ("127.0.0.1", "localhost", "::1", host)
    if len(token) < SHORTEST_TOKEN or len(set(token)) < FEWEST_LETTERS:
        raise InputError(
            f"other machines can reach {host}: set DIGITS_REVIEW_TOKEN to a token from `digits review token` that "
            f"only your reviewers know ({SHORTEST_TOKEN} letters at least, {FEWEST_LETTERS} of them different), "
            "or leave out --host"
        )
    return ("*",)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()  # from here on connections are accepted, though the first answer may take a moment
            yield listener
    except OSError as error:
        raise InputError(f"cannot listen on {host}, port {port}: {error.strerror}; give another --host or --port") from error


def _reader_spec(settings: Settings) -> ReaderSpec:
    return ReaderSpec(networks_for_a_look(settings), limits(settings))


def token() -> None:
    """Print a new token of 192 random bits."""
    typer.echo(secrets.token_urlsafe(24))


def status() -> None:
    """Print how far each collection is reviewed, and by whom."""
    with ReviewQueue(load_settings().review_url) as queue:
        found = queue.statistics.collections()
        people = [
            (one.name, person.reviewer, person.decided, person.today)
            for people in [queue.progress.people()]
            for one in found
            for person in people[one.name]
        ]
        shared = {one.name: queue.progress.shared(one.name) for one in found}
    rows = [(one.name, one.open, one.decided, shared[one.name], one.corrected, _audit(one.audit)) for one in found]
    if not rows:
        typer.echo("the review queue is empty; `digits digitise FOLDER --out RESULTS` fills it")
        return
    print_table(
        ("collection", "open", "decided", "of these in another collection", "corrected", "error of the accepted, by the audit"),
        rows,
    )
    if people:
        typer.echo()
        print_table(("collection", "person", "digits decided", "in the last day"), people)


def _audit(audit: object) -> str:
    from tasks.adapters.review.statistics import Audit

    if not isinstance(audit, Audit) or not audit.is_enough:
        return "- (too few audits)"
    low, high = audit.interval
    return f"{audit.wrong / audit.checked:.2%} ({low:.2%} to {high:.2%}, {audit.checked} digits)"


def readers(dest: str, number: int) -> None:
    """Set how many people read each digit of the collection."""
    with ReviewQueue(load_settings().review_url) as queue:
        collection = normalise(dest)
        if collection not in queue.collections():
            raise InputError(f"no digit of {collection} is in the queue; `digits review status` lists the collections")
        queue.decisions.read_twice(collection, number)
    people = "two people independently, and a third where they differ" if number == 2 else "one person"
    typer.echo(f"each digit of {collection} is read by {people}")
    typer.echo(f"Next: digits review serve   ({shlex.quote(collection)})")
