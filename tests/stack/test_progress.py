"""What `artisan up` shows where its output is not a terminal, and on one."""

from __future__ import annotations

import io

from rich.console import Console

from artisan.stack.part import Event, Part, State
from artisan.stack.probe import http
from artisan.stack.progress import Progress, show_summary
from artisan.stack.up import Plan, Ports

EVENTS = [
    Event("valkey", State.STARTING),
    Event("valkey", State.READY, 0.14),
    Event("llm", State.LEFT_OUT, note="port 8081 is in use by [python] (pid 7)" + "; and so on" * 20),
]


def test_without_a_terminal_each_event_is_one_plain_line() -> None:
    """However long it is, and whatever it holds, brackets included."""
    output = io.StringIO()
    progress = Progress(Console(file=output, width=80))
    with progress.in_place():
        for event in EVENTS:
            progress(event)
    lines = [line.split(maxsplit=1) for line in output.getvalue().splitlines()]
    assert lines == [
        ["valkey", "starting"],
        ["valkey", "ready in 0.1 s"],
        ["llm", f"left out: {EVENTS[2].note}"],
    ]


def test_on_a_terminal_the_last_state_of_each_stays() -> None:
    """One line for each part; what comes after the start is a line of its own."""
    output = io.StringIO()
    progress = Progress(Console(file=output, width=400, force_terminal=True, color_system=None, legacy_windows=False))
    with progress.in_place():
        for event in EVENTS:
            progress(event)
    shown = output.getvalue()
    assert shown.count("ready in 0.1 s") == 1
    progress(Event("valkey", State.RESTARTING, note="ended with signal 9"))
    assert output.getvalue().removeprefix(shown) == f"{'valkey':<16} restarting: ended with signal 9\n"


def test_the_summary_has_each_part_and_three_commands() -> None:
    """With the ports of this run, and no line broken, so that a command can be copied."""
    output = io.StringIO()
    backend = Part("backend", ("backend",), http(1, "/"), "http://localhost/backend")
    plan = Plan((backend,), {"llm": "not needed"})
    show_summary(Console(file=output, width=80), plan, {"backend": State.READY}, Ports(backend=1))
    lines = [line.split() for line in output.getvalue().splitlines()]
    assert ["backend", "http://localhost/backend", "ready"] in lines
    assert ["llm", "left", "out"] in lines
    commands = lines[lines.index(["Try:"]) + 1 :]
    assert [command[0] for command in commands[:2]] == ["curl", "curl"]
    assert "http://localhost:1/api/agents/supply_hunter/runs" in commands[1]
    assert commands[2][-1] == "http://localhost:1"
    assert len(commands) == 3
