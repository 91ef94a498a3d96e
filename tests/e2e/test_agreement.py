"""Clients, log lines, spans and counters tell the same of each request, whatever is asked and whoever leaves."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.agreement import agreement

REQUESTS = 1500


def test_all_that_tells_of_a_request_tells_the_same(tmp_path: Path) -> None:
    """The short one, with two workers; `python -m tests.e2e.agreement_campaign 10000` is the long one."""
    result = agreement(tmp_path, requests=REQUESTS, workers=2, seed=1)
    sys.stderr.write(f"{result.summary}\n")
    assert result.disagreements == []
    assert len(result.asked) >= REQUESTS
    assert {asked.seen.status for asked in result.asked} >= {200, 206, 307, 400, 404, 405, 413, 416, 422, 500, 503}
    assert {line["event"] for line in result.lines} == {"request_completed", "request_failed", "request_abandoned"}
