"""A fork at a bad moment: what another thread was doing then neither stops in the parent nor goes on in the child."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.core.monitoring.metrics import Registry, forks
from backend.core.monitoring.metrics.shared import folding
from tests.e2e.processes import eventually

from .test_crashes import dies, recording


@contextmanager
def child() -> Iterator[None]:
    """A forked process that does nothing, and ends in the end."""
    stay, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        os.read(stay, 1)
        os._exit(0)
    os.close(stay)
    try:
        yield
    finally:
        os.close(end)
        os.waitpid(pid, 0)


def test_a_child_that_is_forked_amid_a_folding_keeps_nobody_from_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the lock's file open as long as it lives."""
    living, *dead = [recording(tmp_path, amount) for amount in (1, 2, 3)]
    amid, forked, write, parent = threading.Event(), threading.Event(), folding._write, os.getpid()

    def slow(*args: Any) -> None:
        if os.getpid() == parent:
            amid.set()
            forked.wait(10)
        write(*args)

    monkeypatch.setattr(folding, "_write", slow)
    dies(dead[0])
    thread = threading.Thread(target=living.tidy)
    thread.start()
    amid.wait(10)
    with child():
        forked.set()
        thread.join()
        dies(dead[1])
        files = [registry.store.file.path for registry in dead if registry.store.file is not None]

        def all_folded() -> bool:
            living.tidy()  # in vain while the child folds, as each does that begins
            return len(files) == len(dead) and not any(file.exists() for file in files)

        eventually(all_folded, 20)


def test_two_threads_that_fork_at_once_do_not_keep_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody could record any more, in any thread."""
    registry = Registry()
    monkeypatch.setattr(forks, "_watched", {registry})
    begun = threading.Event()

    def fork() -> None:
        begun.set()
        forks._before()
        forks._in_parent()

    forks._before()
    thread = threading.Thread(target=fork)
    thread.start()
    begun.wait()
    thread.join(0.2)  # it waits for this one
    forks._in_parent()
    thread.join(10)
    assert registry.store.lock.acquire(timeout=1)
    registry.store.lock.release()
