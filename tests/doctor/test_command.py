"""`artisan doctor` as an operator runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from artisan.cli import app
from artisan.doctor import CHECKS
from artisan.doctor.beside import environment_of_the_stack
from artisan.stack.tools import Tools
from tests.e2e.processes import ROOT
from tests.e2e.serving import AS_THE_GUIDE_SAYS, served
from tests.ports import free_port
from tests.storage.valkeys import fill, server
from tests.tracing.collector import collecting
from tests.watching.alertmanager import Alertmanager
from tests.watching.prometheus import Prometheus

from .watching import listening

Doctor = Callable[..., tuple[int, str]]
MONITORING = ROOT / "monitoring"


@pytest.fixture
def doctor(bare: pytest.MonkeyPatch, tmp_path: Path) -> Doctor:
    """`doctor("--json", KEY=…)`: runs it in a folder without a `.env`; gives its exit status and what it printed."""

    def ran(*arguments: str, **environ: str) -> tuple[int, str]:
        folder = tmp_path / "where-the-doctor-is"
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "artisan", "doctor", "--state", str(folder / "state"), *arguments]
        told = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
        done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False, timeout=120)
        assert "Traceback" not in done.stderr, done.stderr
        assert list(folder.iterdir()) == []  # it changes nothing
        return done.returncode, done.stdout + done.stderr

    return ran


class Models(BaseHTTPRequestHandler):
    """A provider that offers one model."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data": [{"id": "smollm2-135m-instruct"}]}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_all_is_well_where_it_is(doctor: Doctor, tools: Tools, tmp_path: Path) -> None:
    """All parts of `make up`, real ones and up: nothing is wrong, and every check has been made that could be."""
    with (
        collecting() as (_, collector),
        listening(Models) as models,
        server(tmp_path, maxmemory="64mb", maxmemory_policy="allkeys-lru") as valkey,
        Alertmanager(tools, MONITORING, _folder(tmp_path / "alertmanager")) as alertmanager,
    ):
        environ = {
            "REDIS_URL": valkey.url,
            "LLM_PROVIDERS": f"local@{models}/v1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "ENVIRONMENT": "production",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/artisan.db",
            "ALERTMANAGER_URL": f"http://{alertmanager.address}",
        }
        with served(AS_THE_GUIDE_SAYS, tmp_path, **environ) as service:
            port = str(service.client.base_url.port)
            prometheus = Prometheus(
                tools.programs["prometheus"],
                MONITORING,
                _folder(tmp_path / "prometheus"),
                backend=f"127.0.0.1:{port}",
                alertmanager=alertmanager.address,
            )
            with prometheus:
                prometheus.eventually(lambda: prometheus.answers('up{job="artisan-backend"} == 1'), "a scrape")
                prometheus.eventually(lambda: bool(prometheus.ask("alertmanagers")["activeAlertmanagers"]), "a peer")
                environ |= {"PORT": port, "PROMETHEUS_URL": f"http://{prometheus._address}"}
                status, text = doctor(**environ)
    assert status == 0, text
    found = [tuple(line.split()) for line in text.splitlines() if line[:1].islower()]
    # The mailbox is on this machine; what the machine itself may be short of is none of the test's business.
    assert set(found) <= {("note", "receivers"), ("note", "clock"), ("warning", "disk")}, text
    skipped = text.splitlines()[-1].partition(": ")[2]
    passed = re.search(r"(?m)^(All|Not all) is well: (\d+) checks passed", text)
    assert passed
    assert passed[1] == ("Not all" if ("warning", "disk") in found else "All")
    # Dashboards have their port, on which nothing or anything may listen here.
    dashboards = "dashboards (nothing listens at http://localhost:3001); "
    assert skipped.removeprefix(dashboards) == "metrics-folder (one worker needs none)."
    assert int(passed[2]) == len(CHECKS) - 1 - len(found) - skipped.startswith(dashboards)


