"""One stack at a time for a state directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artisan.stack.lock import Lock, Taken


def test_a_second_holder_is_told_who_is_the_first(tmp_path: Path) -> None:
    """In one sentence with the pid and the way out."""
    with Lock(tmp_path / "lock"), pytest.raises(Taken) as refusal, Lock(tmp_path / "lock"):
        pass
    pid = os.getpid()
    assert str(refusal.value) == f"This stack already runs, with pid {pid}; stop it first: kill {pid}"


def test_the_lock_can_be_had_again_once_it_was_given_back(tmp_path: Path) -> None:
    """Nothing of the first holder is left in it, not even its pid."""
    for _ in range(2):
        with Lock(tmp_path / "state" / "lock"):
            assert (tmp_path / "state" / "lock").read_text() == f"{os.getpid()}\n"
        assert (tmp_path / "state" / "lock").read_text() == ""


def test_a_file_that_a_dead_holder_left_is_no_lock(tmp_path: Path) -> None:
    """The kernel holds the lock, not the file."""
    (tmp_path / "lock").write_text("1\n")
    with Lock(tmp_path / "lock"):
        pass
