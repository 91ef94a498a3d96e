"""A rule that Prometheus can read and cannot evaluate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Page, Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage

# Each side has several series and none of their labels is to count: nobody can say which belongs to which.
_RULES = """
groups:
  - name: drill-broken
    rules:
      - record: drill:many_to_many
        expr: up * on () up
"""


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    file = stage.rules / "drill-broken.yml"
    file.write_text(_RULES, encoding="utf-8")
    stage.reload_rules()
    yield
    file.unlink()
    stage.reload_rules()


SCENARIO = Scenario(
    alert="RuleEvaluationFailing",
    story="a rule is added whose two sides match many to many",
    fault=_fault,
    sign=Sign("prometheus_rule_evaluation_failures_total", rises_by=3, page=Page.PROMETHEUS),
)
