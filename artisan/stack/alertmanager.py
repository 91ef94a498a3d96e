"""Alertmanager as a part of a stack."""

from __future__ import annotations

import subprocess
from pathlib import Path

from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import http
from artisan.stack.tools import Tools

# Debian's Alertmanager reads this file at this path and exits without it; the original has it built in.
_TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")
# In a mount namespace of its own it sees its package's files laid over the machine's. The folder is given as `.`,
# because a mount option cannot hold every character that a path can.
_OVERLAY = 'mount -t overlay overlay -o lowerdir=.:/usr/share /usr/share && cd / && exec "$@"'


def part(tools: Tools, *, config: Path, data: Path, port: int) -> Part:
    """Without a cluster port: one machine has one Alertmanager."""
    program = (
        str(tools.programs["alertmanager"]),
        f"--config.file={config}",
        f"--storage.path={data}",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--web.external-url=http://localhost:{port}/",
        "--cluster.listen-address=",
    )
    overlay = _needs_overlay(tools)
    return Part(
        name="alertmanager",
        argv=(*_in_overlay(), *program) if overlay else program,
        cwd=_shared_files(tools) if overlay else None,
        ready=http(port, "/-/ready"),
        address=f"http://localhost:{port}",
        way_out="alerts are seen on Prometheus' pages and told to nobody until it runs",
        stop_grace=2.0,
    )


def refused(tools: Tools) -> str | None:
    """Why this machine cannot run it, when it needs a mount namespace and gets none."""
    if not _needs_overlay(tools):
        return None
    try:
        trial = [*_in_overlay(), "test", "-e", str(_TEMPLATE)]
        where = _shared_files(tools)
        outcome = subprocess.run(trial, cwd=where, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    else:
        if outcome.returncode == 0:
            return None
        reason = (outcome.stderr.strip().splitlines() or ["no reason given"])[0]
    return (
        f"this system refuses the mount namespace that an unpacked Alertmanager needs ({reason}); "
        "install it instead: apt-get install prometheus-alertmanager"
    )


def _needs_overlay(tools: Tools) -> bool:
    return tools.unpacked("alertmanager") and not _TEMPLATE.exists()


def _in_overlay() -> tuple[str, ...]:
    # As root of a user namespace of its own, so that no privilege is needed.
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _OVERLAY, "sh")


def _shared_files(tools: Tools) -> Path:
    return tools.tree / "usr" / "share"
