"""Each rule against files that keep it (`*.good.*`) and files that break it (`*.bad.*`).

A bad file says itself what is to be found: `# expect RULE: CHARACTERS` stands above the line that the caret is to point
into, at those characters; a dashboard has pairs of the two under `expected`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from artisan.lint import RULES, Finding, Order, Report, lint, read_page

from .conftest import CORPUS, Locate, caret

_EXPECT = re.compile(r"^\s*# expect (\S+): (.+)$")
GOOD = sorted(path.name for path in CORPUS.glob("*.good.*") if ".lint." not in path.name)
BAD = sorted(path.name for path in CORPUS.glob("*.bad.*") if ".lint." not in path.name)
# Rules about the catalogue as a whole need one.
WHOLE = ("metric-unused", "metric-stale")


def linted(name: str, locate: Locate) -> Report:
    own = Path(name).with_suffix(".lint.yml")
    metrics = read_page(str(CORPUS / "metrics.txt"))
    return lint(
        Order(
            CORPUS,
            [Path(name)],
            metrics=metrics,
            catalogue=metrics if name.startswith(WHOLE) else (),
            config=own if (CORPUS / own).is_file() else Path("lint.yml"),
            promtool=locate("promtool"),
        )
    )


def expected(path: Path) -> Iterator[tuple[str, int, str]]:
    """Rule, line and characters of each finding that a bad file announces."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if found := _EXPECT.match(line):
            below = next(n for n in range(number, len(lines)) if not _EXPECT.match(lines[n]))
            yield found[1], below + 1, found[2]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_has_no_finding(name: str, locate: Locate) -> None:
    """Of any rule: a linter that cries wolf is switched off."""
    assert linted(name, locate).findings == ()


@pytest.mark.parametrize("name", [name for name in BAD if name.endswith(".yml")])
def test_a_bad_file_has_just_the_findings_that_it_announces(name: str, locate: Locate) -> None:
    """The rule, the line and the characters above the caret."""
    announced = [*expected(CORPUS / name)]
    if (own := CORPUS / Path(name).with_suffix(".lint.yml")).is_file():
        announced += expected(own)
    found = [(f.rule.id, f.position.line, caret(f)) for f in linted(name, locate).findings]
    assert sorted(found) == sorted(announced)
    assert announced


@pytest.mark.parametrize("name", [name for name in BAD if name.endswith(".json")])
def test_a_bad_dashboard_has_just_the_findings_that_it_announces(name: str, locate: Locate) -> None:
    """The rule and the characters above the caret; JSON has no comments, so the line is told by these."""
    announced = [tuple(pair) for pair in json.loads((CORPUS / name).read_text())["expected"]]
    assert sorted((f.rule.id, caret(f)) for f in linted(name, locate).findings) == sorted(announced)


def test_every_rule_has_good_and_bad_files() -> None:
    """A check without a case is not known to work."""
    for rule in RULES:
        stem = rule.id.replace("/", "-")
        for kind in ("good", "bad"):
            assert list(CORPUS.glob(f"{stem}*.{kind}.*")), f"{rule.id} has no {kind} file"


def test_every_rule_is_broken_by_the_files_of_its_name() -> None:
    """So that a file named for a rule cannot be about another."""
    for rule in RULES:
        stem = rule.id.replace("/", "-")
        texts = "".join(path.read_text() for path in CORPUS.glob(f"{stem}*.bad*"))
        assert f"expect {rule.id}:" in texts or f'"{rule.id}"' in texts, rule.id


def test_the_findings_of_the_corpus_say_what_and_what_to_do(locate: Locate) -> None:
    """Each in one sentence that ends."""
    findings: list[Finding] = [finding for name in BAD for finding in linted(name, locate).findings]
    for finding in findings:
        assert re.search(r"[.!?]$", finding.what), finding
        assert re.search(r"[.!?]$", finding.todo), finding


def test_lint_needs_no_promtool(tmp_path: Path) -> None:
    """What promtool would tell better is told nevertheless."""
    shutil.copy(CORPUS / "promql-syntax.bad.yml", tmp_path / "rules.yml")
    report = lint(Order(tmp_path, [Path("rules.yml")], metrics=read_page(str(CORPUS / "metrics.txt"))))
    assert [(f.rule.id, f.position.line) for f in report.findings] == [
        (rule, line) for rule, line, _ in expected(CORPUS / "promql-syntax.bad.yml")
    ]
