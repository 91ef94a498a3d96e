"""The two rule files as text."""

from __future__ import annotations

import re
from typing import Any

import yaml

from .alerts import alert_groups
from .declaration import Declaration
from .recording import recording_groups

RECORDING, ALERTS = "rules/artisan-slo.yml", "alerts/artisan-slo-alerts.yml"


class _Dumper(yaml.SafeDumper):
    """Lists are indented and lines are not broken, as people write rules."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def render(declaration: Declaration, source: str) -> dict[str, str]:
    """The text of both files by their path below the folder of Prometheus' configuration; `source` is told in them."""
    head = f"# Made by `artisan slo`; edit {source}. docs/slo.md explains the rules.\n\n"
    files = {RECORDING: recording_groups(declaration), ALERTS: alert_groups(declaration)}
    return {path: head + _dumped(groups) for path, groups in files.items()}


def _dumped(groups: list[dict[str, Any]]) -> str:
    text = yaml.dump({"groups": groups}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    # An empty line before each group and rule, as between paragraphs.
    return re.sub(r"(?m)^(?= *- (?:name|record|alert): )", "\n", text)
