"""Whether all that tells of a request tells the same: its client, its log line, its span, and the counters.

Clients ask for everything in every way (`agreement_requests`, `agreement_ways`), each request with an id of its own,
and note what they saw. What they may have seen, and what must then be told, is in `_of_one`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psutil
from opentelemetry.proto.trace.v1.trace_pb2 import Span as RawSpan
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.e2e.agreement_requests import Asked, Requests
from tests.e2e.agreement_ways import Client
from tests.e2e.processes import eventually
from tests.e2e.serving import Service, served
from tests.tracing.collector import Span, collecting

COMMAND = [sys.executable, "-m", "tests.e2e.served_odd"]
CLIENTS = 16
PATIENCE_SECONDS = 30
EVENTS = frozenset({"request_completed", "request_abandoned", "request_failed"})
# The queue has room for all spans of a campaign, so that none is lost, which would be counted and no disagreement.
_OTLP = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_MAX_QUEUE_SIZE": "100000", "OTEL_LOGS_EXPORTER": "none"}
Line = dict[str, Any]
Samples = dict[tuple[str, tuple[str, ...]], float]
_LABELS = ("method", "endpoint", "status")


@dataclass(frozen=True)
class Agreement:
    """What came of a load."""

    asked: list[Asked]
    lines: list[Line]
    spans: int
    disagreements: list[str]

    @property
    def summary(self) -> str:
        """The totals by way and by request, then each disagreement."""
        ways = Counter(asked.way for asked in self.asked)
        plains = Counter(asked.plain.name for asked in self.asked)
        seen = Counter(str(asked.seen.status) if asked.seen.whole else "no whole answer" for asked in self.asked)
        told = Counter(f"{line['event']} {line['status']}" for line in self.lines)
        totals = [", ".join(f"{key} {n}" for key, n in sorted(each.items())) for each in (ways, plains, seen, told)]
        total = f"{len(self.asked)} requests, {len(self.lines)} lines, {self.spans} spans"
        return "\n".join(
            [
                f"ways: {totals[0]}",
                f"requests: {totals[1]}",
                f"seen: {totals[2]}",
                f"told: {totals[3]}",
                *self.disagreements,
                f"{total}: {len(self.disagreements)} disagreements",
            ]
        )


def agreement(folder: Path, *, requests: int, workers: int, seed: int) -> Agreement:
    """Ask at least so many, and compare."""
    with collecting() as (collector, url):
        with served(COMMAND, folder, WORKERS=str(workers), OTEL_EXPORTER_OTLP_ENDPOINT=url, **_OTLP) as service:
            before = _samples(service)
            asked = asyncio.run(_load(service.client.base_url.port or 0, requests, Random(seed)))
            eventually(lambda: _is_over(service), PATIENCE_SECONDS, service.log)
            counted = {key: value - before.get(key, 0.0) for key, value in _samples(service).items()}
        lines, torn = _lines(service.log)
        spans = [span for span in collector.spans if span.kind == RawSpan.SPAN_KIND_SERVER]
    found = [*torn, *_of_all(asked, lines, spans), *_of_counters(lines, counted)]
    return Agreement(asked, lines, len(spans), found)


async def _load(port: int, requests: int, random: Random) -> list[Asked]:
    made = Requests(random)

    async def keep_asking() -> None:
        client = Client(port, random, made)
        while len(made.all) < requests:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await client.ask()
        await client.close()

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(keep_asking())
    return made.all


def _is_over(service: Service) -> bool:
    """Whether nobody is served any more, and nobody's request can still be read: no client is connected but ours."""
    port = service.client.base_url.port
    processes = [service.process, *service.process.children(recursive=True)]
    connected = {each.raddr for process in processes for each in process.net_connections() if _is_of(each, port)}
    return len(connected) <= 1 and _samples(service)["active_requests", ()] == 0


def _is_of(connection: Any, port: int | None) -> bool:
    return bool(connection.laddr and connection.laddr.port == port and connection.status != psutil.CONN_LISTEN)


def _samples(service: Service) -> Samples:
    page = service.client.get("/monitoring/metrics").raise_for_status().text
    return {
        (sample.name, tuple(sample.labels[label] for label in _LABELS if label in sample.labels)): sample.value
        for family in parse(page)
        for sample in family.samples
        if sample.name.startswith(("http_", "active_requests"))
    }


def _lines(log: Path) -> tuple[list[Line], list[str]]:
    """Those of requests, and whatever in the log is no line."""
    lines, torn = [], []
    for text in log.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            torn.append(f"torn: {text[:200]}")
    for line in lines:
        line.pop("exception", None)  # long, and nothing that is compared
    return [line for line in lines if line["event"] in EVENTS], torn


