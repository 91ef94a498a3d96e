"""What `artisan up` shows: a list that changes in place on a terminal, plain lines elsewhere, a table at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from artisan.stack import warm
from artisan.stack.part import Event, State
from artisan.stack.up import Plan, Ports

_NAME_WIDTH = 16
_STYLES = {State.READY: "green", State.FAILED: "bold red", State.RESTARTING: "red", State.LEFT_OUT: "yellow"}


class Progress:
    """A `Report` that shows each event on a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._rows: dict[str, RenderableType] = {}

    def __call__(self, event: Event) -> None:
        """Show it."""
        line = _line(event)
        if self._live is None:
            # Lines that were wrapped cannot be searched: a terminal wraps by itself, a file needs none of it.
            self._console.print(line, soft_wrap=True)
            return
        turns = event.state is State.STARTING
        self._rows[event.name] = Spinner("dots", line) if turns else Text("  ").append_text(line)
        self._live.update(Group(*self._rows.values()))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within this block each part or step has one line, which changes; without a terminal nothing is different."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console) as live:
            self._live = live
            try:
                yield
            finally:
                self._live, self._rows = None, {}


def _line(event: Event) -> Text:
    text = Text(f"{event.name:<{_NAME_WIDTH}} ").append(event.state, _STYLES.get(event.state, "dim"))
    if event.seconds:
        text.append(f" in {event.seconds:.1f} s")
    if event.note:
        text.append(f": {event.note}")
    return text


def show_summary(console: Console, plan: Plan, states: Mapping[str, State], ports: Ports) -> None:
    """The table of parts, and three commands to try."""
    table = Table("part", "address", "state", box=None, pad_edge=False)
    for part in plan.parts:
        table.add_row(part.name, part.address, states[part.name])
    for name in plan.left_out:
        table.add_row(name, "", State.LEFT_OUT)
    console.print("", table, "\nTry:")
    for command in _commands(ports.backend):
        console.print(f"  {command}", soft_wrap=True, markup=False)


def _commands(port: int) -> Iterator[str]:
    backend = f"http://localhost:{port}"
    yield f"curl '{backend}{warm.SEARCH}'"
    yield f"curl {backend}{warm.AGENT_RUN} -H 'Content-Type: application/json' -d '{warm.AGENT_QUERY}'"
    # The front page, which leads to all the others.
    yield f"{'open' if sys.platform == 'darwin' else 'xdg-open'} {backend}"
