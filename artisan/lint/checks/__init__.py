"""The checks: one rule a file, each with its section in docs/lint.md and its files in tests/lint/corpus.

To add one, write a file with `RULE` and `check(project)`, and name it in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from artisan.lint.finding import Finding, Rule
from artisan.lint.project import Project

from . import (
    alert_deaf,
    alert_runbook,
    alert_severity,
    alert_words,
    counter_raw,
    dashboard_datasource,
    dashboard_subset,
    dashboard_unit,
    dashboard_variable,
    dashboard_words,
    delta_counter,
    histogram_le,
    label_lost,
    label_unknown,
    label_value,
    metric_stale,
    metric_unknown,
    metric_unused,
    promql_syntax,
    promql_unread,
    range_short,
    rate_counter,
    ratio_floor,
    threshold_edge,
    threshold_reach,
    unit_mismatch,
    zero_absence,
)

CHECKS: dict[Rule, Callable[[Project], Iterator[Finding]]] = {
    module.RULE: module.check
    for module in (
        promql_syntax,
        promql_unread,
        metric_unknown,
        metric_unused,
        metric_stale,
        label_unknown,
        label_value,
        label_lost,
        rate_counter,
        delta_counter,
        counter_raw,
        range_short,
        histogram_le,
        threshold_reach,
        threshold_edge,
        alert_deaf,
        unit_mismatch,
        ratio_floor,
        zero_absence,
        alert_severity,
        alert_words,
        alert_runbook,
        dashboard_datasource,
        dashboard_variable,
        dashboard_subset,
        dashboard_words,
        dashboard_unit,
    )
}
