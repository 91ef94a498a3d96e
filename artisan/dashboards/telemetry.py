"""The part of Artisan Hub - Inside about the watching side: can it see, think and speak?"""

from __future__ import annotations

from . import limits
from .panels import STATES, Panel, Query, graph, light, words
from .queries import HERE, quantile

# What Prometheus and Alertmanager tell of themselves.
_PROMETHEUS = 'job="prometheus"'
_ALERTMANAGER = 'job="alertmanager"'
_WINDOW = "$__rate_interval"


def watching_lights() -> list[Panel]:
    """Whether alerts are made and delivered."""
    lost = (
        f"sum(increase(prometheus_notifications_dropped_total{{{_PROMETHEUS}}}[5m]))"
        f" + (sum(increase(alertmanager_notifications_failed_total{{{_ALERTMANAGER}}}[5m])) or vector(0))"
    )
    return [
        light(
            "Watchdog",
            "An alert that always rings, and so proves that rules are evaluated. Alert: Watchdog.",
            Query('count(ALERTS{alertname="Watchdog", alertstate="firing"}) or vector(0)'),
            limits=[limits.UP],
            mappings=[words({"0": ("SILENT", "red"), "1": ("RINGS", "green")})],
        ),
        light(
            "Alertmanager",
            "Whether it answers Prometheus. Alert: AlertDeliveryFailing.",
            Query(f"min(up{{{_ALERTMANAGER}}}) or vector(-1)"),
            limits=limits.STATES,
            mappings=[words(STATES)],
        ),
        light(
            "Alerts not delivered",
            "Dropped by Prometheus or failed in Alertmanager, over the last 5 minutes. Alert: AlertDeliveryFailing.",
            Query(lost),
            limits=[limits.ONE],
            decimals=0,
        ),
        light(
            "Rules that failed",
            "Failed evaluations over the last 5 minutes. Alert: RuleEvaluationFailing.",
            Query(f"sum(increase(prometheus_rule_evaluation_failures_total{{{_PROMETHEUS}}}[5m]))"),
            limits=[limits.ONE_WARNING],
            decimals=0,
        ),
        light(
            "Slowest scrape",
            "Of any target, the last time.",
            Query("max(scrape_duration_seconds)"),
            unit="s",
        ),
        light(
            "Series in memory",
            "How many Prometheus keeps at hand. A jump is a label with too many values.",
            Query(f"sum(prometheus_tsdb_head_series{{{_PROMETHEUS}}})"),
        ),
    ]


def seeing() -> list[Panel]:
    """What Prometheus fetches, and what that costs."""
    return [
        graph(
            "Time of a scrape",
            "By target, as Prometheus sees it.",
            Query("scrape_duration_seconds", "{{job}} {{instance}}"),
            unit="s",
        ),
        graph(
            "Samples in a scrape",
            "By target. A jump is a label with too many values.",
            Query("scrape_samples_scraped", "{{job}} {{instance}}"),
            unit="short",
        ),
        graph(
            "Time to render the metrics page",
            "As the backend sees it: what being watched costs.",
            *(
                Query(quantile(q, "metrics_scrape_duration_seconds", _WINDOW, where=HERE), f"p{q * 100:g}")
                for q in (0.5, 0.99)
            ),
            unit="s",
        ),
    ]


def speaking() -> list[Panel]:
    """Rules, and the way of an alert from them to somebody who reads it."""
    failures = f"sum(rate(prometheus_rule_evaluation_failures_total{{{_PROMETHEUS}}}[{_WINDOW}])) * 60"
    missed = f"sum(rate(prometheus_rule_group_iterations_missed_total{{{_PROMETHEUS}}}[{_WINDOW}])) * 60"
    # Alertmanager counts for every way that it knows, not only for those of alertmanager.yml.
    integrations = f'{{{_ALERTMANAGER}, integration=~"email|webhook"}}[{_WINDOW}])) * 60'
    # A group is called by its file too; the legend has room for its name alone.
    seconds = f"prometheus_rule_group_last_duration_seconds{{{_PROMETHEUS}}}"
    groups = f'label_replace({seconds}, "rule_group", "$1", "rule_group", ".*;(.*)")'
    return [
        graph(
            "Time to evaluate the rules",
            "Of each group, the last time. It has to stay well below the group's interval.",
            Query(f"sum by (rule_group) ({groups})", "{{rule_group}}"),
            unit="s",
        ),
        graph(
            "Rules failed and missed",
            "Per minute. Failed: the alarm is off. Missed: Prometheus has no time for it.",
            Query(failures, "failed"),
            Query(missed, "missed"),
            unit="short",
        ),
        graph(
            "Notification queue",
            "Alerts on their way from Prometheus to Alertmanager; at the capacity it begins to drop them.",
            Query(f"sum(prometheus_notifications_queue_length{{{_PROMETHEUS}}})", "waiting"),
            Query(f"sum(prometheus_notifications_queue_capacity{{{_PROMETHEUS}}})", "capacity"),
            unit="short",
        ),
        graph(
            "From Prometheus to Alertmanager",
            "Alerts per minute: sent, failed to send, and dropped because nobody took them.",
            Query(f"sum(rate(prometheus_notifications_sent_total{{{_PROMETHEUS}}}[{_WINDOW}])) * 60", "sent"),
            Query(f"sum(rate(prometheus_notifications_errors_total{{{_PROMETHEUS}}}[{_WINDOW}])) * 60", "failed"),
            Query(f"sum(rate(prometheus_notifications_dropped_total{{{_PROMETHEUS}}}[{_WINDOW}])) * 60", "dropped"),
            unit="short",
        ),
        graph(
            "From Alertmanager to people",
            "Notifications per minute by way: mail, webhook.",
            Query(f"sum by (integration) (rate(alertmanager_notifications_total{integrations}", "{{integration}}"),
            Query(
                f"sum by (integration) (rate(alertmanager_notifications_failed_total{integrations}",
                "{{integration}} failed",
            ),
            unit="short",
        ),
        graph(
            "Alerts in Alertmanager",
            "By state: active, suppressed by a silence or an inhibition, unprocessed.",
            Query(f"sum by (state) (alertmanager_alerts{{{_ALERTMANAGER}}})", "{{state}}"),
            unit="short",
        ),
    ]
