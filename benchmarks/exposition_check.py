"""Whether a page of metrics shows exactly what was recorded."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping

from .families import COUNTER, HISTOGRAMS, OBSERVED, STATUSES, endpoints

_OWN = (COUNTER, *HISTOGRAMS)


def wrong_samples(page: bytes, *, routes: int, records: int, counters: bool = True, histograms: bool = True) -> int:
    """How many samples of `families` are missing, doubled, unknown, or differ from `records` calls of every child."""
    expected = _after_one_record(routes, counters, histograms)
    right: set[str] = set()
    wrong = 0
    for line in page.decode().splitlines():
        if line.startswith(_OWN):
            sample, value = _read(line)
            once = expected.get(sample)
            if once is None or sample in right or not math.isclose(value, once * records, rel_tol=1e-9):
                wrong += 1
            else:
                right.add(sample)
    return max(wrong, len(expected) - len(right))


@functools.cache
def _after_one_record(routes: int, counters: bool, histograms: bool) -> Mapping[str, float]:
    """Every sample with its value after one call of each child."""
    return dict(_samples(routes, counters, histograms))


def _samples(routes: int, counters: bool, histograms: bool) -> Iterator[tuple[str, float]]:
    from prometheus_client.utils import floatToGoString  # not before a variant says whether it is in multiprocess mode

    for endpoint in endpoints(routes):
        own = (f'endpoint="{endpoint}"', 'method="GET"')
        if counters:
            for status in STATUSES:
                yield _sample(COUNTER, *own, f'status="{status}"'), 1.0
        if histograms:
            for name, edges in HISTOGRAMS.items():
                for edge in (*edges, math.inf):
                    yield _sample(f"{name}_bucket", *own, f'le="{floatToGoString(edge)}"'), 1.0
                yield _sample(f"{name}_count", *own), 1.0
                yield _sample(f"{name}_sum", *own), OBSERVED


def _read(line: str) -> tuple[str, float]:
    """The sample of a line, its labels in order, and its value; no value of a label here has a comma."""
    name, _, rest = line.partition("{")
    labels, _, value = rest.partition("} ")
    return _sample(name, *labels.split(",")), float(value)


def _sample(name: str, *labels: str) -> str:
    return f"{name}{{{','.join(sorted(labels))}}}"
