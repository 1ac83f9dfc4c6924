"""S3 as a store. Keys are passed unchanged, bypassing the path parsing of s3fs, which removes `?versionId=` from names, expands
`*` and `?`, and asks for an object's size before reading it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import s3fs
from aiobotocore.session import AioSession  # type: ignore[import-untyped]
from botocore.handlers import add_expect_header  # type: ignore[import-untyped]
from botocore.utils import parse_timestamp  # type: ignore[import-untyped]
from fsspec.asyn import sync

from digit_core.errors import InputError
from digit_core.records import SourceObject
from tasks.adapters.storage.protocol import HIDDEN, Entry, Missing, OnSkip, Patience, at_once, is_hidden
from tasks.adapters.storage.s3_errors import KNOWN, code_of, explain, is_denied, is_gone, may_pass

T = TypeVar("T")

AT_ONCE = 16
"""Requests in flight for one call."""

CHUNK = 1 << 20
"""Bytes of an object held while it is written to the spool folder."""

WRITE_SECONDS = 120.0
WRITE_PACE = 100_000
"""A write is given up after these seconds plus its time at this many bytes per second: the HTTP client itself waits for ever for
a server that does not take the body."""

BODY_ATTEMPTS = 4
"""Number of requests for a body that breaks off; botocore itself repeats only what fails before the body."""

BODY_PAUSE = 0.4
"""Seconds before the second attempt at a body; doubled each time."""

# botocore reads AWS_DEFAULT_REGION only; the other AWS tools prefer AWS_REGION
_REGION = {"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)}

# checksums only where S3 requires them: many S3-compatible stores do not know the newer kinds
_CONFIG = {
    "retries": {"mode": "standard", "total_max_attempts": 4},
    "max_pool_connections": 2 * AT_ONCE,
    "connect_timeout": 5,
    "read_timeout": 20,
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class S3:
    """An S3 store; `options` are those of s3fs.S3FileSystem, the rest comes from the AWS environment and configuration.

    `patience` applies to each page of a listing, which only this class can resume.
    """

    def __init__(self, options: Mapping[str, Any], patience: Patience = at_once) -> None:
        self._patience = patience
        options = {**options, "config_kwargs": {**_CONFIG, **options.get("config_kwargs", {})}}
        try:
            session = AioSession(profile=options.pop("profile", None), session_vars=_REGION)
            session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
            session.unregister("before-call.s3", add_expect_header)  # waiting for a silent server's 100 has no time limit
            self._fs = s3fs.S3FileSystem(**options, session=session, use_listings_cache=False, skip_instance_cache=True)
            self._fs.retries = 1  # botocore retries already; both together would make 20 tries
            self._fs.connect()
        except KNOWN as error:
            raise explain(error, "the object storage", str(options.get("endpoint_url") or "AWS_ENDPOINT_URL")) from error
        self.endpoint = str(self._fs.s3.meta.endpoint_url)

    def list_objects(self, source: str, on_skip: OnSkip) -> Iterator[SourceObject]:
        """List the objects in the byte order of their keys, 1,000 at a time in memory. An object of this name takes precedence
        over a folder, unless it is an empty one, which many tools create as a folder's placeholder."""
        bucket, key = split(source)
        single = self._patience(lambda: self._single(source, bucket, key))
        if single and single.size:
            yield single
            return
        found = 0
        for found, entry in enumerate(self._entries(source, bucket, key), start=1):  # noqa: B007  counts what is hidden too
            name = entry["Key"].removeprefix(f"{key}/" if key else "")
            if entry["Key"].endswith("/") and not entry["Size"]:
                continue
            uri = f"s3://{bucket}/{entry['Key']}"
            if is_hidden(name):
                on_skip(uri, HIDDEN)
            else:
                yield _source_object(uri, entry["Size"], entry)
        if single and not found:
            yield single
        elif key and not found:
            raise InputError(f"there is no object or folder {source} at {self.endpoint}: check the name")

    def list_folder(self, folder: str) -> Iterator[Entry]:
        bucket, key = split(folder)
        for entry in self._entries(folder, bucket, key, Delimiter="/"):
            name = entry["Key"].removeprefix(f"{key}/" if key else "")
            if name and not is_hidden(name):
                yield Entry(f"{folder}/{name}", _version(entry["Size"], entry), entry["LastModified"].timestamp())

    def fetch(self, uris: Sequence[str], folder: Path) -> list[Path | Missing]:
        """Download the objects to files named by their position in `uris`, never by a key."""
        folder.mkdir(parents=True, exist_ok=True)
        targets = {uri: folder / f"{place:05d}" for place, uri in enumerate(uris)}

        async def one(uri: str) -> Path | Missing:
            try:
                await self._download(uri, targets[uri])
            except KNOWN as error:
                if is_gone(error):
                    return Missing(uri, f"{uri} was deleted after it was listed")
                if is_denied(error):
                    return Missing(uri, f"{uri} may not be read: {error}")
                raise
            return targets[uri]

        return self._all(one, uris)

    def read(self, uris: Sequence[str]) -> list[bytes | None]:
        async def one(uri: str) -> bytes | None:
            try:
                return await self._get(uri)
            except KNOWN as error:
                if is_gone(error):
                    return None
                raise

        return self._all(one, uris)

    def write(self, objects: Mapping[str, bytes]) -> None:
        """Write each object with one PUT: it appears completely or not at all."""

        async def one(uri: str) -> None:
            await asyncio.wait_for(self._call("put_object", uri, Body=objects[uri]), _patience(objects[uri]))

        self._all(one, list(objects))

    def exist(self, uris: Sequence[str]) -> list[bool]:
        async def one(uri: str) -> bool:
            try:
                await self._call("head_object", uri)
            except KNOWN as error:
                if is_gone(error):
                    return False
                raise
            return True

        return self._all(one, uris)

    def delete(self, uris: Sequence[str]) -> None:
        async def one(uri: str) -> None:
            await self._call("delete_object", uri)

        self._all(one, uris)

    def clean(self, folder: str) -> None:
        """Do nothing: an unfinished PUT leaves nothing."""

    def _single(self, source: str, bucket: str, key: str) -> SourceObject | None:
        if not key:
            return None
        try:
            answer = self._fs.call_s3("head_object", Bucket=bucket, Key=key)
        except KNOWN as error:
            if code_of(error).startswith("4"):  # the answer to HEAD has no body with the reason; the listing will
                return None
            raise explain(error, source, self.endpoint) from error
        return _source_object(source, answer["ContentLength"], answer)

    def _entries(self, uri: str, bucket: str, key: str, **more: str) -> Iterator[dict[str, Any]]:
        request = {"Bucket": bucket, "Prefix": f"{key}/" if key else "", **more}
        while True:
            page = self._patience(lambda: self._page(uri, request))
            yield from page.get("Contents", [])
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def _page(self, uri: str, request: dict[str, str]) -> dict[str, Any]:
        try:
            page: dict[str, Any] = self._fs.call_s3("list_objects_v2", **request)
        except KNOWN as error:
            raise explain(error, uri, self.endpoint) from error
        return page

    def _all(self, action: Callable[[str], Awaitable[T]], uris: Sequence[str]) -> list[T]:
        """Run the action on each URI, some at once; wait for all, then raise the first error."""

        async def run() -> list[T | BaseException]:
            turn = asyncio.Semaphore(AT_ONCE)

            async def in_turn(uri: str) -> T:
                async with turn:
                    return await action(uri)

            return await asyncio.gather(*(in_turn(uri) for uri in uris), return_exceptions=True)

        outcomes: list[Any] = sync(self._fs.loop, run)
        for uri, outcome in zip(uris, outcomes, strict=True):
            if isinstance(outcome, KNOWN):
                raise explain(outcome, uri, self.endpoint) from outcome
            if isinstance(outcome, BaseException):
                raise outcome
        return outcomes

    async def _call(self, method: str, uri: str, **more: bytes) -> dict[str, Any]:
        bucket, key = split(uri)
        answer: dict[str, Any] = await self._fs._call_s3(method, Bucket=bucket, Key=key, **more)
        return answer

    async def _get(self, uri: str) -> bytes:
        async def once() -> bytes:
            answer = await self._call("get_object", uri)
            async with answer["Body"] as body:
                return bytes(await body.read())

        return await _patiently(once)

    async def _download(self, uri: str, target: Path) -> None:
        async def once() -> None:
            answer = await self._call("get_object", uri)
            async with answer["Body"] as body:
                with target.open("wb") as file:
                    while chunk := await body.read(CHUNK):
                        file.write(chunk)

        await _patiently(once)


def _moment(text: str) -> datetime:
    """Parse a time. botocore's own parser would take half the time of a listing."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a time as in HTTP headers
        moment: datetime = parse_timestamp(text)
        return moment


def _patience(data: bytes) -> float:
    return WRITE_SECONDS + len(data) / WRITE_PACE


async def _patiently(action: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(BODY_ATTEMPTS - 1):
        try:
            return await action()
        except KNOWN as error:
            if not may_pass(error):
                raise
            await asyncio.sleep(BODY_PAUSE * 2**attempt)
    return await action()


def _source_object(uri: str, size: int, entry: Mapping[str, Any]) -> SourceObject:
    return SourceObject(uri, size, _version(size, entry))


def _version(size: int, entry: Mapping[str, Any]) -> str:
    tag = str(entry.get("ETag", "")).strip('"')
    return tag or f"{size}-{entry['LastModified'].timestamp()}"


def split(uri: str) -> tuple[str, str]:
    """Split the URI into bucket and key. Raises InputError for a URI without a bucket."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise InputError(f"{uri} names no bucket: write s3://bucket/folder")
    return bucket, key
