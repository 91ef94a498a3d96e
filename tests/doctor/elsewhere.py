"""`python -m tests.doctor.elsewhere`: makes the checks that it is told on standard input, one a line.

For tests that change what a process can see, its mounts or its limits: each line is a JSON object with `check`,
`folder`, `environ` and `first`, a shell command whose parent is this process. The answer is a pickled outcome.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

from artisan.doctor import CHECKS, Outcome, admitted, examine


async def look(check: str, folder: Path) -> Outcome:
    """Make one check."""
    async with admitted(folder / ".env", folder / "state", os.environ) as patient:
        [outcome] = (await examine(patient, [each for each in CHECKS if each.id == check])).outcomes
    return outcome


def main() -> None:
    """Until the input ends."""
    for line in sys.stdin:
        told = json.loads(line)
        os.environ.clear()
        os.environ.update(told["environ"])
        subprocess.run(["sh", "-ec", told["first"]], check=True)
        pickle.dump(asyncio.run(look(told["check"], Path(told["folder"]))), sys.stdout.buffer)
        sys.stdout.buffer.flush()


main()
