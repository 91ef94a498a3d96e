"""Every shipped alert has its drill, or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from artisan.drill import coverage
from artisan.drill.faults import SCENARIOS, UNDRILLED
from artisan.drill.stack.configuration import BadConfiguration

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"


def test_every_shipped_alert_is_covered() -> None:
    """What `make check` asks."""
    assert coverage.complaints(coverage.alert_names(MONITORING)) == []
    assert coverage.main() == 0


def test_an_alert_without_a_drill_is_told() -> None:
    """By its name, with what to do."""
    names = [*coverage.alert_names(MONITORING), "TooHot"]
    assert coverage.complaints(names) == [
        "TooHot has no drill and no reason why: add one in artisan/drill/faults, see docs/drill.md"
    ]


def test_a_drill_without_an_alert_is_told() -> None:
    """An alert that was renamed leaves its drill behind."""
    names = [name for name in coverage.alert_names(MONITORING) if name != "HighErrorRate"]
    assert coverage.complaints(names) == ["HighErrorRate has a drill, and is no alert any more"]


def test_no_alert_has_two_drills_and_a_reason_is_a_reason() -> None:
    """A drill beside an excuse would be a lie in one of the two."""
    names = [each.alert for each in (*SCENARIOS, *UNDRILLED)]
    assert len(set(names)) == len(names)
    assert all(len(each.reason) > 40 for each in UNDRILLED)


@pytest.mark.parametrize("misspelt", ["HighErorRate", "higherrorrate", "HighError"])
def test_a_misspelt_name_is_recognised(misspelt: str) -> None:
    """Who is woken up at night types badly."""
    with pytest.raises(coverage.UnknownAlert, match=r"Is HighErrorRate meant\?"):
        coverage.chosen([misspelt], coverage.alert_names(MONITORING))


def test_drills_come_in_the_order_of_the_rehearsal() -> None:
    """Whatever the order in which they are named."""
    known = coverage.alert_names(MONITORING)
    drills, rest = coverage.chosen(known[::-1], known)
    assert drills == list(SCENARIOS)
    assert {each.alert for each in rest} == {each.alert for each in UNDRILLED}


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("groups: [", "is not YAML"),
        ("- a\n- b", "is not a file of rules"),
        ("groups: [{name: a, rules: [{alert: A}]}]", "is not a file of rules"),
        ("groups: [{name: a, rules: [{alert: A, expr: b, for: soon}]}]", "'soon' is not a duration"),
    ],
)
def test_bad_rules_are_told_in_one_sentence(tmp_path: Path, rules: str, complaint: str) -> None:
    """With the file."""
    (tmp_path / "prometheus.yml").write_text("rule_files: ['*.rules']")
    (tmp_path / "bad.rules").write_text(rules)
    with pytest.raises(BadConfiguration, match=rf"bad\.rules .*{complaint}"):
        coverage.alert_names(tmp_path)