def _of_all(asked: list[Asked], lines: list[Line], spans: list[Span]) -> Iterator[str]:
    told: dict[str | None, list[Line]] = defaultdict(list)
    for line in lines:
        told[line["request_id"]].append(line)
    traced: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in spans:
        traced[span.trace_id, span.span_id].append(span)
    for each in asked:
        own = told.pop(each.request_id, [])
        for complaint in _of_one(each, own):
            yield f"{complaint}: {each}; told: {own}"
        for line in own:
            for complaint in _of_span(each, line, traced.pop((line["trace_id"], line["span_id"]), [])):
                yield f"{complaint}: {each}; told: {line}"
    yield from (f"nobody asked: {line}" for own in told.values() for line in own)
    yield from (f"no line of the span {span}" for own in traced.values() for span in own)


def _of_one(asked: Asked, lines: list[Line]) -> Iterator[str]:
    """What is wrong about the lines of a request, given what its client saw."""
    fewest, most = asked.lines
    if not fewest <= len(lines) <= most:
        yield f"{len(lines)} lines"
    seen, breaks = asked.seen, asked.plain.ends == "breaks"
    if not (seen.whole or asked.left or asked.behind or breaks):
        yield "no whole answer"
    if seen.request_id not in {None, asked.request_id}:
        yield "another id in the answer"
    for line in lines:
        if asked.trace_id not in {None, line["trace_id"]}:
            yield "another trace"
        if (line["status"] == 499) != (line["event"] == "request_abandoned"):
            yield "event and status differ"
        if seen.whole or (breaks and seen.status and not (asked.left or asked.behind)):
            yield from _of_seen(asked, line)
        else:
            yield from _of_unseen(asked, line)


def _of_seen(asked: Asked, line: Line) -> Iterator[str]:
    """The client has read all that there was: there is one truth."""
    if (line["status"], line["response_size_bytes"]) != (asked.seen.status, asked.seen.size):
        yield "not what the client saw"
    failed = asked.plain.name in {"fault", "breaks"}
    if line["event"] != ("request_failed" if failed else "request_completed"):
        yield "the wrong event"


def _of_unseen(asked: Asked, line: Line) -> Iterator[str]:
    """The client has not had the last byte.

    Where it has left, its leaving and the last byte have raced: the server hands a byte to the kernel, and cannot know
    whether anybody will read it. So either the server had heard of the leaving by then, and tells 499, or it tells the
    answer as it was made. Where the server has closed the connection, or has heard of the leaving for sure, only 499
    is true. In no case has the client read more than is told.
    """
    possible = {499}
    if (asked.left and not asked.must_be_abandoned) or asked.plain.ends == "breaks":
        possible.add(asked.seen.status or asked.plain.status)
    if line["status"] not in possible:
        yield f"none of {possible}"
    if line["response_size_bytes"] < asked.seen.size:
        yield "less than the client saw"


def _of_span(asked: Asked, line: Line, spans: list[Span]) -> Iterator[str]:
    if len(spans) != asked.sampled:
        yield f"{len(spans)} spans"
    for span in spans:
        has = span.attributes
        of_span = [has.get(f"http.{key}") for key in ("request.method", "response.status_code", "response.body.size")]
        of_line = [line[key] for key in ("method", "status", "response_size_bytes")]
        if of_span != of_line or has.get("http.route", "unmatched") != line["endpoint"]:
            yield f"another span {span}"
        if has.get("request_id") != line["request_id"]:
            yield f"another id in the span {span}"
        if span.failed != (line["level"] == "error"):
            yield f"another end of the span {span}"


def _of_counters(lines: list[Line], counted: Samples) -> Iterator[str]:
    """The rise of each is what the lines add up to."""
    told: Samples = defaultdict(float)
    for line in lines:
        method, endpoint = line["method"], line["endpoint"]
        told["http_requests_total", (method, endpoint, str(line["status"]))] += 1
        told["http_response_size_bytes_sum", (method, endpoint)] += line["response_size_bytes"]
        told["http_request_size_bytes_sum", (method, endpoint)] += line["request_size_bytes"]
        told["http_request_duration_seconds_count", (method, endpoint)] += 1
        told["http_responses_broken_total", (method, endpoint)] += line["endpoint"] == "/odd/breaks" and (
            line["event"] == "request_failed"
        )
    names = {name for name, _ in told}
    for key in sorted(told.keys() | {key for key in counted if key[0] in names}):
        if told.get(key, 0.0) != counted.get(key, 0.0):
            yield f"counted {counted.get(key)}, told {told.get(key)}: {key}"
