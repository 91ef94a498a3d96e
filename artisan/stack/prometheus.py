"""Prometheus as a part of a stack."""

from __future__ import annotations

from pathlib import Path

from artisan.stack.pages import BEHIND
from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import http
from artisan.stack.tools import Tools

STORAGE = (
    "--storage.tsdb.retention.time=40d",
    "--storage.tsdb.retention.size=4GB",
    "--enable-feature=exemplar-storage",
)
"""The error budgets look back 30 days. The size is there for the disk, should somebody watch much more than this."""

# Where Debian keeps its pages when it is installed.
_OLD_PAGES = Path("/usr/share/prometheus/web")


def has_old_pages(tools: Tools) -> bool:
    """Whether this Prometheus is Debian's, whose pages lie below /classic."""
    return tools.unpacked("prometheus") or _OLD_PAGES.is_dir()


def part(tools: Tools, *, config: Path, data: Path, port: int) -> Part:
    """Starts after Alertmanager, which its first alert is for, but beside the backend, which it so scrapes sooner."""
    host = BEHIND if has_old_pages(tools) else LOOPBACK
    argv = [
        str(tools.programs["prometheus"]),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={host}:{port}",
        # The links in alert mails.
        f"--web.external-url=http://localhost:{port}/",
        *STORAGE,
    ]
    if tools.unpacked("prometheus"):
        argv.append(f"--web.local-assets={tools.tree}/usr/share/prometheus/web/")
    return Part(
        name="prometheus",
        argv=tuple(argv),
        ready=http(port, "/-/ready", host),
        address=f"http://localhost:{port}",
        after=("alertmanager",),
        way_out="no metric is kept and no alert is evaluated until it runs",
        stop_grace=3.0,
    )
