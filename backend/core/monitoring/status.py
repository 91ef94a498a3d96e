"""How an execution ended: the one word that its counter, its log line and its span have for it."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["success", "error", "timeout", "cancelled"]


def status_of(error: BaseException | None) -> Status:
    """Success without an error; cancelled when the caller gave up; timeout and error otherwise."""
    if error is None:
        return "success"
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return "cancelled"
    return "timeout" if isinstance(error, TimeoutError) else "error"
