"""metrics-folder: can several workers share their metrics there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient

_OF_A_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "afs", "fuse.sshfs"}
_LOST = "The workers cannot count together, and the metrics page shows one of them at random."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """The folder of METRICS_DIR, or that for temporary files; one that is missing is made by the service."""
    settings = patient.settings
    if settings.workers == 1 and settings.metrics_dir is None:
        raise Skipped("one worker needs none")
    folder = (settings.metrics_dir or Path(tempfile.gettempdir())).absolute()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        what = f"The workers cannot write their metrics to {folder}: {place} is no folder that can be written."
        yield Finding(Harm.ERROR, what, _LOST, patient.line("METRICS_DIR", "/dev/shm/artisan"))  # noqa: S108
    elif (kind := _kind(place)) in _OF_A_NETWORK:
        what = f"The workers' metrics are in {folder}, on a file system of the network ({kind})."
        means = "Every count waits for the network, and a lost connection stops the workers."
        yield Finding(Harm.WARNING, what, means, patient.line("METRICS_DIR", "/dev/shm/artisan"))  # noqa: S108


CHECK = Check("metrics-folder", examine, needs=("workers", "metrics_dir"))


def _kind(place: Path) -> str:
    """Of the file system that is mounted nearest above."""
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    resolved = place.resolve()
    return next((mounts[parent] for parent in (resolved, *resolved.parents) if parent in mounts), "")
