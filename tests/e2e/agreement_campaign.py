"""Requests of every kind, for as many as one likes; 1 when what tells of one disagrees with what its client saw.

python -m tests.e2e.agreement_campaign 10000
python -m tests.e2e.agreement_campaign 10000 --workers 1 --seed 7
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.agreement import agreement


def main() -> int:
    """Run it, and say what came of it."""
    options = argparse.ArgumentParser(description="Compare what clients saw with log lines, spans and counters.")
    options.add_argument("requests", type=int, nargs="?", default=10_000)
    options.add_argument("--workers", type=int, default=2, help="WORKERS of the backend")
    options.add_argument("--seed", type=int, default=1, help="of the random choices")
    given = options.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="agreement-") as folder:
        result = agreement(Path(folder), requests=given.requests, workers=given.workers, seed=given.seed)
    sys.stdout.write(f"{result.summary} in {time.monotonic() - began:.0f} s\n")
    return 1 if result.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
