"""A page is whole though numbers move into the file while it is written: once there is room on the disk again."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NoReturn

import pytest

from backend.core.monitoring.metrics.shared import worker_file

from .test_growing_page import Shop, numbers


def no_room(*_: object) -> NoReturn:
    """What a full disk says."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", range(8))
@pytest.mark.parametrize("full_for", ["the file", "new label sets"])
def test_what_moves_meanwhile_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_for: str, step: int
) -> None:
    """Between whatever steps: it is on the page once."""
    names = iter(["b", "a"])  # what moves goes into the file that is read first
    monkeypatch.setattr(worker_file.secrets, "token_hex", lambda _: next(names))
    other = Shop(tmp_path)
    other.sell("x")
    with monkeypatch.context() as disk:
        if full_for == "the file":
            disk.setattr(worker_file, "_create", no_room)
        shop = Shop(tmp_path)
        disk.setattr(worker_file.WorkerFile, "_append", no_room)
        shop.sell("x")
    assert shop.registry._in_memory() == 3
    pieces = shop.registry.pieces(openmetrics=True)
    page = b"".join(next(pieces, b"") for _ in range(step))
    shop.registry.tidy()
    shop.sell("x")
    page += b"".join(pieces)
    assert shop.registry._in_memory() == 0
    assert numbers(page, openmetrics=True)["sales_total", "x", ""] in {2, 3}
    assert numbers(shop.registry.render().body, openmetrics=False)["sales_total", "x", ""] == 3
