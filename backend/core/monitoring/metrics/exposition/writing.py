"""Tables as text: Prometheus' format 0.0.4, or OpenMetrics 1.0.

A block of rows is written as one join of four lists: what stands before the labels, the labels, what stands behind
them, and the numbers, which orjson turns into text all at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import compress

import numpy as np
import orjson
from prometheus_client.utils import floatToGoString

from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.exemplars import Exemplar
from backend.core.monitoring.metrics.memory import Floats
from backend.core.monitoring.metrics.table import Table

_LINES = 1000  # in a block: a fraction of a millisecond
_ODD = {"nan": b"NaN", "inf": b"+Inf", "-inf": b"-Inf"}


def write(table: Table, *, openmetrics: bool) -> Iterator[bytes]:
    """One metric, in pieces of whole lines."""
    metric = table.description
    yield _head(metric, openmetrics)
    rows, texts, values = np.arange(len(table.values)), table.texts, table.values
    if not table.present.all():
        rows, texts, values = rows[table.present], list(compress(texts, table.present)), values[table.present]
    if metric.across == "any":  # a fact that nobody holds any more
        holds = values[:, 0] > 0
        rows, texts, values = rows[holds], list(compress(texts, holds)), values[holds]
    before, behind = _frame(metric)
    step = max(1, _LINES // len(before))
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))  # more texts may stand behind: of rows that came meanwhile
        numbers = _numbers(_samples(metric, values[part]))
        if openmetrics and table.exemplars:
            _append_exemplars(numbers, rows[part].tolist(), len(before), table)
        yield _block(before, texts[part], behind, numbers)


def _head(metric: Description, openmetrics: bool) -> bytes:
    name, type_, help_ = metric.name, metric.type, metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    unit = ""
    if openmetrics:
        name, help_ = metric.family, help_.replace('"', '\\"')
        type_ = "info" if metric.across == "any" else type_  # type: ignore[assignment]
        if metric.unit and name.endswith(f"_{metric.unit.lower()}"):
            unit = f"# UNIT {name} {metric.unit.lower()}\n"
    return f"# HELP {name} {help_}\n# TYPE {name} {type_}\n{unit}".encode("utf-8", "backslashreplace")


def _frame(metric: Description) -> tuple[list[bytes], list[bytes]]:
    """What stands before and behind the labels, for each sample of a label set."""
    name, labelled = metric.name.encode(), bool(metric.labels)
    if metric.type != "histogram":
        return ([b"\n%b{" % name], [b"} "]) if labelled else ([b"\n%b" % name], [b" "])
    edges = [_spelt(edge) for edge in (*metric.buckets, math.inf)]
    comma, opened, closed = (b",", b"{", b"} ") if labelled else (b"", b"", b" ")
    before = [b"\n%b_bucket{" % name] * len(edges) + [b"\n%b_sum%b" % (name, opened), b"\n%b_count%b" % (name, opened)]
    return before, [*(b'%ble="%b"} ' % (comma, edge) for edge in edges), closed, closed]


def _spelt(edge: float) -> bytes:
    text: str = floatToGoString(edge)  # type: ignore[no-untyped-call]
    return text.encode()


def _samples(metric: Description, values: Floats) -> Floats:
    """The numbers as they are shown: cumulated buckets, the sum, the count; or just the first cell."""
    if metric.type != "histogram":
        return values[:, :1]
    buckets = np.cumsum(values[:, :-1], axis=1)
    return np.column_stack([buckets, values[:, -1], buckets[:, -1]])


def _numbers(samples: Floats) -> list[bytes]:
    flat = np.ascontiguousarray(samples).ravel()
    numbers = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    for odd in np.flatnonzero(~np.isfinite(flat)):
        numbers[odd] = _ODD[str(float(flat[odd]))]
    return numbers


def _block(before: list[bytes], texts: object, behind: list[bytes], numbers: list[bytes]) -> bytes:
    rows: list[bytes] = list(texts)  # type: ignore[call-overload]
    pieces: list[bytes] = [b""] * (4 * len(numbers))
    pieces[0::4] = before * len(rows)
    pieces[1::4] = [text for text in rows for _ in before]
    pieces[2::4] = behind * len(rows)
    pieces[3::4] = numbers
    return b"".join(pieces)[1:] + b"\n"


def _append_exemplars(numbers: list[bytes], rows: list[int], width: int, table: Table) -> None:
    for index, row in enumerate(rows):
        for bucket in range(len(table.description.buckets) + 1):
            if found := table.exemplars.get((row, bucket)):
                numbers[index * width + bucket] += _exemplar(found)


def _exemplar(found: Exemplar) -> bytes:
    trace = found.trace
    return (
        f' # {{trace_id="{trace.trace_id:032x}",span_id="{trace.span_id:016x}"}} {found.value!r} {found.at:.3f}'
    ).encode()
