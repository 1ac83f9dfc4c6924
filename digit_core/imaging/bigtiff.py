"""BigTIFF files whose numbers stand most significant byte first, written anew as classic TIFF: Pillow reads their header wrongly.

The pixels stay where they are. The directories are appended with offsets of four bytes in place of eight.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from digit_core.imaging.integrity import broken, cut_short

BIG_ENDIAN = b"MM\0+"
_ENTRY, _OLD_ENTRY = struct.Struct(">HHQ8s"), struct.Struct(">HHI4s")
_NARROWER = {16: 4, 17: 9, 18: 13}
"""Types of eight bytes that tell places and lengths, and those of four in their stead."""

_FOLDERS = frozenset({330, 34665, 34853, 40965})  # of sub-images, EXIF data, position: places of further directories
_GREATEST = 2**32 - 1
_SPARE = 65_536


@dataclass(slots=True)
class _Tail:
    """What is appended to a file of `start` bytes."""

    start: int
    data: bytearray

    def add(self, values: bytes) -> int:
        """Append and return the place, which is even."""
        self.data += b"\0" * (len(self.data) % 2)
        place = self.start + len(self.data)
        self.data += values
        if len(self.data) > self.start + _SPARE or place > _GREATEST:
            broken("TIFF", "its directories are larger than the file, or it is a BigTIFF of more than 4 gigabytes")
        return place


def as_classic(data: bytes, sizes: dict[int, int]) -> bytes:
    """The same pictures as a classic TIFF; sizes: bytes of a value by its type. The chain of directories has been walked before.

    Raises PageError: TRUNCATED for a directory or a value outside of the file, DAMAGED for what has no place within 4 gigabytes.
    """
    tail = _Tail(len(data) + len(data) % 2, bytearray())
    try:
        (offset,) = struct.unpack_from(">Q", data, 8)
        head = link = 0  # the first directory, and where the last one tells the place of the next
        while offset:
            entries, offset = _directory(data, offset, sizes, tail)
            body = struct.pack(">H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
            place = tail.add(body)
            if link:
                struct.pack_into(">I", tail.data, link, place)
            head = head or place
            link = place + len(body) - 4 - tail.start
    except struct.error:
        cut_short("TIFF")
    return b"MM\0*" + struct.pack(">I", head) + data[8:] + b"\0" * (len(data) % 2) + bytes(tail.data)


def _directory(data: bytes, offset: int, sizes: dict[int, int], tail: _Tail) -> tuple[list[bytes], int]:
    """Its entries as a classic TIFF has them, and the place of the next one (0 at the end)."""
    (count,) = struct.unpack_from(">Q", data, offset)
    (following,) = struct.unpack_from(">Q", data, offset + 8 + count * _ENTRY.size)
    return list(_entries(data, offset + 8, count, sizes, tail)), following


def _entries(data: bytes, start: int, count: int, sizes: dict[int, int], tail: _Tail) -> Iterator[bytes]:
    for at in range(count):
        tag, kind, number, value = _ENTRY.unpack_from(data, start + at * _ENTRY.size)
        size = sizes.get(kind, 0) * number
        if tag in _FOLDERS or not size or number > _GREATEST:
            continue
        inside = size <= len(value)
        place = 0 if inside else struct.unpack(">Q", value)[0]
        if place + size > len(data):
            continue  # of tags that cost pixels `page_frames` has told
        if not inside and kind not in _NARROWER and place <= _GREATEST:
            yield _OLD_ENTRY.pack(tag, kind, number, struct.pack(">I", place))  # they stay where they are
            continue
        values = value[:size] if inside else data[place : place + size]
        if kind in _NARROWER:
            kind, values = _NARROWER[kind], _narrow(values, number)
        small = values.ljust(4, b"\0") if len(values) <= 4 else struct.pack(">I", tail.add(values))
        yield _OLD_ENTRY.pack(tag, kind, number, small)


def _narrow(values: bytes, number: int) -> bytes:
    found = struct.unpack(f">{number}Q", values)
    if max(found) > _GREATEST:
        broken("TIFF", "a BigTIFF of more than 4 gigabytes")
    return struct.pack(f">{number}I", *found)
