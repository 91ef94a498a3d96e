"""What is observed within a sampled span leads to its trace."""

from __future__ import annotations

import re

import httpx
import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from backend.core.monitoring import track_tool_execution

OPENMETRICS = {"Accept": "application/openmetrics-text"}


def span(trace_id: int, *, sampled: bool = True) -> NonRecordingSpan:
    return NonRecordingSpan(SpanContext(trace_id, 0xB, is_remote=False, trace_flags=TraceFlags(int(sampled))))


async def exemplars(client: httpx.AsyncClient, metric: str) -> set[int]:
    """The trace ids on the buckets of a metric."""
    page = (await client.get("/monitoring/metrics", headers=OPENMETRICS)).text
    return {int(found, 16) for found in re.findall(rf'^{metric}_bucket.* # {{trace_id="(\w+)"', page, re.MULTILINE)}


async def test_a_requests_duration_leads_to_its_trace(client: httpx.AsyncClient) -> None:
    """The last request of a bucket is its exemplar; one that is not sampled changes nothing."""
    with use_span(span(0xA1)):
        await client.get("/items/7")
    with use_span(span(0xA2, sampled=False)):
        await client.get("/items/7")
    await client.get("/items/7")
    found = await exemplars(client, "http_request_duration_seconds")
    assert 0xA1 in found
    assert 0xA2 not in found


@pytest.mark.usefixtures("logs")
async def test_a_tracked_calls_duration_leads_to_its_trace(client: httpx.AsyncClient) -> None:
    """Recorded by a decorator, in whatever span the caller is."""

    @track_tool_execution("exemplar")
    async def tool() -> None: ...

    with use_span(span(0xA3)):
        await tool()
    assert 0xA3 in await exemplars(client, "tool_execution_duration_seconds")
