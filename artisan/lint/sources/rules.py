"""Files of Prometheus' rules, bare or inside a Kubernetes PrometheusRule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artisan.lint.documents import Broken, place_of
from artisan.lint.metrics import closest
from artisan.lint.query import Kind, Query, query
from artisan.lint.text import Position, Source, Text

from .rule_faults import faults

_KEYS = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
# {{ $labels.x }}, {{ if $labels.x }}, {{ index $labels "x" }}, {{ .Labels.x }}
_LABEL = re.compile(r"(?:\$labels|\.Labels)\.(\w+)|index\s+(?:\$labels|\.Labels)\s+\"(\w+)\"")


@dataclass(frozen=True, eq=False)
class Alert:
    """An alerting rule."""

    name: Text
    query: Query
    labels: Mapping[str, Text]
    annotations: Mapping[str, Text]


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording rule; `labels` are those that it adds."""

    name: Text
    query: Query
    labels: Mapping[str, Text]


@dataclass(frozen=True)
class RuleFile:
    """What a file of rules declares. `faults` are why Prometheus would refuse it, beside the expressions.

    `bare` is a file for Prometheus itself, not an object of Kubernetes.
    """

    source: Source
    alerts: tuple[Alert, ...]
    recordings: tuple[Recording, ...]
    faults: tuple[Broken, ...] = ()
    bare: bool = True


def read_rules(source: Source, documents: Sequence[Any]) -> RuleFile:
    """From the parsed documents of a file; raises Broken when it is no file of rules."""
    found = [_groups(source, document) for document in _of_rules(documents) or [None]]
    groups = [group for _, groups in found for group in groups]
    rules = [_rule(source, rule) for group in groups for rule in _members(source, group)]
    bare = not any(_is_object(document) for document, _ in found)
    refused = (fault for document, groups in found for fault in faults(source, document, groups, bare=bare))
    alerts = tuple(rule for rule in rules if isinstance(rule, Alert))
    recordings = tuple(rule for rule in rules if isinstance(rule, Recording))
    return RuleFile(source, alerts, recordings, tuple(refused), bare)


def _of_rules(documents: Sequence[Any]) -> Sequence[Any]:
    """The documents that should hold rules; beside a PrometheusRule may stand any other objects of Kubernetes."""
    objects = [document for document in documents if _is_object(document)]
    others = [document for document in documents if not (isinstance(document, dict) and "kind" in document)]
    return [*objects, *others] if objects else documents


def _is_object(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "PrometheusRule"


def _groups(source: Source, document: Any) -> tuple[dict[Any, Any], list[Any]]:
    """A document with its groups; raises Broken when it has none."""
    holder = document.get("spec") if _is_object(document) else document
    groups = holder.get("groups") if isinstance(holder, dict) else None
    if not isinstance(groups, list):
        raise Broken(source, Position(1, 1), "This is no file of rules: it has no list `groups`.", "Name another file.")
    return document, groups


def _members(source: Source, group: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(group, dict) or not group.get("name"):
        raise Broken(
            source, place_of(group), "A group of rules has no `name`.", "Give it one; Prometheus refuses the file."
        )
    rules = group.get("rules") or []
    if not isinstance(rules, list):
        raise Broken(
            source, group["name"], f"`rules` of group {group['name']} is no list.", "Begin each rule with `-`."
        )
    for rule in rules:
        if not isinstance(rule, dict):
            raise Broken(source, place_of(rule), "A rule is no mapping.", "Give it `alert` or `record`, and `expr`.")
        yield rule


def _rule(source: Source, rule: Mapping[str, Any]) -> Alert | Recording:
    place = place_of(list(rule))
    named = [key for key in ("alert", "record") if rule.get(key)]
    if len(named) != 1:
        raise Broken(source, place, "A rule needs either `alert` or `record`.", "Give it exactly one of them.")
    name = rule[named[0]]
    if not isinstance(rule.get("expr"), Text) or not rule["expr"].strip():
        raise Broken(source, name, f"The rule {name} has no `expr`.", "Say what it evaluates.")
    for key in rule:
        if key not in _KEYS and isinstance(key, Text):
            meant = closest(key, _KEYS)
            todo = f"Write `{meant}`." if meant else "Take it away; Prometheus refuses the file."
            raise Broken(source, key, f"A rule has no key `{key}`.", todo)
    labels, annotations = _texts(source, rule, "labels"), _texts(source, rule, "annotations")
    scope = place.position().line if isinstance(place, Text) else 0
    if named[0] == "record":
        return Recording(name, query(rule["expr"], Kind.RECORD, name, scope=scope), labels)
    uses = tuple(use for value in (*labels.values(), *annotations.values()) for use in _uses(value))
    return Alert(name, query(rule["expr"], Kind.ALERT, name, scope=scope, uses=uses), labels, annotations)


def _texts(source: Source, rule: Mapping[str, Any], key: str) -> dict[str, Text]:
    found = rule.get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(value, Text) for value in found.values()):
        raise Broken(
            source, place_of(rule), f"`{key}` of a rule is no mapping of texts.", "Write one `name: text` a line."
        )
    return found


def _uses(text: Text) -> Iterator[tuple[str, Text]]:
    """The labels that a template asks its alert for."""
    for found in _LABEL.finditer(text):
        yield found[1] or found[2], text.part(found.start(), found.end())
