"""`python -m benchmarks`."""

from __future__ import annotations

import pytest

from benchmarks import __main__ as command
from benchmarks.group import Group
from benchmarks.groups import GROUPS


def test_only_refuses_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--only", "memory,nonsense"])
    assert end.value.code == 2
    assert "there is no nonsense; there are in_process, shares, server," in capsys.readouterr().err


def test_only_measures_what_was_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And writes no page, since it would be of a part."""
    written: list[object] = []
    monkeypatch.setattr(command, "_write", written.append)
    monkeypatch.setattr(command, "GROUPS", tuple(_instead(group.key) for group in GROUPS))
    assert command.main(["--only", "memory,scrape"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if "measured in" in line] == [
        "scrape: measured in 0 s",
        "memory: measured in 0 s",
    ]
    assert written == []
    assert command.main(["--quick"]) == 0
    assert written == []
    assert command.main([]) == 0
    assert len(written) == 1


def _instead(key: str) -> Group:
    return Group(key, key, "", lambda _: ())
