"""The rule files as objects of the Prometheus operator, which takes no files; kustomize makes no objects of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

FILE = "deploy/kubernetes/watching/prometheus-rules.yaml"
_FOLDERS = ("monitoring/alerts", "monitoring/rules")
_HEAD = "# Made by `make docs` from the files of monitoring/alerts/ and monitoring/rules/, word for word; edit those.\n"
_OBJECT = """\
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: artisan-hub
    app.kubernetes.io/component: watching
spec:
"""


def kubernetes_files(root: Path, generated: Mapping[str, str]) -> dict[str, str]:
    """The text of the objects, one for each rule file below `root`, by its path in the repository.

    `generated` are texts by path that go before what lies on disk, which may be stale.
    """
    paths = sorted(str(path.relative_to(root)) for folder in _FOLDERS for path in (root / folder).glob("*.yml"))
    texts = {path: generated.get(path) or (root / path).read_text(encoding="utf-8") for path in paths}
    return {FILE: _HEAD + "".join(_rule(Path(path).stem, text) for path, text in texts.items())}


def _rule(name: str, text: str) -> str:
    """A file's `groups`, with its comments, as the `spec` of an object."""
    return _OBJECT.format(name=name) + indent(text, "  ")
