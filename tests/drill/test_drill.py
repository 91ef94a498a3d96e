"""Real faults, real mails: two alarms that are heard, one that was made deaf, and a rehearsal that is broken off."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from artisan.stack.tools import Tools

from .conftest import Drill


def test_alarms_are_heard_and_the_evidence_is_kept(tools: Tools, drill: Drill, tmp_path: Path) -> None:
    """Each goes from its fault to its mail and back, within what the design allows; nothing stays behind."""
    assert tools.complete
    report = tmp_path / "report"
    said = drill("RedisUnavailable", "HighErrorRate", "--report", str(report))
    assert said.status == 0, said.output
    assert "2 of 2 alarms were heard." in said.output
    assert said.left_running == []
    assert said.left_behind == []

    kept = json.loads((report / "drill.json").read_text())
    assert [each["alert"] for each in kept["drills"]] == ["RedisUnavailable", "HighErrorRate"]
    for each in kept["drills"]:
        steps = [moment["step"] for moment in each["moments"] if moment["step"] != "shown"]
        assert steps == ["fault", "pending", "firing", "mail", "removed", "inactive", "resolved"]
        times = [moment["at"] for moment in each["moments"] if moment["step"] != "shown"]
        assert times == sorted(times)
        assert 0 < each["seconds_beyond_for"] <= each["floor"]
        assert each["alert"] in each["mail_subject"]
    assert "| RedisUnavailable | Valkey is killed" in (report / "drill.md").read_text()
    ET.parse(report / "drill.svg")


def test_a_deaf_alarm_fails_its_drill_at_the_hop_where_it_is_deaf(tools: Tools, drill: Drill) -> None:
    """With the label that is wrong, and the values that there are."""
    assert tools.complete
    said = drill("LLMProviderErrors", "--sabotage", "wrong-label")
    assert said.status == 1, said.output
    assert "✗ expression: does not hold: no series matches status=" in said.output
    assert 'the label has "cancelled", "error", "success", "timeout"' in said.output
    assert "LLMProviderErrors not heard, lost at the expression" in said.output
    assert said.left_running == []
    assert said.left_behind == []


def test_a_rehearsal_that_is_broken_off_leaves_nothing(tools: Tools, drill: Drill) -> None:
    """Ctrl-C in the middle of a fault, with a part of the stack dead."""
    assert tools.complete
    said = drill("RedisUnavailable", until="fault     begins")
    assert said.status == 130
    assert "Broken off; everything is stopped." in said.output
    assert said.left_running == []
    assert said.left_behind == []
