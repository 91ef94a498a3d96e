"""A service as a user of the library would write it, for the servers of `test_servers`."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI

from backend.core.monitoring import Monitoring, MonitoringOptions
from backend.core.monitoring.metrics import Counter

IMPORTS = Counter("imports_total", "Times this module was imported")
IMPORTS.inc()
api = FastAPI()


@api.get("/pid")
async def pid() -> int:
    """Which worker answers."""
    return os.getpid()


app = Monitoring(api, MonitoringOptions(metrics_directory=Path(os.environ["SHOP_METRICS"]), service="shop"))
