"""The manifests are accepted by Kubernetes' schemas, fit together, and keep what the monitoring promises."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from artisan.kubernetes import FILE, kubernetes_files
from backend import __version__
from backend.core.config import Settings
from backend.draining import ENDING_SECONDS
from backend.serving import STOP_SECONDS
from tests.deploy.manifests import (
    OVERLAYS,
    PAGE,
    PROGRAMS,
    container,
    objects,
    one,
    pod,
    printed,
    secret_keys,
    selects,
    settings,
    size,
)
from tests.e2e.processes import ROOT, program

overlays = pytest.mark.parametrize("overlay", OVERLAYS)
RULE_FILES = sorted([*ROOT.glob("monitoring/alerts/*.yml"), *ROOT.glob("monitoring/rules/*.yml")])
DASHBOARDS = sorted(ROOT.glob("monitoring/grafana/dashboards/*.json"))
OPERATORS = {"PrometheusRule", "ServiceMonitor"}  # kinds that Kubernetes does not have by itself


@overlays
def test_kubernetes_accepts_every_object(overlay: str, tmp_path: Path) -> None:
    """By its own schemas, which know every field there is; only the operator's kinds are not among them."""
    file = tmp_path / "all.yaml"
    file.write_text(printed(overlay))
    command = [PROGRAMS / "kubernetes-validate", "--strict", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    own = [each for each in objects(overlay) if each["kind"] not in OPERATORS]
    assert len(re.findall(r"(?m)^INFO .* passed for resource ", said)) == len(own) > 0, said


@overlays
def test_a_wrong_field_would_not_be_accepted(overlay: str, tmp_path: Path) -> None:
    """The check above sees the inside of a container."""
    file = tmp_path / "all.yaml"
    file.write_text(printed(overlay).replace("readOnlyRootFilesystem:", "readOnlyRootFileSystem:"))
    command = [PROGRAMS / "kubernetes-validate", "--strict", file]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@overlays
def test_the_probes_are_those_of_the_guide(overlay: str) -> None:
    """Word for word, and the startup probe asks for the same as liveness, for minutes."""
    (block,) = re.findall(r"```yaml\n# deployment.yaml\n(.*?)```", (ROOT / "docs/guide.md").read_text(), re.DOTALL)
    probes = {name: value for name, value in container(overlay).items() if name in ("livenessProbe", "readinessProbe")}
    assert probes == yaml.safe_load(block)
    startup = container(overlay)["startupProbe"]
    assert startup["httpGet"] == probes["livenessProbe"]["httpGet"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 240
    assert int(settings(overlay)["PORT"]) == startup["httpGet"]["port"]


@overlays
def test_the_pods_are_restricted(overlay: str) -> None:
    """Every rule of the Pod Security Standard `restricted`, which contains `baseline`; and a root nobody writes to."""
    spec = pod(overlay)["spec"]
    shared = spec["securityContext"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert not {"sysctls", "seLinuxOptions", "windowsOptions", "appArmorProfile"} & set(shared)
    assert (shared["runAsNonRoot"], shared["runAsUser"]) == (True, 10001)
    assert shared["seccompProfile"] == {"type": "RuntimeDefault"}
    assert all(set(volume) == {"name", "emptyDir"} for volume in spec["volumes"])
    containers = [*spec["containers"], *spec.get("initContainers", []), *spec.get("ephemeralContainers", [])]
    for each in containers:
        # It has no word of its own about users or seccomp, so that the pod's holds.
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not any("hostPort" in port for port in each["ports"])
    assert f"USER {shared['runAsUser']}\n" in (ROOT / "Dockerfile").read_text()


@overlays
def test_kubernetes_gives_the_pods_no_token(overlay: str) -> None:
    """They ask nothing of it."""
    account = one(overlay, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert pod(overlay)["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert "automountServiceAccountToken" not in pod(overlay)["spec"]


@overlays
def test_whatever_the_backend_writes_to_is_a_volume(overlay: str) -> None:
    """The files for temporary use, the metrics of the workers, and where there is no other database SQLite's."""
    mounts = {mount["mountPath"] for mount in container(overlay)["volumeMounts"]}
    written = {"/tmp", settings(overlay)["METRICS_DIR"]}
    if database := settings(overlay).get("DATABASE_URL"):
        written.add(str(Path(database.removeprefix("sqlite+aiosqlite:///")).parent))
    assert mounts == written
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod(overlay)["spec"]["volumes"])


@overlays
def test_the_memory_alarm_rings_before_the_kernel_does(overlay: str) -> None:
    """The limit is at least half as much again as the 4 GiB of HighMemoryUsage, what lies in memory not counted."""
    in_memory = [
        size(volume["emptyDir"]["sizeLimit"])
        for volume in pod(overlay)["spec"]["volumes"]
        if volume["emptyDir"].get("medium") == "Memory"
    ]
    resources = container(overlay)["resources"]
    assert size(resources["limits"]["memory"]) >= 1.5 * 4 * 1024**3
    assert size(resources["requests"]["memory"]) + sum(in_memory) < size(resources["limits"]["memory"])
    assert "cpu" not in resources["limits"]


@overlays
def test_a_pod_is_given_the_time_that_its_end_takes(overlay: str) -> None:
    """Its drain, what is under way, and five seconds for its telemetry."""
    drain = float(settings(overlay)["DRAIN_SECONDS"])
    assert pod(overlay)["spec"]["terminationGracePeriodSeconds"] >= drain + STOP_SECONDS + ENDING_SECONDS + 5


def test_a_pod_drains_for_as_long_as_readiness_takes_to_be_believed() -> None:
    """Three failures, as Kubernetes counts by default, in production."""
    probe = container("prod")["readinessProbe"]
    assert float(settings("prod")["DRAIN_SECONDS"]) >= probe["periodSeconds"] * probe.get("failureThreshold", 3)


def test_production_has_three_replicas_that_neither_a_rollout_nor_a_node_takes_away() -> None:
    """Their number is the autoscaler's alone: one in the Deployment would be set again with every apply."""
    deployment, scaler, budget = (
        one("prod", kind) for kind in ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget")
    )
    least = scaler["spec"]["minReplicas"]
    assert least >= 3
    assert "replicas" not in deployment["spec"]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    share = int(budget["spec"]["minAvailable"].removesuffix("%"))
    assert 2 <= math.ceil(least * share / 100) < least
    spread = {each["topologyKey"] for each in pod("prod")["spec"]["topologySpreadConstraints"]}
    assert spread == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert int(settings("prod")["WORKERS"]) > 1


def test_development_is_one_pod_that_needs_nothing_beside_it() -> None:
    """Neither a database, nor a Secret, nor what scales."""
    assert one("dev", "Deployment")["spec"]["replicas"] == 1
    assert {each["kind"] for each in objects("dev")} == {
        *("ConfigMap", "Deployment", "NetworkPolicy", "Service", "ServiceAccount")
    }
    (secret,) = [source["secretRef"] for source in container("dev")["envFrom"] if "secretRef" in source]
    assert secret["optional"] is True


@overlays
def test_selectors_find_the_pods(overlay: str) -> None:
    """Of the Deployment, its spreading, the Service, the budget and the network policy."""
    pods = pod(overlay)
    found = [one(overlay, "Deployment")["spec"]["selector"]["matchLabels"], one(overlay, "Service")["spec"]["selector"]]
    found += [each["spec"]["selector"]["matchLabels"] for each in objects(overlay, "PodDisruptionBudget")]
    found += [each["spec"]["podSelector"]["matchLabels"] for each in objects(overlay, "NetworkPolicy")]
    found += [each["labelSelector"]["matchLabels"] for each in pods["spec"]["topologySpreadConstraints"]]
    assert len(found) == (6 if overlay == "prod" else 5)
    assert all(selects(labels, pods) for labels in found)


@overlays
def test_the_service_leads_to_the_port_that_is_served_and_let_through(overlay: str) -> None:
    """8000, as the guide has it, by the name of the container's port; and nothing else comes in."""
    (port,), (served,) = one(overlay, "Service")["spec"]["ports"], container(overlay)["ports"]
    assert port["targetPort"] == served["name"]
    assert port["port"] == served["containerPort"] == int(settings(overlay)["PORT"]) == 8000
    policy = one(overlay, "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8000}]}]


@overlays
def test_the_backend_may_ask_whom_it_needs_and_nobody_else(overlay: str) -> None:
    """DNS, PostgreSQL, Valkey, OTLP; HTTPS on the internet alone, and not inside."""
    rules = one(overlay, "NetworkPolicy")["spec"]["egress"]
    inside = {(port["protocol"], port["port"]) for rule in rules if "to" not in rule for port in rule["ports"]}
    assert inside == {("UDP", 53), ("TCP", 53), ("TCP", 5432), ("TCP", 6379), ("TCP", 4318)}
    (vendors,) = [rule for rule in rules if "to" in rule]
    assert vendors["ports"] == [{"protocol": "TCP", "port": 443}]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(vendors["to"][0]["ipBlock"]["except"])


def test_the_autoscaler_scales_the_deployment() -> None:
    """The one that there is."""
    target = one("prod", "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    deployment = one("prod", "Deployment")
    assert target == {key: deployment[key] for key in ("apiVersion", "kind")} | {"name": deployment["metadata"]["name"]}


@overlays
def test_every_key_is_a_setting(overlay: str) -> None:
    """Of the backend, or a variable of OpenTelemetry that .env.example names; in the ConfigMap as in the Secret."""
    documented = set(re.findall(r"(?m)^#(OTEL_\w+)=", (ROOT / ".env.example").read_text()))
    known = {name.upper() for name in Settings.model_fields} | documented
    named = {each["name"] for each in container(overlay).get("env", [])}
    assert {*settings(overlay), *named, *secret_keys()} <= known


@overlays
def test_every_value_can_work(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that cannot would stop the start, and the pod would begin again for ever."""
    for key, value in settings(overlay).items():
        monkeypatch.setenv(key, value)
    read = Settings.load(env_file=None)
    assert read.environment == {"dev": "development", "prod": "production"}[overlay]


@overlays
def test_no_secret_is_in_the_manifests(overlay: str) -> None:
    """It is only referred to: by a name that the command of docs/kubernetes.md gives it, and by keys that this has."""
    secrets = {name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert not objects(overlay, "Secret")
    assert not secrets & set(settings(overlay))
    assert not any("@" in value for value in settings(overlay).values())
    (name,) = [source["secretRef"]["name"] for source in container(overlay)["envFrom"] if "secretRef" in source]
    assert f"create secret generic {name} " in PAGE.read_text()
    for variable in container(overlay).get("env", []):
        reference = variable["valueFrom"]["secretKeyRef"]
        assert set(variable) == {"name", "valueFrom"}
        assert (reference["name"], reference["key"]) == (name, variable["name"])
        assert reference["key"] in secret_keys()


def test_production_does_not_start_without_its_database() -> None:
    """Three replicas with a SQLite each would look well and know nothing of each other."""
    assert [variable["name"] for variable in container("prod")["env"]] == ["DATABASE_URL"]
    assert "DATABASE_URL" not in settings("prod")
    assert all(not source.get("secretRef", {}).get("optional") for source in container("prod")["envFrom"])


def test_the_database_has_room_for_all_workers_of_all_replicas() -> None:
    """Of the 100 connections that a PostgreSQL takes by default, three of them for its superuser."""
    deployment, scaler = one("prod", "Deployment"), one("prod", "HorizontalPodAutoscaler")
    pods = scaler["spec"]["maxReplicas"] + deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    assert pods * int(settings("prod")["WORKERS"]) * int(settings("prod")["DATABASE_POOL_SIZE"]) <= 97


@overlays
def test_images_are_pinned(overlay: str) -> None:
    """An image must not change by itself; production's is of this version."""
    _, _, tag = container(overlay)["image"].rpartition("/")[2].partition(":")
    assert tag == {"dev": "local", "prod": __version__}[overlay]


def test_the_backend_is_scraped_as_prometheus_yml_scrapes_it() -> None:
    """By the Service's labels and the name of its port, as often, at the same page, with the token of the Secret."""
    monitor, service = _monitor("artisan-backend"), one("prod", "Service")
    (endpoint,) = monitor["spec"]["endpoints"]
    config = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    (job,) = [each for each in config["scrape_configs"] if each["job_name"] == "artisan-backend"]
    assert selects(monitor["spec"]["selector"]["matchLabels"], service)
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == job["metrics_path"]
    assert endpoint["interval"] == config["global"]["scrape_interval"]
    assert endpoint["authorization"] == {
        "type": "Bearer",
        "credentials": {"name": "artisan-hub", "key": "MONITORING_TOKEN"},
    }
    assert "MONITORING_TOKEN" in secret_keys()


def test_every_job_that_an_alert_selects_is_scraped_under_its_name() -> None:
    """An alert about a job that does not exist is silent, or never silent."""
    selected = set(re.findall(r'job="([^"]+)"', "".join(path.read_text() for path in RULE_FILES)))
    given = {
        relabeling["replacement"]
        for monitor in objects("prod", "ServiceMonitor")
        for endpoint in monitor["spec"]["endpoints"]
        for relabeling in endpoint["relabelings"]
        if relabeling.get("targetLabel") == "job"
    }
    assert selected <= given


def test_the_operators_rules_are_the_files_rules() -> None:
    """Every file is an object of its name, and no object is anything else."""
    made = {each["metadata"]["name"]: each["spec"] for each in objects("prod", "PrometheusRule")}
    assert made == {path.stem: yaml.safe_load(path.read_text()) for path in RULE_FILES}
    assert len(made) >= 5


def test_promtool_accepts_the_operators_rules(tmp_path: Path) -> None:
    """As they come out of kustomize, without a remark."""
    for each in objects("prod", "PrometheusRule"):
        file = tmp_path / f"{each['metadata']['name']}.yml"
        file.write_text(yaml.safe_dump(each["spec"]))
        done = subprocess.run(
            [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", file],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_rules_that_are_made_anew_go_before_those_on_disk() -> None:
    """One `make docs` is enough when the objectives have changed, for the rules and for their objects."""
    stale = kubernetes_files(ROOT, {})[FILE]
    made = yaml.safe_load_all(kubernetes_files(ROOT, {"monitoring/rules/artisan-slo.yml": "groups: []\n"})[FILE])
    changed = [new for new, old in zip(made, yaml.safe_load_all(stale), strict=True) if new != old]
    assert [(each["metadata"]["name"], each["spec"]) for each in changed] == [("artisan-slo", {"groups": []})]


def test_every_dashboard_is_what_grafanas_sidecar_looks_for() -> None:
    """A ConfigMap with its label, that holds the file as it is and is small enough to be applied."""
    maps = [each for each in objects("prod", "ConfigMap") if "grafana_dashboard" in each["metadata"].get("labels", {})]
    held: dict[str, Any] = {}
    for each in maps:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        held |= each["data"]
        # `kubectl apply` writes the object into an annotation of itself, and all annotations may have 256 KiB; the
        # object as a whole may have 1 MiB.
        assert len(json.dumps(each).encode()) < 240 * 1024
    assert held == {path.name: path.read_text() for path in DASHBOARDS}
    assert len(maps) == len(DASHBOARDS)


def test_the_commands_of_the_page_name_what_is_there() -> None:
    """Folders, the namespace of each overlay, and the Secret."""
    page = PAGE.read_text()
    for overlay in OVERLAYS:
        assert f"kubectl apply -k deploy/kubernetes/overlays/{overlay}\n" in page
        (namespace,) = {each["metadata"]["namespace"] for each in objects(overlay)}
        assert f"kubectl create namespace {namespace}\n" in page
    assert {Path(path).exists() for path in re.findall(r"deploy/kubernetes/[\w/.-]*\w", page)} == {True}


def _monitor(name: str) -> dict[str, Any]:
    (found,) = [each for each in objects("prod", "ServiceMonitor") if each["metadata"]["name"] == name]
    return found
