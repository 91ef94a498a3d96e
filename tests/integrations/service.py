"""What the tests of all agents of vendors need: their programs, and a backend with a route that fails."""

from __future__ import annotations

import sys
from pathlib import Path

_FAILING = """
import logging
from fastapi import APIRouter
from backend.core.config import Settings
from backend.main import create_app, serve

router = APIRouter()

@router.post("/fail/{who}")
async def fail(who: str) -> None:
    logging.getLogger("a.library").warning("about to fail")
    raise ValueError(who)

settings = Settings.load()
serve(create_app(settings, routers=[router]), settings)
"""
WITH_A_ROUTE_THAT_FAILS = [sys.executable, "-c", _FAILING]


def script(name: str) -> str:
    """A program that a vendor's package has put beside this Python."""
    return str(Path(sys.executable).with_name(name))
