"""Configurations made deaf on purpose, so that a drill can be seen to fail and to name the hop."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from artisan.drill.stack.sockets import port_of
from artisan.stack.ports import LOOPBACK

_MATCHER = re.compile(r'\b(?P<label>\w+)\s*=~?\s*(?P<value>"[^"]*")')
_COMPARISON = re.compile(r"(?P<operator>>=?|<=?|==)\s*(?P<number>\d+(?:\.\d+)?)")
_OUT_OF_REACH = 1e6
_NOBODY = "nobody"


class Deafness(StrEnum):
    """What can be wrong with an alarm, each lost at another hop."""

    WRONG_LABEL = "wrong-label"
    UNREACHABLE_THRESHOLD = "unreachable-threshold"
    ROUTE_TO_NOBODY = "route-to-nobody"
    MAILBOX_REFUSES = "mailbox-refuses"


def deafened_rules(content: dict[str, Any], deaf: Mapping[str, Deafness]) -> dict[str, Any]:
    """The content of a rules file in which the named alerts can no longer fire."""
    return {**content, "groups": [_group(group, deaf) for group in content["groups"]]}


def _group(group: dict[str, Any], deaf: Mapping[str, Deafness]) -> dict[str, Any]:
    rules = [{**rule, "expr": _changed(rule["expr"], deaf.get(rule.get("alert", "")))} for rule in group["rules"]]
    return {**group, "rules": rules}


def _changed(query: str, how: Deafness | None) -> str:
    change = _CHANGES.get(how) if how else None
    return change(query) if change else query


def _wrong_label(query: str) -> str:
    """The first label, `job` only where there is no other, is asked for a value that no series has."""
    matchers = sorted(_MATCHER.finditer(query), key=lambda matcher: matcher["label"] == "job")
    if not matchers:
        return query
    first = matchers[0]
    return query.replace(first[0], first[0].replace(first["value"], '"misspelt"'))


def _unreachable_threshold(query: str) -> str:
    """The first number that something is compared with is put where nothing can reach it."""

    def beyond(match: re.Match[str]) -> str:
        far = float(match["number"]) + _OUT_OF_REACH
        return f"{match['operator']} {-far if match['operator'].startswith('<') else far:g}"

    return _COMPARISON.sub(beyond, query, count=1)


_CHANGES: Mapping[Deafness, Callable[[str], str]] = {
    Deafness.WRONG_LABEL: _wrong_label,
    Deafness.UNREACHABLE_THRESHOLD: _unreachable_threshold,
}


def deafened_routes(alertmanager: dict[str, Any], deaf: Mapping[str, Deafness]) -> dict[str, Any]:
    """Alertmanager's configuration with a route to nobody for the alerts that are to have one."""
    lost = [name for name, how in deaf.items() if how is Deafness.ROUTE_TO_NOBODY]
    if not lost:
        return alertmanager
    route = alertmanager["route"]
    to_nobody = [{"receiver": _NOBODY, "matchers": [f'alertname = "{name}"']} for name in lost]
    return {
        **alertmanager,
        "route": {**route, "routes": [*to_nobody, *(route.get("routes") or [])]},
        "receivers": [*alertmanager["receivers"], {"name": _NOBODY}],
    }


@asynccontextmanager
async def refusing_mailbox() -> AsyncIterator[int]:
    """A mail server on a free port that takes no mail for anybody; gives the port."""
    async with await asyncio.start_server(_refuse, LOOPBACK, 0) as server:
        yield port_of(server)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answers = {b"RCPT": b"550 no mailbox here", b"QUIT": b"221 goodbye"}
    with contextlib.suppress(OSError):
        writer.write(b"220 localhost\r\n")
        while command := (await reader.readline())[:4].upper():
            writer.write(answers.get(command, b"250 very well") + b"\r\n")
            if command == b"QUIT":
                break
        await writer.drain()
    writer.close()
