"""promtool on rules and series that a test makes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.stack.tools import find

from .traffic import ALERTS, ROOT, RULES

Check = dict[str, Any]
Evaluate = Callable[..., str]


def value(expr: str, at: str, *expected: float, slo: str | None = None) -> Check:
    """`expr` gives these values at that moment, each with the label `slo` alone or, without it, with no label."""
    labels = f'{{slo="{slo}"}}' if slo else "{}"
    return {"expr": expr, "eval_time": at, "exp_samples": [{"labels": labels, "value": number} for number in expected]}


def firing(alert: str, slo: str, at: str, times: int = 1) -> Check:
    """The alert of this objective fires then, or with `times=0` does not."""
    expr = f'count(ALERTS{{alertname="{alert}", slo="{slo}", alertstate="firing"}})'
    return value(expr, at, *[times] * bool(times))


def never(slo: str, until: str, alert: str = ".+") -> Check:
    """No alert of this objective has been so much as pending since the beginning."""
    return value(f'count_over_time(ALERTS{{alertname=~"{alert}", slo="{slo}"}}[{until}])', until)


def group(series: list[dict[str, str]], checks: Iterable[Check], interval: str = "1m", **more: Any) -> dict[str, Any]:
    """One test of promtool's, its series with a sample each `interval`."""
    return {"interval": interval, "input_series": series, "promql_expr_test": list(checks), **more}


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The real one; without it the test fails in CI and is skipped elsewhere."""
    if found := find(ROOT / ".artisan").programs.get("promtool"):
        return found
    reason = "promtool is neither on PATH nor below .artisan/tools; `make up` fetches it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def evaluate(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Run groups over rules, the committed ones by default, evaluated each `every`; fails with promtool's words."""

    def evaluated(*groups: dict[str, Any], every: str = "1m", rules: Iterable[Path] = (RULES, ALERTS)) -> str:
        file = tmp_path_factory.mktemp("promtool") / "slo.test.yml"
        files = [str(path) for path in rules]
        order = [each["name"] for path in files for each in yaml.safe_load(Path(path).read_text())["groups"]]
        test = {
            "rule_files": files,
            "evaluation_interval": every,
            "group_eval_order": order,
            "tests": list(groups),
        }
        file.write_text(yaml.safe_dump(test, sort_keys=False))
        outcome = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    return evaluated
