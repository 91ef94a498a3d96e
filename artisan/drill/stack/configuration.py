"""The configuration that a rehearsal runs: the committed one, rendered like `artisan up` does it, then compressed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from artisan.drill.stack.compress import compressed, compressed_prometheus, compressed_rules, seconds
from artisan.drill.stack.deafness import Deafness, deafened_routes, deafened_rules
from artisan.stack.render import Rendering, render
from artisan.stack.tools import Tools

_DEFAULT_GROUP_WAIT = "30s"  # Alertmanager's own


class BadConfiguration(Exception):
    """What is in the monitoring folder cannot be run; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class AlertRule:
    """An alert as its file declares it; durations in seconds."""

    name: str
    query: str
    hold: float
    """Its `for`."""
    keep_firing: float
    file: Path


@dataclass(frozen=True)
class Configuration:
    """What is going to run, compressed; all durations in seconds."""

    rules: tuple[AlertRule, ...]
    evaluation_interval: float
    group_wait: float
    group_interval: float


def declared(monitoring: Path) -> tuple[AlertRule, ...]:
    """The alerts of a monitoring folder, uncompressed, in the order of its files. Raises BadConfiguration.

    One name may have several rules, such as one for each objective.
    """
    if not (monitoring / "prometheus.yml").is_file():
        raise BadConfiguration(f"{monitoring} has no prometheus.yml; name another folder with --monitoring")
    patterns = _load(monitoring / "prometheus.yml").get("rule_files") or []
    files = [file for pattern in patterns for file in sorted(monitoring.glob(pattern))]
    return tuple(rule for file in files for rule in _alerts(file, _load(file)))


def check(tools: Tools, monitoring: Path) -> None:
    """Let Prometheus' and Alertmanager's own tools read the committed files. Raises BadConfiguration with their words.

    Before anything is changed, so that the lines they name are the lines of the file.
    """
    for rule_file in sorted({rule.file for rule in declared(monitoring)}):
        _ask(tools.programs["promtool"], "check", "rules", file=rule_file)
    _ask(tools.programs["amtool"], "check-config", file=monitoring / "alertmanager.yml")


def configure(
    monitoring: Path, run: Path, rendering: Rendering, factor: float, deaf: Mapping[str, Deafness]
) -> Configuration:
    """Write the configuration into `run`. `deaf` names alerts that are to be made deaf, and how."""
    render(monitoring, run, rendering)
    prometheus = compressed_prometheus(_load(run / "prometheus.yml"), factor)
    _dump(run / "prometheus.yml", prometheus)
    for file in _rule_files(run, prometheus):
        _dump(file, deafened_rules(compressed_rules(_load(file), factor), deaf))
    alertmanager = deafened_routes(_load(run / "alertmanager.yml"), deaf)
    alertmanager["route"] = _with_repeats(alertmanager["route"], factor)
    _dump(run / "alertmanager.yml", alertmanager)
    return Configuration(
        rules=tuple(rule for file in _rule_files(run, prometheus) for rule in _alerts(file, _load(file))),
        evaluation_interval=seconds(prometheus["global"]["evaluation_interval"]),
        group_wait=max(_waits(alertmanager["route"], _mailing(alertmanager), _DEFAULT_GROUP_WAIT), default=0.0),
        group_interval=seconds(str(alertmanager["route"].get("group_interval", "5m"))),
    )


def _with_repeats(route: dict[str, Any], factor: float) -> dict[str, Any]:
    """Heartbeats are repeated notifications. How long Alertmanager waits for siblings is its own affair, and stays."""
    changed = {**route, "routes": [_with_repeats(child, factor) for child in route.get("routes") or []]}
    if "repeat_interval" in route:
        changed["repeat_interval"] = compressed(str(route["repeat_interval"]), factor)
    return changed


def _waits(route: dict[str, Any], receivers: set[str], inherited: str) -> Iterator[float]:
    """The group_wait of each route that leads to one of these receivers."""
    wait = str(route.get("group_wait", inherited))
    if route.get("receiver") in receivers:
        yield seconds(wait)
    for child in route.get("routes") or []:
        yield from _waits(child, receivers, wait)


def _mailing(alertmanager: dict[str, Any]) -> set[str]:
    return {receiver["name"] for receiver in alertmanager["receivers"] if receiver.get("email_configs")}


def _alerts(file: Path, content: Any) -> Iterator[AlertRule]:
    try:
        rules = [rule for group in content["groups"] for rule in group.get("rules") or [] if "alert" in rule]
        for rule in rules:
            hold, keep = str(rule.get("for", "0s")), str(rule.get("keep_firing_for", "0s"))
            yield AlertRule(rule["alert"], str(rule["expr"]), seconds(hold), seconds(keep), file)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise BadConfiguration(f"{file} is not a file of rules ({error}); see: promtool check rules {file}") from None


def _rule_files(folder: Path, prometheus: dict[str, Any]) -> list[Path]:
    return [file for pattern in prometheus.get("rule_files") or [] for file in sorted(folder.glob(pattern))]


def _ask(program: Path, *check: str, file: Path) -> None:
    command = [str(program), *check, str(file)]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if outcome.returncode:
        lines = [line.strip() for line in f"{outcome.stdout}\n{outcome.stderr}".splitlines()]
        # The line that names the place; the others say that there is one.
        complaints = [line.partition("FAILED:")[2].strip() for line in lines]
        telling = next(filter(None, [*complaints, *(line for line in lines if "error" in line)]), "no reason is given")
        raise BadConfiguration(f"{file}: {telling.removeprefix(f'{file}: ')}; mend it, then: {' '.join(command)}")


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfiguration(f"{path}: {error.strerror}; name another folder with --monitoring") from None
    except yaml.YAMLError as error:
        raise BadConfiguration(f"{path} is not YAML: {' '.join(str(error).split())}") from None


def _dump(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
