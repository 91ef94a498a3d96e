"""What a rehearsal asks of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from artisan.drill.clients import web


@dataclass(frozen=True)
class Sample:
    """One value of a series; the time is Unix time in seconds."""

    labels: Mapping[str, str]
    value: float
    at: float


@dataclass(frozen=True)
class Alert:
    """An alert that is pending or firing."""

    labels: Mapping[str, str]
    state: str
    since: float
    """The first evaluation of this stretch at which the expression held, Unix time."""
    value: float


@dataclass(frozen=True)
class Rule:
    """An alerting rule as Prometheus has it loaded."""

    name: str
    labels: Mapping[str, str]
    """Those that the rule itself gives to its alerts."""
    query: str
    hold: float
    """Its `for`, in seconds."""
    health: str
    error: str
    evaluated_at: float
    """0 when it has not been evaluated yet."""
    alerts: tuple[Alert, ...]

    def is_for(self, alert: str, labels: Mapping[str, str]) -> bool:
        """Whether it is the rule of that name whose alerts can have these labels."""
        return self.name == alert and all(self.labels.get(name, value) == value for name, value in labels.items())


class Prometheus:
    """Its HTTP API. Every method raises web.NoAnswer."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}"

    async def ask(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer."""
        return (await web.get_json(f"{self.url}/api/v1/{path}", parameters))["data"]

    async def rules(self) -> list[Rule]:
        """The alerting rules."""
        groups = (await self.ask("rules", type="alert"))["groups"]
        return [_rule(each) for group in groups for each in group["rules"]]

    async def rule(self, alert: str, labels: Mapping[str, str]) -> Rule | None:
        """The first rule of that name whose alerts can have these labels."""
        return next((rule for rule in await self.rules() if rule.is_for(alert, labels)), None)

    async def query(self, expression: str) -> list[Sample]:
        """The present values; of a range vector, all its samples in their order."""
        data = await self.ask("query", query=expression)
        if data["resultType"] in {"scalar", "string"}:
            at, value = data["result"]
            return [Sample({}, float(value), float(at))]
        return [
            Sample(series["metric"], float(value), float(at))
            for series in data["result"]
            for at, value in series.get("values") or [series["value"]]
        ]

    async def targets(self) -> list[dict[str, Any]]:
        """What it scrapes."""
        found: list[dict[str, Any]] = (await self.ask("targets", state="active"))["activeTargets"]
        return found

    async def alertmanagers(self) -> int:
        """To how many Alertmanagers it sends."""
        return len((await self.ask("alertmanagers"))["activeAlertmanagers"])

    async def label_values(self, metric: str, label: str) -> list[str]:
        """The values that a label has among the series of a metric."""
        values: list[str] = await self.ask(f"label/{label}/values", **{"match[]": metric})
        return values

    async def version(self) -> str:
        """Its version."""
        return str((await self.ask("status/buildinfo"))["version"])


def _rule(rule: dict[str, Any]) -> Rule:
    return Rule(
        name=rule["name"],
        labels=rule["labels"],
        query=rule["query"],
        hold=float(rule["duration"]),
        health=rule["health"],
        error=rule.get("lastError", ""),
        evaluated_at=unix_time(rule["lastEvaluation"]),
        alerts=tuple(
            Alert(each["labels"], each["state"], unix_time(each["activeAt"]), float(each["value"]))
            for each in rule["alerts"]
        ),
    )


def unix_time(text: str) -> float:
    """RFC 3339 with any number of digits, as Go writes it; its zero time is 0."""
    if text.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(_with_microseconds(text)).timestamp()


def _with_microseconds(text: str) -> str:
    """Python reads at most six digits behind the point."""
    whole, point, rest = text.partition(".")
    if not point:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole}.{rest[: min(digits, 6)]}{rest[digits:]}"
