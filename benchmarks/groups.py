"""All groups, in the order of the page.

Not in the package of the measurements: who measures one variant imports no other measurement with it.
"""

from __future__ import annotations

from .group import Group
from .measurements import (
    dead_workers,
    in_process,
    label_flood,
    log_line,
    loop_gap,
    memory,
    scrape,
    server,
    shares,
    spans,
    tracked_call,
    workers_gap,
)

_MODULES = (
    in_process,
    shares,
    server,
    spans,
    tracked_call,
    log_line,
    scrape,
    loop_gap,
    dead_workers,
    workers_gap,
    memory,
    label_flood,
)
GROUPS: tuple[Group, ...] = tuple(module.GROUP for module in _MODULES)
