"""What kustomize makes of deploy/kubernetes/, and how Kubernetes' objects refer to each other."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.processes import ROOT

PROGRAMS = Path(sys.executable).parent
KUBERNETES = ROOT / "deploy/kubernetes"
PAGE = ROOT / "docs/kubernetes.md"
OVERLAYS = ("dev", "prod")

Object = dict[str, Any]


@cache
def printed(overlay: str) -> str:
    """What `kubectl apply -k` would send; any word of warning fails."""
    command = [PROGRAMS / "kubectl", "kustomize", KUBERNETES / "overlays" / overlay]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def objects(overlay: str, kind: str | None = None) -> list[Object]:
    """The objects of an overlay, or those of one kind."""
    return [each for each in yaml.safe_load_all(printed(overlay)) if kind in (None, each["kind"])]


def one(overlay: str, kind: str) -> Object:
    """The only object of its kind."""
    (found,) = objects(overlay, kind)
    return found


def pod(overlay: str) -> Object:
    """The pods that the Deployment makes: their `metadata` and `spec`."""
    template: Object = one(overlay, "Deployment")["spec"]["template"]
    return template


def container(overlay: str) -> Object:
    """The backend's container, the only one."""
    (found,) = pod(overlay)["spec"]["containers"]
    return dict(found)


def settings(overlay: str) -> dict[str, str]:
    """What the container's environment gets from the ConfigMap that it names."""
    (name,) = [source["configMapRef"]["name"] for source in container(overlay)["envFrom"] if "configMapRef" in source]
    (data,) = [each["data"] for each in objects(overlay, "ConfigMap") if each["metadata"]["name"] == name]
    return dict(data)


def secret_keys() -> set[str]:
    """The keys that the command of docs/kubernetes.md puts into the Secret."""
    return set(re.findall(r"--from-literal=(\w+)=", PAGE.read_text()))


def selects(labels: dict[str, str], selected: Object) -> bool:
    """Whether a selector by these labels finds an object or pod."""
    return bool(labels) and labels.items() <= selected["metadata"]["labels"].items()


def size(quantity: str) -> int:
    """Bytes of a quantity such as `6Gi`."""
    number, unit = re.fullmatch(r"(\d+)([KMG]i)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * 1024 ** " KMG".index(unit[0])
