"""The format of a file of metrics: a header, then records, each with its cells behind it.

Header, 64 bytes: magic, the end of what is valid, the kind of the file, the service's digest.
Record: size, kind, metric, length of the text, checksum (16 bytes); the text; padding to 8; the cells, float64 each.
A record's `metric` is the number of its declaration among the declarations of the file. Numbers are in the order of the
machine, which no file leaves: `end` and the cells have to be loaded and stored whole, and only native ones are.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from backend.core.monitoring.metrics.description import Description

MAGIC = b"ARTISAN1"
HEADER_SIZE = 64
END = 1  # the place of the header's `end`, counted in numbers of 8 bytes
_HEADER = struct.Struct("=8sQQ16s")
_RECORD = struct.Struct("=IHHII")
_CHECKED = _RECORD.size - 4  # the checksum covers what stands before it, and the text


class FileKind(IntEnum):
    """Whose numbers a file holds."""

    WORKER = 1
    FOLDED = 2


class Kind(IntEnum):
    """What a record says."""

    METRIC = 1
    SERIES = 2
    EXEMPLARS = 3
    CONTAINS = 4


class Header(NamedTuple):
    """The beginning of a file. `end` is the offset behind its last valid record."""

    end: int
    kind: FileKind
    service: bytes


class Record(NamedTuple):
    """One record, and the offset of its cells in the file, counted in cells."""

    kind: Kind
    metric: int
    text: bytes
    cell: int
    cells: int


class TornError(ValueError):
    """What should be a record is none."""


class ForeignError(ValueError):
    """A file that no worker of this service has written."""


def service_digest(service: str) -> bytes:
    """16 bytes that stand for a service's name."""
    return hashlib.sha256(service.encode()).digest()[:16]


def pack_header(header: Header) -> bytes:
    """The header's bytes."""
    return _HEADER.pack(MAGIC, header.end, header.kind, header.service).ljust(HEADER_SIZE, b"\0")


def unpack_header(data: bytes | memoryview) -> Header:
    """The header of a file; raises ForeignError when it has none of this version."""
    if len(data) < HEADER_SIZE:
        raise ForeignError("it is too short for a header")
    magic, end, kind, service = _HEADER.unpack_from(data)
    if magic != MAGIC or kind not in FileKind._value2member_map_:
        raise ForeignError("it does not begin like a file of this version")
    return Header(end, FileKind(kind), service)


def record_size(text: bytes, cells: int) -> int:
    """Bytes of a record with its cells, a multiple of 8."""
    return _cells_offset(text) + cells * 8


def pack_record(kind: Kind, metric: int, text: bytes, cells: int) -> bytes:
    """The bytes of a record before its cells."""
    size = record_size(text, cells)
    head = _RECORD.pack(size, kind, metric, len(text), 0)[:_CHECKED]
    checksum = zlib.crc32(text, zlib.crc32(head))
    return (head + checksum.to_bytes(4, sys.byteorder) + text).ljust(size - cells * 8, b"\0")


def unpack_record(data: memoryview, offset: int, end: int) -> tuple[Record, int]:
    """The record at `offset` and the offset of the next one; raises TornError when there is none before `end`."""
    if offset + _RECORD.size > end:
        raise TornError(f"a record at {offset} ends behind {end}")
    size, kind, metric, length, checksum = _RECORD.unpack_from(data, offset)
    start = offset + _RECORD.size
    text = bytes(data[start : start + length])
    cells = size - _cells_offset(text)
    if len(text) < length or cells < 0 or cells % 8 or offset + size > end:
        raise TornError(f"the record at {offset} does not fit")
    if (
        zlib.crc32(text, zlib.crc32(data[offset : offset + _CHECKED])) != checksum
        or kind not in Kind._value2member_map_
    ):
        raise TornError(f"the record at {offset} has a wrong checksum")
    return Record(Kind(kind), metric, text, (offset + size - cells) // 8, cells // 8), offset + size


def pack_description(description: Description) -> bytes:
    """A metric's declaration as the text of a record."""
    return orjson.dumps(description, default=dict)


@lru_cache(maxsize=4096)
def unpack_description(text: bytes) -> Description:
    """The declaration in a record; raises TornError when it is none."""
    try:
        fields: dict[str, Any] = orjson.loads(text)
        fields |= {name: tuple(fields[name]) for name in ("labels", "buckets")}
        fields["values"] = {label: tuple(values) for label, values in fields["values"].items()}
        return Description(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise TornError(f"a declaration cannot be read: {error}") from None


def _cells_offset(text: bytes) -> int:
    return (_RECORD.size + len(text) + 7) // 8 * 8
