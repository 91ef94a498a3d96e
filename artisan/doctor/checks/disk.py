"""disk: is there room where data is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shlex import quote

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient

_LITTLE, _NONE = 0.10, 0.02  # of the whole
_LITTLE_BYTES = 10**9


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Each file system once, named by the first thing that is kept there."""
    seen: set[int] = set()
    for what, path in _places(patient):
        place = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        device = place.stat().st_dev
        if device not in seen:
            seen.add(device)
            for finding in _verdict(what, place):
                yield finding


CHECK = Check("disk", examine)


def _places(patient: Patient) -> Iterator[tuple[str, Path]]:
    settings = patient.settings
    try:
        url = make_url(settings.database_url)
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":memory:", "file:")):
            yield "the database", Path(url.database)
    except ArgumentError:
        pass
    yield "the data of Prometheus and Alertmanager", patient.state / "data"
    if settings.metrics_dir or settings.workers > 1:
        yield "the metrics of the workers", settings.metrics_dir or Path(tempfile.gettempdir())


def _verdict(what: str, place: Path) -> Iterator[Finding]:
    disk = os.statvfs(place)
    free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if harm := _harm(free, total, _LITTLE_BYTES):
        yield Finding(
            harm,
            f"The disk for {what} has {_size(free)} of {_size(total)} left, at {place}.",
            "Once it is full the database takes no writes, and Prometheus keeps nothing.",
            f"du -xh --max-depth=3 {quote(str(place))} | sort -h | tail -n 20",
        )
    if harm := _harm(disk.f_favail, disk.f_files, 0):
        yield Finding(
            harm,
            f"The disk for {what} has room for {disk.f_favail:,} more files of {disk.f_files:,}, at {place}.",
            "Then no file can be made, however much space is left.",
            f"du -x --inodes --max-depth=3 {quote(str(place))} | sort -n | tail -n 20",
        )


def _harm(free: int, total: int, little: int) -> Harm | None:
    """Some file systems count no files, and say 0."""
    if not total or (free >= _LITTLE * total and free >= little):
        return None
    return Harm.CRITICAL if free < _NONE * total else Harm.WARNING


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"
