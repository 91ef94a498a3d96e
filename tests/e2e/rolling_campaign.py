"""Restarts under load, for as long as one likes; 1 when a request was lost, and then the log of the proxy tells why.

python -m tests.e2e.rolling_campaign --rounds 10
python -m tests.e2e.rolling_campaign --rounds 1 --drain 0  # what is lost without a drain
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.e2e.rolling import campaign


def main() -> int:
    """Run it, and say what came of it."""
    options = argparse.ArgumentParser(description="Restart backends behind HAProxy under load, and count.")
    options.add_argument("--rounds", type=int, default=10, help="restarts of each backend")
    options.add_argument("--drain", type=float, default=1.0, help="DRAIN_SECONDS")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="WORKERS of each backend")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="rolling-") as folder:
        result = campaign(Path(folder), rounds=given.rounds, drain=given.drain, workers=given.workers)
    sys.stdout.write("\n".join([*(result.said if result.lost else ()), result.summary, ""]))
    return 1 if result.lost else 0


if __name__ == "__main__":
    sys.exit(main())
