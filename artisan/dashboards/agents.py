"""Artisan Hub - Agents and LLM cost: which agent, which model, how well, and what for money."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from . import lights, limits
from .board import board, choice, instance
from .panels import Panel, Query, graph, light, listing
from .queries import (
    AGENT,
    JOB,
    MODEL,
    agent_error_rate,
    llm_cost_per_hour,
    llm_failures_per_minute,
    quantile,
    rate,
)

_LLM_SECONDS = "llm_request_duration_seconds"


def agents() -> dashboard.Dashboard:
    """The dashboard `artisan-agents`."""
    calls = f"llm_requests_total{{{JOB}}}"
    return board(
        "artisan-agents",
        "Artisan Hub - Agents and LLM cost",
        "Which agent and which model, how well, and for how much money",
        variables=[
            instance(),
            choice("agent_type", "Agent", f"agent_executions_total{{{JOB}}}", "Which agents the graphs show."),
            choice("provider", "Provider", calls, "Which LLM providers the graphs show."),
            choice("model", "Model", f'llm_requests_total{{{JOB}, provider=~"$provider"}}', "Which models of them."),
        ],
        rows=[
            ("Now", _lights()),
            ("Agents", _agents()),
            ("LLM calls", _calls()),
            ("Tokens and money", _money()),
        ],
    )


def _lights() -> list[Panel]:
    unpriced = f"increase(llm_unpriced_requests_total{{{JOB}}}[30m])"
    return [
        lights.agent_error_rate(),
        lights.llm_failures_per_minute(),
        lights.slowest_llm(),
        lights.llm_cost_per_hour(),
        light(
            "LLM cost of a day",
            "What the last 24 hours cost, requests of unknown price aside.",
            Query(f"sum(increase(llm_cost_usd_total{{{JOB}}}[1d]))"),
            unit="currencyUSD",
        ),
        light(
            "Requests without price",
            "Money that no figure shows: of the worst model, over the last 30 minutes. Alert: UnpricedLLMRequests.",
            Query(f"max(sum by (provider, model) ({unpriced}))"),
            limits=[limits.UNPRICED],
            decimals=0,
        ),
    ]


def _agents() -> list[Panel]:
    window = "$__rate_interval"
    return [
        graph(
            "Runs",
            "Runs per second by agent and outcome; cancelled means that the client left.",
            Query(rate("agent_executions_total", "agent_type, status", AGENT), "{{agent_type}} {{status}}"),
            unit="ops",
            leads_to="agent_type",
        ),
        graph(
            "Failed runs",
            "Share of the runs that failed, cancelled ones aside. The line is the limit of HighAgentErrorRate.",
            Query(agent_error_rate(window, AGENT), "{{agent_type}}"),
            unit="percentunit",
            limits=[limits.AGENT_ERROR_RATE],
            leads_to="agent_type",
        ),
        graph(
            "Errors by class",
            "Failed runs per second by agent and class of error.",
            Query(rate("agent_errors_total", "agent_type, error_type", AGENT), "{{agent_type}} {{error_type}}"),
            unit="ops",
            leads_to="agent_type",
        ),
        graph(
            "Time of a run, p50",
            "Half of the runs are done in this time, whatever their outcome.",
            Query(quantile(0.5, "agent_execution_duration_seconds", window, "agent_type", AGENT), "{{agent_type}}"),
            unit="s",
            leads_to="agent_type",
        ),
        graph(
            "Time of a run, p95",
            "All but the slowest twentieth of the runs are done in this time.",
            Query(quantile(0.95, "agent_execution_duration_seconds", window, "agent_type", AGENT), "{{agent_type}}"),
            unit="s",
            leads_to="agent_type",
        ),
        graph(
            "LLM cost per run",
            "All that LLM calls cost, spread over all runs of agents: what one answer costs.",
            Query(f"{rate('llm_cost_usd_total', '', MODEL)} / {rate('agent_executions_total', '', AGENT)}", "a run"),
            unit="currencyUSD",
        ),
    ]


def _calls() -> list[Panel]:
    window = "$__rate_interval"
    return [
        graph(
            "Requests by outcome",
            "Attempts per second by provider and outcome; refused ones were never sent.",
            Query(rate("llm_requests_total", "provider, status", MODEL), "{{provider}} {{status}}"),
            unit="reqps",
            leads_to="provider",
        ),
        graph(
            "Failures per minute",
            "Errors, timeouts and refusals by provider. The line is the limit of LLMProviderErrors.",
            Query(llm_failures_per_minute(window, MODEL), "{{provider}}"),
            unit="short",
            limits=[limits.LLM_FAILURES_PER_MINUTE],
            leads_to="provider",
        ),
        graph(
            "Time of an attempt, p95",
            "To the last token, by provider and model. The line is the limit of HighLLMLatency.",
            Query(quantile(0.95, _LLM_SECONDS, window, "provider, model", MODEL), "{{provider}} {{model}}"),
            unit="s",
            limits=[limits.LLM_SECONDS],
            leads_to="provider",
        ),
    ]


def _money() -> list[Panel]:
    prompt, cached = f'{MODEL}, type="prompt"', f'{MODEL}, type="cached"'
    whole = f'{MODEL}, type=~"prompt|completion"'
    tokens = "llm_tokens_used_total"
    return [
        graph(
            "Cost per hour by model",
            "At the present pace. The line is the limit of HighLLMSpend, which adds all models up.",
            Query(llm_cost_per_hour("$__rate_interval", "provider, model", MODEL), "{{provider}} {{model}}"),
            unit="currencyUSD",
            limits=[limits.LLM_USD_PER_HOUR],
            leads_to="provider",
        ),
        graph(
            "Cost per 1000 tokens",
            "What prompt and completion cost on average. A rise is another model, or longer answers.",
            Query(f"1000 * {rate('llm_cost_usd_total', 'model', MODEL)} / {rate(tokens, 'model', whole)}", "{{model}}"),
            unit="currencyUSD",
        ),
        listing(
            "Cost in the shown time",
            "By provider and model, dearest first. Models without a price are not in it.",
            Query(f"sum by (provider, model) (increase(llm_cost_usd_total{{{MODEL}}}[$__range]))"),
            columns={
                "Value": [DynamicConfigValue("displayName", "cost"), DynamicConfigValue("unit", "currencyUSD")],
            },
            width=8,
            height=8,
            empty="No LLM calls.",
            order=TableSortByFieldState().display_name("cost").desc(True),
        ),
        graph(
            "Tokens by type",
            "Per second by model. Cached tokens are part of the prompt, reasoning of the completion.",
            Query(rate(tokens, "model, type", MODEL), "{{model}} {{type}}"),
            unit="short",
        ),
        graph(
            "Cached share of the prompt",
            "Share of the prompt tokens that the provider had in its cache, and sells for less.",
            Query(f"{rate(tokens, 'model', cached)} / {rate(tokens, 'model', prompt)}", "{{model}}"),
            unit="percentunit",
        ),
        graph(
            "Requests without price",
            "Per hour by model: money that no other graph shows.",
            Query(f"{rate('llm_unpriced_requests_total', 'provider, model', MODEL)} * 3600", "{{provider}} {{model}}"),
            unit="short",
            leads_to="provider",
        ),
    ]
