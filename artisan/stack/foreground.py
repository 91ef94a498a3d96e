"""`artisan up` from the lock to the last part stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from rich.console import Console

from artisan.stack import tools
from artisan.stack.debian import FetchFailed
from artisan.stack.lock import Lock, Taken
from artisan.stack.part import Event, Report, State
from artisan.stack.progress import Progress, show_summary
from artisan.stack.receivers import BadSetting
from artisan.stack.render import receivers_reached
from artisan.stack.supervisor import StartFailed, Supervisor
from artisan.stack.tools import Tools
from artisan.stack.up import Plan, Ports, Setup, plan
from artisan.stack.warm import warm

ROOT = Path(__file__).resolve().parents[2]
_NO_HEARTBEAT = (
    "nobody elsewhere would notice if this machine died; "
    "set ALERT_HEARTBEAT_URL to an address that raises an alarm once it is no longer called"
)


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    ports: Ports
    state: Path
    warm: bool = True


async def run(options: Options, console: Console) -> int:
    """Run the stack until Ctrl-C, TERM or a closed terminal; returns 0 after such a stop, 1 without a backend."""
    stack = asyncio.create_task(_run(options, console))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _cancel_once, stack)
    try:
        return await stack
    except asyncio.CancelledError:
        console.print("Stopped.")
        return 0
    except (Taken, StartFailed, BadSetting) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    except (PermissionError, NotADirectoryError) as error:
        sentence = f"{error.filename}: {error.strerror}; choose another folder with --state or ARTISAN_STATE"
        console.print(sentence, markup=False, soft_wrap=True)
        return 1


def _cancel_once(task: asyncio.Task[int]) -> None:
    # A second signal must not break off the stopping, which has its own deadline.
    if not task.cancelling():
        task.cancel()


async def _run(options: Options, console: Console) -> int:
    report = Progress(console)
    began = time.monotonic()
    state = options.state
    with Lock(state / "lock") as lock:
        # Nothing below is for git, wherever the user puts the folder.
        (state / ".gitignore").write_text("*\n", encoding="utf-8")
        with report.in_place():
            chosen = await _choose(options, report)
        async with Supervisor(chosen.parts, logs=state / "logs", report=report, keep_open=(lock.descriptor,)) as parts:
            with report.in_place():
                await parts.started()
                if options.warm:
                    scraping = parts.states.get("prometheus") is State.READY
                    await warm(options.ports.backend, options.ports.prometheus if scraping else None, report)
            show_summary(console, chosen, parts.states, options.ports)
            console.print(f"\nReady in {time.monotonic() - began:.1f} s; Ctrl-C stops everything.")
            await parts.ended()
    return 0


async def _choose(options: Options, report: Report) -> Plan:
    programs = await _tools(options.state, report)
    # Like the backend, which reads the same: the environment wins over `.env`, and what is empty is not set.
    settings = [*dotenv_values(ROOT / ".env").items(), *os.environ.items()]
    environ = {key: value for key, value in settings if value}
    chosen = plan(Setup(ROOT, options.state, options.ports, programs, environ))
    if "backend" in chosen.left_out:
        raise StartFailed(f"The backend cannot start: {chosen.left_out['backend']}.")
    for name, reason in chosen.left_out.items():
        report(Event(name, State.LEFT_OUT, note=reason))
    if "heartbeat" not in receivers_reached(options.state / "run"):
        report(Event("heartbeat", State.LEFT_OUT, note=_NO_HEARTBEAT))
    return chosen


async def _tools(state: Path, report: Report) -> Tools:
    if (found := tools.find(state)).complete:
        return found
    report(Event("tools", State.STARTING, note="fetching Prometheus and Alertmanager"))
    began = time.monotonic()
    try:
        await tools.fetch(state)
    except FetchFailed as error:
        report(Event("tools", State.FAILED, time.monotonic() - began, str(error)))
    else:
        report(Event("tools", State.READY, time.monotonic() - began))
    return tools.find(state)
