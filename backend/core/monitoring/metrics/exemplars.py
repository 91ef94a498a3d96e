"""Exemplars: for each bucket of a histogram, one observation that can be looked up among the traces.

An exemplar is a record of fixed size beside the cells, so that other workers can read it while it is written: whoever
finds that the checksum does not fit has met a write half way, and goes without.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_BODY = struct.Struct("<dd16s8s")  # value, seconds since 1970, trace id, span id
_CHECKSUM = struct.Struct("<Q")
SIZE = _BODY.size + _CHECKSUM.size
CELLS = SIZE // 8


class Trace(NamedTuple):
    """What leads to a span: OpenTelemetry's ids, as numbers of 128 and 64 bits."""

    trace_id: int
    span_id: int


class Exemplar(NamedTuple):
    """One observation: its value, when it was made (seconds since 1970), and its trace."""

    value: float
    at: float
    trace: Trace


def pack(value: float, trace: Trace) -> bytes:
    """The record of an observation that is made now."""
    body = _BODY.pack(value, time.time(), trace.trace_id.to_bytes(16, "big"), trace.span_id.to_bytes(8, "big"))
    return body + _CHECKSUM.pack(_check(body))


def unpack(record: bytes | memoryview) -> Exemplar | None:
    """The exemplar in a record, or None where there is none, or half of one."""
    body = bytes(record[: _BODY.size])
    if _CHECKSUM.unpack_from(record, _BODY.size)[0] != _check(body):
        return None
    value, at, trace_id, span_id = _BODY.unpack(body)
    return Exemplar(value, at, Trace(int.from_bytes(trace_id, "big"), int.from_bytes(span_id, "big")))


def unpack_all(records: memoryview) -> Iterator[tuple[int, Exemplar]]:
    """The bucket and the exemplar of each sound record of one label set."""
    for bucket in range(len(records) // SIZE):
        if found := unpack(records[bucket * SIZE : (bucket + 1) * SIZE]):
            yield bucket, found


def _check(body: bytes) -> int:
    """Never 0, which is the checksum of a record that nobody has written."""
    return zlib.crc32(body) | 1 << 32
