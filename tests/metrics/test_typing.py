"""A wrong label is found by mypy, before anything runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USER = """
from typing import Literal, NamedTuple

from backend.core.monitoring.metrics import Counter, Gauge, Histogram


class Order(NamedTuple):
    shop: str
    kind: Literal["retail", "wholesale"]


ORDERS = Counter("typed_orders_total", "Orders", labels=Order)
SECONDS = Histogram("typed_seconds", "Time", buckets=(1, 2), labels=Order)
QUEUED = Gauge("typed_queued", "Queued", labels=Order)
NAMED = Counter("typed_named_total", "Labels by their names alone", labels=("shop", "kind"))
OPEN = Gauge("typed_open", "Open")

ORDERS.labels(shop="pune", kind="retail").inc()
ORDERS.labels("pune", "wholesale").inc(2)
SECONDS.labels(shop="pune", kind="retail").observe(0.5)
QUEUED.labels(shop="pune", kind="wholesale").set(3)
NAMED.labels(shop="pune", kind="retail").inc()
OPEN.dec()
bound: Counter[[]] = ORDERS.labels("pune", "retail")

ORDERS.labels(shop="pune")  # wrong: call-arg
ORDERS.labels(shop="pune", sort="retail")  # wrong: call-arg
ORDERS.labels("pune", "retail", "more")  # wrong: call-arg
ORDERS.labels(shop="pune", kind="stolen").inc()  # wrong: arg-type
ORDERS.labels("pune", "stolen").inc()  # wrong: arg-type
ORDERS.labels(shop=7, kind="retail").inc()  # wrong: arg-type
ORDERS.inc()  # wrong: misc
SECONDS.observe(0.5)  # wrong: misc
QUEUED.set(3)  # wrong: misc
SECONDS.labels(shop="pune", kind="retail").inc()  # wrong: attr-defined
ORDERS.labels(shop="pune", kind="retail").dec()  # wrong: attr-defined
OPEN.labels(shop="pune").inc()  # wrong: call-arg
"""


def marked(text: str) -> dict[int, str]:
    """The kind of error that each line is marked with."""
    found = (re.search(r"# wrong: (\S+)$", line) for line in text.splitlines())
    return {number: mark[1] for number, mark in enumerate(found, 1) if mark}


def test_mypy_refuses_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    """The error that is meant on each line that is marked as wrong."""
    user, config = tmp_path / "user.py", ROOT / "pyproject.toml"
    user.write_text(USER)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(config), str(user)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = re.findall(r"^(.*\.py):(\d+): error: .*\[(.+)\]$", found.stdout, re.MULTILINE)
    assert {int(line): kind for _, line, kind in told} == marked(USER), found.stdout + found.stderr
    assert {Path(file).name for file, _, _ in told} == {user.name}
