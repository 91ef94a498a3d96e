"""What happens when the supervisor itself is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from artisan.stack.lock import Lock
from artisan.stack.process import group_lives

_KILLED = """
import asyncio, sys
from pathlib import Path
from artisan.stack.lock import Lock
from artisan.stack.part import Part
from artisan.stack.supervisor import Supervisor

CHILD = "import os, signal; os.fork(); signal.pause()"

async def at_once():
    return True

async def main(state):
    part = Part("forks", (sys.executable, "-c", CHILD), at_once, "")
    with Lock(state / "lock") as lock:
        async with Supervisor([part], logs=state, keep_open=[lock.descriptor]) as supervisor:
            await supervisor.started()
            print(supervisor._running["forks"].group, flush=True)
            await supervisor.ended()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_killed_supervisor_leaves_no_process_and_no_stale_lock(tmp_path: Path) -> None:
    """Whoever gets the lock after a SIGKILL finds the parts gone, those that a part forked included."""
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout
        group = int(killed.stdout.readline())
        assert group_lives(group)
        killed.send_signal(signal.SIGKILL)
    with Lock(tmp_path / "lock"):
        assert not group_lives(group)
