"""The backend with production's environment and rights, asked by the probes and scraped by a real Prometheus."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest

from backend.core.monitoring.metrics.shared.worker_file import SUFFIX
from tests.deploy.manifests import container, objects, one, pod, settings
from tests.e2e.processes import eventually, running
from tests.e2e.serving import answers
from tests.ports import free_port
from tests.prometheus import prometheus

TOKEN = "for-prometheus-alone"
# As a pod has it: nothing but its volumes (all below $VOLUMES) can be written to, and a user without capabilities, who
# cannot gain any. Namespaces of a user's own do it without a right of ours.
AS_A_POD = """
set -e
mount --bind "$VOLUMES" "$VOLUMES"
mount -t tmpfs -o size=64m none "$METRICS_DIR"
mount -o remount,bind,ro /
cd "$PWD"
exec unshare --user --map-user=10001 setpriv --no-new-privs "$@"
"""


class Pod(NamedTuple):
    """The backend as production's Deployment starts it."""

    client: httpx.Client
    process: psutil.Process
    volumes: Path

    @property
    def address(self) -> str:
        return self.client.base_url.netloc.decode()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    """Ready to serve. Replaced are the addresses: of the database, the vendor, the port, and of its volumes."""
    folder, port = tmp_path_factory.mktemp("pod"), free_port()
    volumes, log = folder / "volumes", folder / "log"
    for name in ("tmp", "metrics"):
        (volumes / name).mkdir(parents=True)
    env = settings("prod")
    assert env["LLM_PROVIDERS"] == "groq"
    env |= {
        "PORT": str(port),
        "DATABASE_URL": f"sqlite+aiosqlite:///{volumes}/artisan.db",
        "METRICS_DIR": str(volumes / "metrics"),
        "TMPDIR": str(volumes / "tmp"),
        "VOLUMES": str(volumes),
        "LLM_PROVIDERS": f"groq@http://127.0.0.1:{free_port()}/v1",  # nobody: it degrades, and is ready all the same
        "DRAIN_SECONDS": "0",  # nobody is sent here by a load balancer
        "PYTHONDONTWRITEBYTECODE": "1",  # as the image has it
        "MONITORING_TOKEN": TOKEN,
        "GROQ_API_KEY": "none",
    }
    with (
        running(
            [*_isolated(), "sh", "-c", AS_A_POD, "sh", sys.executable, "-m", "backend.main"], log, **env
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client,
    ):
        eventually(lambda: answers(client, "/monitoring/health/ready"), 120, log)
        yield Pod(client, process, volumes)


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_is_answered_without_the_token(started: Pod, probe: str) -> None:
    """At the path that the Deployment says; the kubelet knows no token."""
    assert started.client.get(container("prod")[probe]["httpGet"]["path"]).status_code == 200


def test_the_metrics_want_the_token(started: Pod) -> None:
    """As the ServiceMonitor sends it."""
    path = _endpoint("artisan-backend")["path"]
    assert started.client.get(path).status_code == 401
    page = started.client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 200
    assert 'app_info{version="' in page.text
    assert 'environment="production"' in page.text


def test_it_serves_with_all_its_workers(started: Pod) -> None:
    """Which share their metrics in the volume that the settings name."""
    assert started.client.get("/api/search", params={"q": "silk"}).json()["results"]
    workers = int(settings("prod")["WORKERS"])
    shared = Path(f"/proc/{started.process.pid}/root{started.volumes}/metrics")
    assert len(list(shared.glob(f"*{SUFFIX}"))) == workers


def test_it_has_the_rights_of_a_restricted_pod(started: Pod) -> None:
    """Else the start above would have shown nothing: each process is user 10001, and the root is read-only."""
    user = pod("prod")["spec"]["securityContext"]["runAsUser"]
    for process in (started.process, *started.process.children(recursive=True)):
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(r"(?m)^CapEff:\s+0+$", status)
        assert re.search(r"(?m)^CapPrm:\s+0+$", status)
        assert re.search(r"(?m)^NoNewPrivs:\s+1$", status)
        assert Path(f"/proc/{process.pid}/uid_map").read_text().split()[0] == str(user)
        mounts = Path(f"/proc/{process.pid}/mounts").read_text().splitlines()
        (options,) = [line.split()[3] for line in mounts if line.split()[1] == "/"]
        assert "ro" in options.split(",")


def test_prometheus_finds_the_labels_that_the_rules_ask_for(started: Pod, tmp_path: Path) -> None:
    """By what the operator makes of the ServiceMonitors: the job, and the route that its own label would hide."""
    port = free_port()
    jobs = [
        _scrape_job("artisan-backend", started.address, one("prod", "Service")["metadata"]["labels"]),
        _scrape_job("artisan-prometheus", f"127.0.0.1:{port}", {"operated-prometheus": "true"}),
        _scrape_job("artisan-prometheus", "127.0.0.1:1", {"operated-prometheus": "false"}),
    ]
    started.client.get("/api/search", params={"q": "silk"})
    with prometheus(tmp_path, {"scrape_configs": jobs}, port=port) as store:

        def found(query: str) -> list[dict[str, str]]:
            return [row["metric"] for row in store.rows(query)]

        eventually(
            lambda: bool(found('http_requests_total{job="artisan-backend", endpoint="/api/search"} > 0')), 60, store.log
        )
        eventually(
            lambda: bool(found('prometheus_notifications_alertmanagers_discovered{job="prometheus"}')), 60, store.log
        )
        assert {row["job"] for row in found("up == 1")} == {"artisan-backend", "prometheus"}
        assert not found("up == 0")  # what has not the labels that are looked for is no target
        assert not found('{exported_endpoint!=""}')
        assert not found('{endpoint="http"}')


def _isolated() -> list[str]:
    """Gives a command namespaces of its own; where none are given, the test fails in CI and is skipped elsewhere."""
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("this system gives nobody a mount namespace")
    return command


def _endpoint(name: str) -> dict[str, Any]:
    """The only one of a ServiceMonitor."""
    (monitor,) = [each for each in objects("prod", "ServiceMonitor") if each["metadata"]["name"] == name]
    (endpoint,) = monitor["spec"]["endpoints"]
    return dict(endpoint)


def _scrape_job(name: str, address: str, service: dict[str, str]) -> dict[str, Any]:
    """What the operator writes for a ServiceMonitor, with one target behind a Service of these labels.

    As its documentation has it: what is selected is kept, then the labels namespace, service, pod, container, job and
    endpoint are set, then come the relabelings of the ServiceMonitor.
    """
    (monitor,) = [each for each in objects("prod", "ServiceMonitor") if each["metadata"]["name"] == name]
    endpoint = _endpoint(name)
    port_label = "endpointslice_port_name" if "port" in endpoint else "pod_container_port_number"
    port = str(endpoint.get("port") or endpoint["targetPort"])
    selected = {
        f"service_label_{_sanitized(key)}": value for key, value in monitor["spec"]["selector"]["matchLabels"].items()
    }
    known = {
        "namespace": "artisan-hub",
        "service_name": "artisan-hub",
        "pod_name": "a-pod",
        "pod_container_name": "one",
    }
    set_labels = {"namespace": "namespace", "service": "service_name", "pod": "pod_name"}
    set_labels |= {"container": "pod_container_name", "job": "service_name"}
    known |= {f"service_label_{_sanitized(key)}": value for key, value in service.items()} | {port_label: port}
    job: dict[str, Any] = {
        "job_name": f"serviceMonitor/artisan-hub/{name}/{address}",
        "scrape_interval": endpoint["interval"],
        "scrape_timeout": endpoint["scrapeTimeout"],
        "metrics_path": endpoint.get("path", "/metrics"),
        "static_configs": [
            {"targets": [address], "labels": {f"__meta_kubernetes_{key}": value for key, value in known.items()}}
        ],
        "relabel_configs": [
            *(
                {"action": "keep", "source_labels": [f"__meta_kubernetes_{label}"], "regex": value}
                for label, value in {**selected, port_label: port}.items()
            ),
            *(
                {"source_labels": [f"__meta_kubernetes_{source}"], "target_label": label}
                for label, source in set_labels.items()
            ),
            {"target_label": "endpoint", "replacement": port},
            *({_snake(key): value for key, value in each.items()} for each in endpoint["relabelings"]),
        ],
    }
    if "authorization" in endpoint:
        assert endpoint["authorization"]["credentials"]["key"] == "MONITORING_TOKEN"
        job["authorization"] = {"type": endpoint["authorization"]["type"], "credentials": TOKEN}
    return job


def _sanitized(label: str) -> str:
    return re.sub(r"\W", "_", label)


def _snake(key: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", key).lower()
