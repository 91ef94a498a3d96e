"""Each tool over a real catalogue, and the box that measures them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.catalog import Catalogue
from backend.core.errors import ToolError
from backend.core.monitoring.metrics import REGISTRY
from backend.storage import Database, MemoryCache, ReadThrough
from backend.tools import Arguments, Found, Toolbox, build_tools


@pytest.fixture
async def tools(database_url: str) -> AsyncIterator[Toolbox]:
    database = Database(database_url)
    await database.start()
    cache = MemoryCache()
    catalogue = Catalogue(
        database, search_cache=ReadThrough(cache, "search"), embedding_cache=ReadThrough(cache, "embedding")
    )
    await catalogue.start()
    yield Toolbox(build_tools(catalogue))
    await database.close()


async def test_search_finds_by_words(tools: Toolbox) -> None:
    """The best record first."""
    found = await tools.call("search_catalogue", {"query": "glass beads", "kind": "supplier"})
    assert found.hits[0].record.key == "purdilnagar-glass-beads"
    assert found.relaxed == ()


async def test_search_takes_facets_that_the_words_do_not_say(tools: Toolbox) -> None:
    """An agent may know more than the rules read in the query."""
    found = await tools.call("search_catalogue", {"query": "stuff for my work", "kind": "supplier", "material": "cane"})
    assert "cane" in found.hits[0].record.materials


async def test_search_keeps_its_limit(tools: Toolbox) -> None:
    """No more hits than asked for."""
    assert len((await tools.call("search_catalogue", {"query": "silk", "limit": 2})).hits) == 2


async def test_lookup_gives_the_record_of_a_key(tools: Toolbox) -> None:
    """That one and no other."""
    (hit,) = (await tools.call("lookup_record", {"key": "purdilnagar-glass-beads"})).hits
    assert hit.record.name == "Purdilnagar Glass Beads"


async def test_lookup_of_an_unknown_key_is_a_tool_error(tools: Toolbox) -> None:
    """The agent goes on without the record."""
    with pytest.raises(ToolError, match="no record has the key 'nowhere'"):
        await tools.call("lookup_record", {"key": "nowhere"})


async def test_fairs_of_a_month_and_a_state(tools: Toolbox) -> None:
    """All of them are held in that month, there."""
    fairs = [hit.record for hit in (await tools.call("fairs_by_month", {"month": "jan", "state": "Odisha"})).hits]
    assert fairs
    assert all("January" in fair.months and fair.state == "Odisha" for fair in fairs)


async def test_fairs_elsewhere_when_the_state_has_none(tools: Toolbox) -> None:
    """And the result says that the state was let go."""
    found = await tools.call("fairs_by_month", {"month": "November", "state": "Lakshadweep"})
    assert found.hits
    assert found.relaxed == ("state",)


async def test_a_month_that_is_none_is_a_tool_error(tools: Toolbox) -> None:
    """An empty list would say that there are no fairs."""
    with pytest.raises(ToolError, match="'Smarch' is not a month"):
        await tools.call("fairs_by_month", {"month": "Smarch"})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search_catalogue", {}),
        ("search_catalogue", {"query": ""}),
        ("search_catalogue", {"query": "silk", "limit": 0}),
        ("search_catalogue", {"query": "silk", "state_name": "Goa"}),
        ("lookup_record", {"key": 7}),
    ],
)
async def test_arguments_that_do_not_fit_are_a_tool_error(tools: Toolbox, name: str, arguments: dict[str, Any]) -> None:
    """They are checked before anything is asked."""
    with pytest.raises(ToolError, match=f"{name} cannot take these arguments"):
        await tools.call(name, arguments)


async def test_an_unknown_tool_is_a_tool_error_and_no_label(tools: Toolbox) -> None:
    """A name that somebody made up must not become a time series."""
    with pytest.raises(ToolError, match="there is no tool 'rm_rf'"):
        await tools.call("rm_rf", {})
    assert REGISTRY.value("tool_executions_total", tool_name="rm_rf", status="error") is None


class Stubborn:
    """Does as its argument says."""

    name = "stubborn"
    description = "Fails, hangs or works."
    arguments = Arguments

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.error: Exception | None = None
        self.hangs = False

    async def __call__(self, arguments: Arguments) -> Found:
        self.called.set()
        if self.error:
            raise self.error
        if self.hangs:
            await asyncio.Event().wait()
        return Found()


async def test_every_call_is_counted_and_timed(rise: Any) -> None:
    """Success, expected and unexpected errors, and a caller that gave up."""
    tool = Stubborn()
    box = Toolbox([tool])
    risen = {status: rise("tool_executions_total", tool_name="stubborn", status=status) for status in STATUSES}
    timed = rise("tool_execution_duration_seconds_count", tool_name="stubborn")
    await box.call("stubborn", {})
    for tool.error in (ToolError("no"), ZeroDivisionError()):
        with pytest.raises(type(tool.error)):
            await box.call("stubborn", {})
    tool.error, tool.hangs = None, True
    tool.called.clear()
    call = asyncio.create_task(box.call("stubborn", {}))
    await tool.called.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert {status: counted() for status, counted in risen.items()} == {"success": 1, "error": 2, "cancelled": 1}
    assert timed() == 4


STATUSES = ("success", "error", "cancelled")


def test_label_sets_exist_at_zero() -> None:
    """Before the first call."""
    tool = Stubborn()
    tool.name = "never_called"
    Toolbox([tool])
    for status in STATUSES:
        assert REGISTRY.value("tool_executions_total", tool_name="never_called", status=status) == 0
