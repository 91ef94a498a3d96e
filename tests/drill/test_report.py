"""The evidence that is kept: complete, and readable whatever a mail or an error says."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from artisan.drill.course import Course, Hop, Moment, Step, Verdict
from artisan.drill.report.files import Circumstances, write

CIRCUMSTANCES = Circumstances(1000.0, 1100.0, 20.0, "monitoring", {"prometheus": "2.42.0"})
TIMES = {
    Step.FAULT: 1000.0,
    Step.SHOWN: 1001.0,
    Step.HOLDS: 1002.0,
    Step.FIRING: 1017.0,
    Step.MAIL: 1027.5,
    Step.REMOVED: 1028.0,
    Step.INACTIVE: 1040.0,
    Step.RESOLVED: 1047.0,
}


def heard() -> Course:
    moments = [Moment(step, at, "[FIRING] TooHot | <b>" if step is Step.MAIL else "") for step, at in TIMES.items()]
    return Course("TooHot", "the oven is left on", query="heat > 5", hold=15.0, moments=moments, verdict=Verdict.HEARD)


def lost() -> Course:
    hop = Hop("expression", False, "`a|b` is 1 & would have to be > 5", ("more <details>",))
    moments = [Moment(Step.FAULT, 1050.0)]
    return Course("Too<Cold>", "nobody heats", moments=moments, hops=(hop,), verdict=Verdict.NOT_HEARD, reason="late")


def test_the_time_to_detect_leaves_out_what_the_rule_waits_on_purpose() -> None:
    """From the first evaluation at which the expression held to the mail, beyond `for`; unknown without a mail."""
    assert heard().beyond == pytest.approx(10.5)
    assert lost().beyond is None


def test_all_evidence_is_kept(tmp_path: Path) -> None:
    """For programs with every moment; for people with the hop at which a signal was lost; as a chart that is XML."""
    write(tmp_path, [heard(), lost()], CIRCUMSTANCES)
    kept = json.loads((tmp_path / "drill.json").read_text())
    good, bad = kept["drills"]
    assert {moment["step"]: moment["at"] for moment in good["moments"]} == TIMES
    assert good["seconds_beyond_for"] == pytest.approx(10.5)
    assert good["mail_subject"] == "[FIRING] TooHot | <b>"
    assert bad["lost_at"] == "expression"
    page = (tmp_path / "drill.md").read_text()
    assert "| TooHot | the oven is left on | 2.0 | 17.0 | 27.5 | 47.0 | 10.5 s | heard |" in page
    assert "- **lost**: expression. `a\\|b` is 1 & would have to be > 5\n  - more <details>" in page
    chart = (tmp_path / "drill.svg").read_text()
    ET.fromstring(chart)
    assert "not heard: lost at the expression" in chart


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    """The folder tells of one rehearsal, the last."""
    write(tmp_path, [heard(), lost()], CIRCUMSTANCES)
    write(tmp_path, [heard()], CIRCUMSTANCES)
    assert len(json.loads((tmp_path / "drill.json").read_text())["drills"]) == 1
    assert "Cold" not in (tmp_path / "drill.md").read_text()
