"""Where the time of one request goes: ours with one or the other part of its work left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.application import BARE, bare, ours
from benchmarks.group import Group
from benchmarks.process import column, interleave
from benchmarks.row import AGAIN, OURS, Comparison, Row
from benchmarks.variant import Measure

from .in_process import measuring


def passed_on() -> ASGIApp:
    """Through the least that a middleware can be: it sees the request and each message, and does nothing."""
    app = bare()

    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        async def see(message: Message) -> None:
            await send(message)

        await app(scope, receive, see)

    return pass_on


def lacking(*, counted: bool, told: bool) -> ASGIApp:
    """Ours, without its counting or its line."""
    from backend.core.monitoring import exchange, outcome

    if not counted:
        outcome.Outcome.record = lambda _: None  # type: ignore[method-assign]
    if not told:
        exchange.request_line.tell = lambda *_: None  # type: ignore[assignment]
    return ours()


VARIANTS: dict[str, Callable[[], ASGIApp]] = {
    BARE: bare,
    "passed on": passed_on,
    "ours, neither counted nor told": lambda: lacking(counted=False, told=False),
    "ours, not counted": lambda: lacking(counted=False, told=True),
    "ours, not told": lambda: lacking(counted=True, told=False),
    OURS: ours,
    BARE + AGAIN: bare,
}


def prepare(variant: str) -> Measure:
    """CPU microseconds of each of `requests`."""
    return measuring(VARIANTS[variant]())


def measure(quick: bool) -> Sequence[Row]:
    """One row, without a target."""
    requests, rounds, processes = (300, 5, 1) if quick else (500, 15, 2)
    answers = interleave(__name__, tuple(VARIANTS), {"requests": requests}, rounds=rounds, processes=processes)
    others = tuple(name for name in VARIANTS if name not in {OURS, BARE + AGAIN})
    return [Row("CPU per request, by part", "µs", column(answers, "us"), BARE, Comparison.RATIO, without=others)]


GROUP = Group(
    "shares",
    "Where the time of a request goes",
    """\
As in process, with parts of our work left out; the differences are the parts. *Passed on* is the least that a
middleware can be: it sees the request and each message, and does nothing. What is left of ours when it neither counts
nor tells is to follow the request: its id, whether the client is still there, its route, its size and its time.""",
    measure,
)
