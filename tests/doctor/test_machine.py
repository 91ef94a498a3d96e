"""The machine beneath: disk, limits, clock, and the folder that workers share."""

from __future__ import annotations

import asyncio
import resource
import time
from email.utils import formatdate
from pathlib import Path

import psutil
import pytest

from artisan.doctor import Harm
from artisan.doctor.checks import metrics_folder
from tests.llm.vendor import Reply, hang, running_vendor

from .conftest import Look, LookElsewhere, only


def tmpfs(folder: Path, options: str) -> str:
    return f"mkdir -p {folder}\nmount -t tmpfs -o {options} none {folder}"


def limited(files: int) -> str:
    return f"prlimit --pid $PPID --nofile={files}:"


async def test_a_disk_with_room_is_fine(look: Look, tmp_path: Path) -> None:
    """Of which this machine has some, or no test could run."""
    outcome = await look("disk", DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/artisan.db")
    assert all(finding.harm is not Harm.CRITICAL for finding in outcome.findings)


def test_a_disk_with_little_room_is_told(tmp_path: Path, look_elsewhere: LookElsewhere) -> None:
    """Less than a gigabyte is a warning, however large the share."""
    folder = tmp_path / "small"
    outcome = look_elsewhere("disk", tmpfs(folder, "size=4m"), DATABASE_URL=f"sqlite+aiosqlite:///{folder}/a.db")
    finding = only(outcome)
    assert finding.harm is Harm.WARNING
    assert finding.what == f"The disk for the database has 4.19 MB of 4.19 MB left, at {folder}."
    assert str(folder) in finding.mend


def test_a_full_disk_is_critical(tmp_path: Path, look_elsewhere: LookElsewhere) -> None:
    """Below two per cent."""
    folder = tmp_path / "full"
    filling = f"{tmpfs(folder, 'size=4m')}\nhead -c 4160000 /dev/zero > {folder}/data"
    finding = only(look_elsewhere("disk", filling, DATABASE_URL=f"sqlite+aiosqlite:///{folder}/a.db"))
    assert finding.harm is Harm.CRITICAL


def test_a_disk_without_room_for_files_is_told(tmp_path: Path, look_elsewhere: LookElsewhere) -> None:
    """It is full however much space is left."""
    folder = tmp_path / "crowded"
    crowding = f"{tmpfs(folder, 'size=2g,nr_inodes=4')}\ntouch {folder}/1 {folder}/2 {folder}/3"
    finding = only(look_elsewhere("disk", crowding, DATABASE_URL=f"sqlite+aiosqlite:///{folder}/a.db"))
    assert finding.harm is Harm.CRITICAL
    assert "has room for 0 more files of 4" in finding.what


def test_enough_files_are_fine(look_elsewhere: LookElsewhere) -> None:
    """The common 1,024 are, for the defaults."""
    assert look_elsewhere("files", limited(1024)).findings == ()


def test_few_files_are_told(look_elsewhere: LookElsewhere) -> None:
    """Too few for clients is a warning, too few for itself an error."""
    few = only(look_elsewhere("files", limited(256)))
    assert (few.harm, few.mend.partition("  ")[0]) == (Harm.WARNING, "ulimit -n 65536")
    assert "may open 256 files" in few.what
    fewer = only(look_elsewhere("files", limited(256), DATABASE_POOL_SIZE=400))
    assert fewer.harm is Harm.ERROR
    assert "needs 464" in fewer.what


async def test_the_limit_of_the_running_service_counts(look: Look) -> None:
    """Not that of whoever asks: here, both are this process, whose soft limit changes while it serves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running_vendor(hang) as service:
        port = service.base_url.removesuffix("/v1").rpartition(":")[2]
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        try:
            finding = only(await look("files", PORT=port))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert finding.what.startswith("The running service may open 300 files")


def telling(seconds: float) -> Reply:
    """A peer whose clock is so many seconds ahead."""

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        date = formatdate(time.time() + seconds, usegmt=True)
        writer.write(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    return reply


@pytest.mark.parametrize(
    ("ahead", "harm", "words"),
    [
        (0, None, ""),
        (-30, Harm.WARNING, "30 s ahead of that of"),
        (30, Harm.WARNING, "s behind that of"),
        (600, Harm.ERROR, "s behind that of"),
    ],
)
async def test_a_clock_that_differs_is_told(look: Look, ahead: float, harm: Harm | None, words: str) -> None:
    """By more than a `Date`, which has no fractions, can say; a slow answer must not look like a slow clock."""
    async with running_vendor(telling(ahead)) as peer:
        outcome = await look("clock", PROMETHEUS_URL=peer.base_url.removesuffix("/v1"))
    told = [finding for finding in outcome.findings if "of http" in finding.what]
    assert [finding.harm for finding in told] == ([harm] if harm else [])
    assert all(words in finding.what for finding in told)


async def test_one_worker_needs_no_folder(look: Look) -> None:
    """For its metrics."""
    assert (await look("metrics-folder")).skipped


async def test_a_folder_that_can_be_made_is_fine(look: Look, tmp_path: Path) -> None:
    """The service makes it; the doctor does not."""
    outcome = await look("metrics-folder", METRICS_DIR=tmp_path / "a" / "b", WORKERS=2)
    assert (outcome.findings, outcome.skipped) == ((), "")
    assert not (tmp_path / "a").exists()


async def test_a_folder_that_cannot_be_made_is_told(look: Look, tmp_path: Path) -> None:
    """Because a file is in its place."""
    (tmp_path / "file").write_text("")
    finding = only(await look("metrics-folder", METRICS_DIR=tmp_path / "file" / "metrics"))
    assert finding.harm is Harm.ERROR
    assert f"{tmp_path / 'file'} is no folder" in finding.what


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, look_elsewhere: LookElsewhere) -> None:
    """Where the file system is mounted read-only."""
    folder = tmp_path / "metrics"
    finding = only(look_elsewhere("metrics-folder", tmpfs(folder, "ro"), METRICS_DIR=folder, WORKERS=4))
    assert finding.harm is Harm.ERROR


async def test_a_folder_of_the_network_is_told(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known by the kind of the file system that is mounted nearest; here, the test's own is said to be one."""
    kind = next(p.fstype for p in psutil.disk_partitions(all=True) if p.mountpoint == _mountpoint(tmp_path))
    monkeypatch.setattr(metrics_folder, "_OF_A_NETWORK", {kind})
    finding = only(await look("metrics-folder", METRICS_DIR=tmp_path / "metrics"))
    assert (finding.harm, f"file system of the network ({kind})" in finding.what) == (Harm.WARNING, True)


def _mountpoint(path: Path) -> str:
    return str(next(parent for parent in (path, *path.parents) if parent.is_mount()))


@pytest.mark.parametrize(
    ("environ", "is_told"),
    [
        ({"ENVIRONMENT": "production", "HOST": "0.0.0.0"}, True),
        ({"ENVIRONMENT": "production", "HOST": "backend"}, True),
        ({"ENVIRONMENT": "production", "HOST": "0.0.0.0", "MONITORING_TOKEN": "long-enough"}, False),
        ({"ENVIRONMENT": "production", "HOST": "127.0.0.1"}, False),
        ({"ENVIRONMENT": "production", "HOST": "localhost"}, False),
        ({"ENVIRONMENT": "development", "HOST": "0.0.0.0"}, False),
    ],
)
async def test_metrics_that_anybody_can_read_are_told(look: Look, environ: dict[str, str], is_told: bool) -> None:
    """In production, on an address that others reach, without a token."""
    outcome = await look("token", **environ)
    assert [finding.harm for finding in outcome.findings] == [Harm.WARNING] * is_told
