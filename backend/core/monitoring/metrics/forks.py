"""What a fork has to respect: no child may inherit a lock that a lost thread holds, or write into its parent's file."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

from .store import Store


class Forked(Protocol):
    """Something with numbers of its own in each process."""

    @property
    def store(self) -> Store:
        """Its store, whose lock is held while the process forks."""

    def begin_anew(self) -> None:
        """Called in the child, with the lock held, before anything can record there."""


_watched: weakref.WeakSet[Forked] = weakref.WeakSet()
_held: list[Forked] = []
_forking = threading.RLock()  # one thread forks at a time: else one would give back what the other holds


def watch(registry: Forked) -> None:
    """Respect `registry` at every fork from now on, for as long as it lives."""
    _watched.add(registry)


def _before() -> None:
    _forking.acquire()
    _held.extend(_watched)
    for registry in _held:
        registry.store.lock.acquire()


def _in_parent() -> None:
    while _held:
        _held.pop().store.lock.release()
    _forking.release()


def _in_child() -> None:
    while _held:
        registry = _held.pop()
        registry.begin_anew()
        registry.store.lock.release()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
