"""A way to make one check over settings of the test's own, and parts that a test can break."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from artisan.doctor import CHECKS, Finding, Outcome, admitted, examine
from artisan.stack.tools import Tools, find
from backend.core.config import Settings
from tests.e2e.processes import ROOT, program
from tests.ports import free_port

Look = Callable[..., Awaitable[Outcome]]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without our settings, but that nobody answers where Prometheus and Alertmanager would."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields or name.startswith(("OTEL_", "ALERT_")):
            monkeypatch.delenv(name)
    for name in ("PROMETHEUS_URL", "ALERTMANAGER_URL"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PORT", str(free_port()))
    return monkeypatch


@pytest.fixture
def look(bare: pytest.MonkeyPatch, tmp_path: Path) -> Look:
    """`outcome = await look("cache", REDIS_URL=…)`: makes one check; what is said in the file `.env` counts, too."""

    async def looked(check: str, **environ: object) -> Outcome:
        for name, value in environ.items():
            bare.setenv(name, str(value))
        async with admitted(tmp_path / ".env", tmp_path / "state", os.environ) as patient:
            [outcome] = (await examine(patient, [each for each in CHECKS if each.id == check])).outcomes
        assert not outcome.broken, outcome
        return outcome

    return looked


LookElsewhere = Callable[..., Outcome]


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is root of a namespace of its own, so that it can mount what it likes."""
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    command = [*namespace, sys.executable, "-m", "tests.doctor.elsewhere"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.communicate(timeout=60)


@pytest.fixture
def look_elsewhere(
    bare: pytest.MonkeyPatch, tmp_path: Path, elsewhere: subprocess.Popen[bytes]
) -> Iterator[LookElsewhere]:
    """`look_elsewhere("disk", "mount …", KEY=…)`: the same there, after a shell command."""
    assert elsewhere.stdin
    assert elsewhere.stdout
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    stdin, stdout = elsewhere.stdin, elsewhere.stdout

    def looked(check: str, first: str, **environ: object) -> Outcome:
        for name, value in environ.items():
            bare.setenv(name, str(value))
        told = {"check": check, "first": first, "folder": str(tmp_path), "environ": dict(os.environ)}
        stdin.write(json.dumps(told).encode() + b"\n")
        stdin.flush()
        outcome = pickle.load(stdout)
        assert isinstance(outcome, Outcome)
        assert not outcome.broken, outcome
        return outcome

    yield looked
    resource.prlimit(elsewhere.pid, resource.RLIMIT_NOFILE, limit)


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The real Prometheus and Alertmanager; without them a test fails in CI and is skipped elsewhere."""
    for name in ("prometheus", "alertmanager"):
        program(name)
    return find(ROOT / ".artisan")


def only(outcome: Outcome) -> Finding:
    """The one finding that there is."""
    [finding] = outcome.findings
    return finding