@pytest.fixture
def five_faults(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A value that cannot be read, a stranger on the port, a full cache, metrics open to all, nobody who watches."""
    with server(tmp_path, maxmemory="4mb", maxmemory_policy="noeviction") as valkey, listening(Models) as stranger:
        with valkey.client() as client:
            fill(client)
        yield {
            "DATABASE_POOL_SIZE": "one",
            "PORT": stranger.rpartition(":")[2],
            "REDIS_URL": f"{valkey.url}/0",
            "ENVIRONMENT": "production",
            "HOST": "0.0.0.0",
            "PROMETHEUS_URL": f"http://doctor:hunter22@127.0.0.1:{free_port()}",
            "GROQ_API_KEY": "gsk_top_secret_1",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/artisan.db",
        }


def test_five_faults_are_told_in_order_of_harm(doctor: Doctor, five_faults: dict[str, str]) -> None:
    """Each in what it is, what it means and the command that mends it, for people and for programs."""
    # At the same time, since each takes seconds to come up.
    with ThreadPoolExecutor() as pool:
        for_programs = pool.submit(doctor, "--json", **five_faults)
        status, text = doctor(**five_faults)
    assert status == 1
    lines = text.splitlines()
    heads = [line.split() for line in lines if line.startswith(("critical", "error", "warning", "note"))]
    expected = [
        *(["critical", "settings"], ["critical", "port"]),
        *(["error", "cache"], ["error", "prometheus"], ["error", "alertmanager"]),
        ["warning", "token"],
    ]
    assert [head for head in heads if head[1] not in {"clock", "disk"}] == expected
    for number, line in enumerate(lines):
        if line.split() in expected:
            what, means, mend = lines[number + 1 : number + 4]
            assert what.startswith("  ")
            assert what.endswith(".")
            assert means.endswith(".")
            assert mend.startswith("    ")
            assert lines[number + 4] == ""
    assert "Not all is well: " in lines[-2]
    assert "2 critical, 3 errors, " in lines[-2]
    assert lines[-1].startswith("Not checked: ")
    assert "\x1b" not in text  # plain where it is piped
    for secret in ("hunter22", "gsk_top_secret_1"):
        assert secret not in text

    status, text = for_programs.result()
    told: dict[str, Any] = json.loads(text)
    assert (status, told["exit_status"]) == (1, 1)
    ranks = ["critical", "error", "warning", "note"]
    harms = [ranks.index(finding["harm"]) for finding in told["findings"]]
    assert harms == sorted(harms)
    assert all(set(finding) == {"check", "harm", "what", "means", "mend"} for finding in told["findings"])
    assert "hunter22" not in text


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    """Exit status 2, as for any option that cannot be."""
    outcome = CliRunner().invoke(app, ["doctor", "--env-file", "nowhere.env"])
    assert outcome.exit_code == 2
    assert "there is no such file" in outcome.output


STACK = """
import signal, subprocess, sys
from pathlib import Path
from artisan.stack.lock import Lock

with Lock(Path(sys.argv[1])):
    code = "print('ready', flush=True); import signal; signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code, "-m", "backend.main"], env={"REDIS_URL": "redis://its-own"}):
        pass
"""


def test_the_settings_of_a_running_stack_are_found(tmp_path: Path) -> None:
    """`artisan up` gives its backend addresses that stand in no file; an old lock leads nowhere."""
    lock = tmp_path / "lock"
    assert environment_of_the_stack(tmp_path) == {}
    lock.write_text(f"{os.getpid()}\n")
    assert environment_of_the_stack(tmp_path) == {}
    command = [sys.executable, "-c", STACK, str(lock)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as stack:
        try:
            assert stack.stdout
            assert stack.stdout.readline() == b"ready\n"
            assert environment_of_the_stack(tmp_path)["REDIS_URL"] == "redis://its-own"
        finally:
            os.killpg(stack.pid, signal.SIGTERM)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
