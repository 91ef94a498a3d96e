"""What the Dockerfile would make, made without Docker: its files, its packages, its environment, its restrictions.

The instructions are read from the Dockerfile itself, so that this follows it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, distribution
from pathlib import Path

import psutil
from packaging.markers import Marker

from tests.deploy.composed import ROOT

_LOCKED = re.compile(r"(?m)^([a-z0-9.-]+)==\S+(?: ; ([^\\\n]+))?")
# This machine's root with what the image adds and without this project; only /tmp and /data can be written to.
_ENTER = """
set -eu
mount -t tmpfs none "$work"
mkdir "$work/above" "$work/scratch" "$work/root"
mount -t overlay none -o lowerdir=/,upperdir="$work/above",workdir="$work/scratch" "$work/root"
cd "$work/root"
mkdir -p app venv data
chmod 755 root
mount --bind "$app" app && mount -o remount,bind,ro app
mount --bind "$venv" venv && mount -o remount,bind,ro venv
mount --bind "$data" data
mount -t tmpfs none "${project#/}"
mount -t tmpfs none tmp && chmod 1777 tmp
mount --rbind /proc proc
mount --rbind /dev dev
mount -o remount,bind,ro .
exec setpriv --no-new-privs chroot --userspec="$user:$user" . /bin/sh -c 'cd /app && exec "$@"' sh "$@"
"""


@dataclass(frozen=True)
class Dockerfile:
    """The instructions of each stage, in order, with continuation lines joined and comments left out."""

    stages: tuple[tuple[tuple[str, str], ...], ...]

    @classmethod
    def read(cls) -> Dockerfile:
        text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text())
        lines = [line.split(maxsplit=1) for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
        stages: list[list[tuple[str, str]]] = []
        for instruction, rest in lines:
            if instruction == "FROM":
                stages.append([])
            stages[-1].append((instruction, rest))
        return cls(tuple(map(tuple, stages)))

    @cached_property
    def environment(self) -> dict[str, str]:
        """What ENV sets in the image, whose PATH goes before `PATH`."""
        words = [word for name, rest in self.stages[-1] if name == "ENV" for word in shlex.split(rest)]
        env = dict(word.split("=", 1) for word in words)
        return {**env, "GIT_COMMIT": "unknown", "PATH": env["PATH"].replace("$PATH", os.environ["PATH"])}

    @cached_property
    def user(self) -> int:
        return int(self._only("USER"))

    @cached_property
    def entrypoint(self) -> list[str]:
        words: list[str] = json.loads(self._only("ENTRYPOINT"))
        return words

    @cached_property
    def healthcheck(self) -> list[str]:
        words: list[str] = json.loads(self._only("HEALTHCHECK").partition("CMD ")[2])
        return words

    @cached_property
    def uninstalled(self) -> set[str]:
        """The packages of the lock that do not come into the image."""
        (run,) = [rest for name, rest in self.stages[0] if name == "RUN" and "uninstall" in rest]
        return set(run.partition("--yes")[2].split())

    def _only(self, wanted: str) -> str:
        (rest,) = [rest for name, rest in self.stages[-1] if name == wanted]
        return rest


def context() -> Iterator[Path]:
    """The files that .dockerignore lets into the build, relative to the project; the last pattern counts."""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    rules = [(_regex(line.removeprefix("!").rstrip("/")), line.startswith("!")) for line in patterns]
    tracked = subprocess.run(["git", "ls-files", "-co", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        path = Path(name)
        candidates = [path.as_posix(), *(parent.as_posix() for parent in path.parents[:-1])]
        verdicts = [kept for pattern, kept in rules if any(pattern.fullmatch(each) for each in candidates)]
        if (not verdicts or verdicts[-1]) and (ROOT / path).is_file():
            yield path


def _regex(pattern: str) -> re.Pattern[str]:
    parts = [
        ".*" if part == "**/" else "[^/]*" if part == "*" else re.escape(part)
        for part in re.split(r"(\*\*/|\*)", pattern)
    ]
    return re.compile("".join(parts))


def copy_application(dockerfile: Dockerfile, into: Path) -> None:
    """Do in `into` what the first stage does in its last WORKDIR."""
    files, inside = list(context()), False
    for instruction, rest in dockerfile.stages[0]:
        if instruction == "WORKDIR":
            inside = True
        elif instruction == "COPY" and inside:
            source, target = rest.split()
            found = [path for path in files if path == Path(source) or Path(source) in path.parents]
            assert found, f"nothing of {source} comes through .dockerignore"
            for path in found:
                copy = into / target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, copy)
        elif instruction == "RUN" and inside:
            words = shlex.split(rest)
            assert words.pop(0) == "python"
            subprocess.run([sys.executable, *words], cwd=into, check=True)


def locked() -> set[str]:
    """The packages of requirements/run.txt that this Python and this system need."""
    found = _LOCKED.findall((ROOT / "requirements/run.txt").read_text())
    return {name for name, marker in found if not marker or Marker(marker).evaluate()}


def make_environment(dockerfile: Dockerfile, venv: Path) -> None:
    """A virtual environment with what the image's has, in the versions that are installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    here, there = (Path(distribution("uvicorn").locate_file("")), next(venv.glob("lib/python*/site-packages")))
    for name in locked() - dockerfile.uninstalled:
        for file in _files(distribution(name)):
            if file.is_relative_to(here):
                copy = there / file.relative_to(here)
                copy.parent.mkdir(parents=True, exist_ok=True)
                _link(file, copy)


def _files(package: Distribution) -> Iterator[Path]:
    for entry in package.files or ():
        file = Path(str(package.locate_file(entry))).resolve()
        yield file
        yield from file.parent.glob(f"__pycache__/{file.stem}.*.pyc") if file.suffix == ".py" else ()


def _link(file: Path, copy: Path) -> None:
    if copy.exists() or not file.is_file():
        return
    try:
        copy.hardlink_to(file)
    except OSError:  # another disk
        shutil.copy2(file, copy)


@dataclass(frozen=True)
class Container:
    """The image's process; `environment` is what it was started with."""

    process: psutil.Process
    environment: dict[str, str]
    user: int

    @property
    def alive(self) -> bool:
        return self.process.status() != psutil.STATUS_ZOMBIE

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as `docker exec` would."""
        enter = ["nsenter", f"--target={self.process.pid}", "--mount", "--root", "--wd"]
        drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        return subprocess.run(
            [*enter, *drop, *command], env=self.environment, capture_output=True, text=True, check=False, timeout=30
        )


@contextmanager
def started(dockerfile: Dockerfile, folder: Path, app: Path, venv: Path, log: Path, **env: str) -> Iterator[Container]:
    """The entrypoint as the image's user, below a root that cannot be written to; ended at the end by SIGTERM."""
    work, data = folder / "work", folder / "data"
    work.mkdir()
    data.mkdir(exist_ok=True)
    os.chown(data, dockerfile.user, dockerfile.user)
    environment = {**dockerfile.environment, **env}
    places = {"work": work, "app": app, "venv": venv, "data": data, "project": ROOT}
    told = [f"{name}={value}" for name, value in {**places, "user": dockerfile.user}.items()]
    variables = [f"{name}={value}" for name, value in environment.items()]
    command = [
        "unshare",
        "--mount",
        "env",
        "-i",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        *told,
        "/bin/sh",
        "-c",
        _ENTER,
        "sh",
    ]
    command += ["/usr/bin/env", "-i", *variables, *dockerfile.entrypoint]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            yield Container(psutil.Process(process.pid), environment, dockerfile.user)
        finally:
            process.terminate()
            process.wait(timeout=30)
