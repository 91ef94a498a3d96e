"""Programs from Debian packages without installing them: downloaded and verified by apt, unpacked into a folder.

Installing would need root, and the packages' own services would take the ports that the stack wants.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGES = ("prometheus", "prometheus-alertmanager")
# Prometheus' pages are drawn by JavaScript that Debian ships in packages of its own.
_PAGES = re.compile(r"^(?:libjs|fonts)-[a-z0-9.+-]+$", re.MULTILINE)
_NO_EXTRAS = ("--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances")
_TIMEOUT = 300.0


class FetchFailed(Exception):
    """The packages could not be had; the message says why."""


def available() -> bool:
    """True on Debian and what derives from it."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


async def fetch(tree: Path) -> None:
    """Unpack Prometheus and Alertmanager into `tree`, as `unpack` does. Raises FetchFailed."""
    await unpack(tree, PACKAGES, pages_of="prometheus")


async def unpack(tree: Path, packages: Sequence[str], *, pages_of: str = "") -> None:
    """Unpack the packages into `tree`, which appears only when it is complete. Raises FetchFailed.

    No file of the system is changed: package lists, where the system has none or old ones, are fetched beside `tree`.
    What the packages depend on is not fetched, but for the JavaScript and fonts below `pages_of`.
    """
    with TemporaryDirectory(prefix="apt-", dir=tree.parent) as folder:
        work = Path(folder)
        # As root, apt would download as a user who may not enter this folder.
        options = ["-o", "APT::Sandbox::User=root"]
        try:
            await _download(work, options, packages, pages_of)
        except FetchFailed:
            for needed in ("lists/partial", "cache/archives/partial"):
                (work / needed).mkdir(parents=True)
            options += ["-o", f"Dir::State::lists={work}/lists", "-o", f"Dir::Cache={work}/cache"]
            await _run(["apt-get", *options, "update"], work)
            await _download(work, options, packages, pages_of)
        await _run(["sh", "-ec", 'for package in *.deb; do dpkg -x "$package" tree; done'], work)
        shutil.rmtree(tree, ignore_errors=True)
        (work / "tree").rename(tree)


async def _download(work: Path, options: Sequence[str], packages: Sequence[str], pages_of: str) -> None:
    names = set(packages)
    if pages_of:
        names.update(
            _PAGES.findall(await _run(["apt-cache", *options, "depends", "--recurse", *_NO_EXTRAS, pages_of], work))
        )
    await _run(["apt-get", *options, "-o", "Acquire::Retries=2", "download", *sorted(names)], work)


async def _run(command: Sequence[str], cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=PIPE, stderr=STDOUT)
    try:
        async with asyncio.timeout(_TIMEOUT):
            output, _ = await process.communicate()
    except TimeoutError:
        raise FetchFailed(f"{command[0]} took longer than {_TIMEOUT:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode("utf-8", "replace")
    if process.returncode:
        errors = [line for line in text.splitlines() if line.startswith(("E:", "N:", "dpkg"))] or text.splitlines()
        raise FetchFailed(f"{command[0]} says: {errors[0] if errors else process.returncode}")
    return text
