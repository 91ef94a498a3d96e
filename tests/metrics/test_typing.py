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
OPEN = Gauge("typed_open", "Open")

ORDERS.labels(shop="pune", kind="retail").inc()
ORDERS.labels("pune", "wholesale").inc(2)
SECONDS.labels(shop="pune", kind="retail").observe(0.5)
OPEN.dec()

ORDERS.labels(shop="pune")  # wrong
ORDERS.labels(shop="pune", sort="retail")  # wrong
ORDERS.labels(shop="pune", kind="stolen").inc()  # wrong
ORDERS.labels(shop=7, kind="retail").inc()  # wrong
ORDERS.inc()  # wrong
SECONDS.observe(0.5)  # wrong
SECONDS.labels(shop="pune", kind="retail").inc()  # wrong
OPEN.labels(shop="pune").inc()  # wrong
"""


def test_mypy_refuses_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    """An error on each line that is marked as wrong."""
    (tmp_path / "user.py").write_text(USER)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--config-file",
        str(ROOT / "pyproject.toml"),
    ]
    found = subprocess.run([*command, str(tmp_path / "user.py")], cwd=ROOT, capture_output=True, text=True, check=False)
    told = {int(line) for line in re.findall(r"user\.py:(\d+): error", found.stdout)}
    wrong = {number for number, line in enumerate(USER.splitlines(), 1) if line.endswith("# wrong")}
    assert told == wrong, found.stdout + found.stderr
