"""The real tools, and a real Prometheus that watches a backend with traffic."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from artisan.stack.tools import find

from .alertmanager import Alertmanager
from .backend_with_traffic import BackendWithTraffic
from .prometheus import Prometheus

ROOT = Path(__file__).resolve().parents[2]

Locate = Callable[[str], Path]
Run = Callable[..., str]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def monitoring(root: Path) -> Path:
    """The committed configuration."""
    return root / "monitoring"


@pytest.fixture(scope="session")
def locate(root: Path) -> Locate:
    """Finds prometheus, promtool or amtool; without it the test fails in CI and is skipped elsewhere."""
    programs = find(root / ".artisan").programs

    def located(name: str) -> Path:
        if name in programs:
            return programs[name]
        reason = f"{name} is neither on PATH nor below .artisan/tools; `make up` fetches it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return located


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a program and returns what it printed; a program that complains fails the test with its own words."""

    def ran(*command: str | Path, cwd: Path = ROOT) -> str:
        outcome = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stdout
        return outcome.stdout

    return ran


@pytest.fixture(scope="package")  # it keeps half a processor busy
def prometheus(locate: Locate, monitoring: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the committed configuration, a backend whose every metric moves, and a real Alertmanager."""
    program = locate("prometheus")
    locate("alertmanager")
    folder = tmp_path_factory.mktemp
    with (
        BackendWithTraffic() as backend,
        Alertmanager(find(ROOT / ".artisan"), monitoring, folder("alertmanager")) as alertmanager,
        Prometheus(
            program,
            monitoring,
            folder("prometheus"),
            backend=backend.address,
            alertmanager=alertmanager._http.base_url.netloc.decode(),
        ) as running,
    ):
        yield running
