"""The checks: one a file, each with its section in docs/doctor.md and its test in tests/doctor.

To add one, write a file with `CHECK`, and name it in `CHECKS`.
"""

from __future__ import annotations

from artisan.doctor.check import Check

from . import (
    alertmanager,
    cache,
    clock,
    collector,
    dashboards,
    database,
    delivery,
    disk,
    files,
    llm,
    mail,
    metrics_folder,
    port,
    prometheus,
    receivers,
    rules,
    scrape,
    service,
    settings,
    token,
)

CHECKS: tuple[Check, ...] = tuple(
    module.CHECK
    for module in (
        settings,
        port,
        service,
        database,
        disk,
        files,
        cache,
        llm,
        prometheus,
        scrape,
        rules,
        delivery,
        alertmanager,
        receivers,
        mail,
        dashboards,
        collector,
        metrics_folder,
        token,
        clock,
    )
)
