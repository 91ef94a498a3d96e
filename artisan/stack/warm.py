"""One search and one agent run, so that a fresh stack has something to show on every page."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import quote_plus

from artisan.stack.part import Event, Report, State
from artisan.stack.ports import LOOPBACK

SEARCH = "/api/search?q=" + quote_plus("silk yarn for weavers in Varanasi")
AGENT_RUN = "/api/agents/supply_hunter/runs"
AGENT_QUERY = json.dumps({"query": "Where can I buy tussar silk yarn in Bihar?"})
_TIMEOUT = 90.0
_SCRAPED_WITHIN, _POLL = 30.0, 0.2


@dataclass(frozen=True)
class Call:
    """One HTTP request to the backend."""

    name: str
    method: str
    path: str
    body: str | None = None


CALLS = (Call("first search", "GET", SEARCH), Call("first agent run", "POST", AGENT_RUN, AGENT_QUERY))


async def warm(port: int, prometheus: int | None, report: Report) -> None:
    """Make the calls one after the other. One that fails is told; the stack runs on.

    With the port of a Prometheus they wait for its first scrape: what happens before it is no rise that `rate()` sees.
    """
    if prometheus is not None:
        await _first_scrape(prometheus, report)
    for call in CALLS:
        report(Event(call.name, State.STARTING))
        started = time.monotonic()
        trouble = await asyncio.to_thread(_make, call, port)
        state = State.FAILED if trouble else State.READY
        report(Event(call.name, state, time.monotonic() - started, trouble))


async def _first_scrape(prometheus: int, report: Report) -> None:
    report(Event("first scrape", State.STARTING))
    started, since = time.monotonic(), time.time()
    while time.monotonic() - started < _SCRAPED_WITHIN:
        if await asyncio.to_thread(_scraped, prometheus, since):
            report(Event("first scrape", State.READY, time.monotonic() - started))
            return
        await asyncio.sleep(_POLL)
    note = f"Prometheus has not scraped the backend; see http://localhost:{prometheus}/targets"
    report(Event("first scrape", State.FAILED, time.monotonic() - started, note))


def _scraped(prometheus: int, since: float) -> bool:
    """Whether a scrape has succeeded since then (Unix time); Prometheus also remembers those of an earlier run."""
    query = f'timestamp(up{{job="artisan-backend"}} == 1) >= {since:.3f}'
    connection = http.client.HTTPConnection(LOOPBACK, prometheus, timeout=_POLL * 10)
    try:
        connection.request("GET", f"/api/v1/query?query={quote_plus(query)}")
        return bool(json.load(connection.getresponse())["data"]["result"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


def _make(call: Call, port: int) -> str:
    """What went wrong, or nothing."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT)
    try:
        connection.request(call.method, call.path, call.body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{call.method} {call.path} got no answer ({error!r}); the backend's log says why"
    finally:
        connection.close()
    return "" if response.status == 200 else f"{call.method} {call.path} answered {response.status}: {body[:200]}"
