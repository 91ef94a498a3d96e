"""One of the two ways to people fails; the other has to tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Page, Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.receiver import WEBHOOK
from artisan.drill.stack.stage import Stage

# Something has to be told, or no way can be seen to fail.
_ERRAND = {"alertname": "DrillErrand", "severity": "warning"}
_POST_EVERY = 5.0
_LASTING = 15.0


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    posting = asyncio.create_task(_keep_posting(stage))
    try:
        with stage.receiver.refusing(WEBHOOK):
            yield
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


async def _keep_posting(stage: Stage) -> None:
    while True:
        await stage.alertmanager.post(_ERRAND, _LASTING)
        await asyncio.sleep(_POST_EVERY)


SCENARIO = Scenario(
    alert="AlertDeliveryFailing",
    story="the webhook's receiver answers every notification with 500, while mail works",
    fault=_fault,
    sign=Sign(
        "alertmanager_notifications_failed_total",
        {"integration": "webhook"},
        rises_by=1,
        page=Page.ALERTMANAGER,
    ),
    labels={"integration": "webhook"},
    # Alertmanager waits for siblings first, and then tries for ten seconds before it counts a failure.
    holds_within=45.0,
    calms_within=40.0,
)
