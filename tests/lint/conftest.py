"""What the tests of lint share: the real programs, and a way to run lint over texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from artisan.lint import Finding, Order, Report, lint, read_page
from artisan.stack.tools import Tools, find

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"

Locate = Callable[[str], Path]
Check = Callable[..., Report]


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Prometheus and its kin, as far as they are here."""
    return find(ROOT / ".artisan")


@pytest.fixture(scope="session")
def locate(tools: Tools) -> Locate:
    """Finds one of the programs; without it the test fails in CI and is skipped elsewhere."""

    def located(name: str) -> Path:
        if name in tools.programs:
            return tools.programs[name]
        reason = f"{name} is neither on PATH nor below .artisan/tools; `make up` fetches it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return located


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """`check({"rules.yml": text}, …)`: lint over texts as files, against the page of the corpus or another one."""

    def checked(files: Mapping[str, str], *, page: str | None = None, metrics: bool = True, **options: Any) -> Report:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        if page is not None:
            (tmp_path / "page.txt").write_text(page)
        described = read_page(str(tmp_path / "page.txt" if page is not None else CORPUS / "metrics.txt"))
        paths = options.pop("paths", [Path(name) for name in files if name != "lint.yml"])
        config = Path("lint.yml") if "lint.yml" in files else None
        return lint(Order(tmp_path, paths, metrics=described if metrics else None, config=config, **options))

    return checked


def rule_file(*expressions: str) -> str:
    """A file with one recording rule for each expression."""
    rules = "".join(f"      - record: recorded:{n}\n        expr: {e!r}\n" for n, e in enumerate(expressions))
    return f"groups:\n  - name: group\n    rules:\n{rules}"


def alert_file(expression: str, *, summary: str = "It happens", name: str = "Corpus") -> str:
    """A file with one whole alert."""
    return f"""groups:
  - name: group
    rules:
      - alert: {name}
        expr: {expression!r}
        labels: {{severity: critical}}
        annotations:
          summary: {summary!r}
          description: 'It is {{{{ $value }}}}'
          runbook: https://example.org/runbook
"""


def caret(finding: Finding) -> str:
    """The characters above the caret."""
    start = finding.position.column - 1
    return finding.quote[start : start + finding.width]


def ids(report: Report) -> list[str]:
    """The rules of the findings, in their order."""
    return [finding.rule.id for finding in report.findings]
