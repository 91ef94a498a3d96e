"""The agent `supply_hunter`: where to get a material, and at which fairs to meet those who have it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from backend.catalog import Catalogue, Hit, Understanding, compose_answer
from backend.llm import LLM

from .reading import QueryReader, Reading
from .run import Answer, ToolCall, ToolResult

_LOOKED_UP = 3  # as many as an answer cites


class SupplyHunter:
    """Searches, asks for fairs when a month or a fair is wanted, and looks up what it is going to cite."""

    agent_type = "supply_hunter"
    description = "Finds suppliers of raw materials for a craft, and fairs by month or place."
    tools = ("search_catalogue", "fairs_by_month", "lookup_record")

    def __init__(self, catalogue: Catalogue, llm: LLM | None) -> None:
        self._reader = QueryReader(catalogue, llm)

    async def plan(self, query: str) -> AsyncGenerator[ToolCall | Answer, ToolResult]:
        """Understand, search, look up, answer by template."""
        reading = await self._reader.read(query)
        answers: list[str] = []
        cited: list[Hit] = []
        *searches, anything = _searches(reading)
        for asked, search in (*searches, anything):
            if search is anything[1] and answers:
                break  # what was wished for has been found
            result = yield search
            if result.error:
                answers.append(f"The search for a {asked.kind} failed.")
            hits: list[Hit] = []
            for hit in result.hits[:_LOOKED_UP]:
                fresh = yield ToolCall("lookup_record", {"key": hit.record.key})
                hits.append(replace(hit, record=fresh.hits[0].record) if fresh.hits else hit)
            if hits:
                answers.append(compose_answer(asked, hits, result.relaxed) or "")
                cited += [hit for hit in hits if hit.record.name in answers[-1]]
        yield Answer(" ".join(answers) or compose_answer(reading.asked, ()) or "", tuple(cited), reading.facets)


def _searches(reading: Reading) -> list[tuple[Understanding, ToolCall]]:
    """The searches that a query needs, each with what it asks for: what is wished for most first, anything last."""
    query, asked = reading.query, reading.asked
    # A place that the model told stands in the query; these do not.
    told = {name: value for name, value in asked.facets.items() if name in reading.filled & {"material", "craft"}}
    # Who names a material wants it, whatever else the words sound like, unless they ask for an institution.
    kind = asked.kind if asked.kind == "institution" or (asked.kind == "craft" and not asked.material) else "supplier"
    goods = replace(asked, kind=kind), ToolCall("search_catalogue", {"query": query, "kind": kind, **told})
    if asked.month and not asked.near:  # the search knows what is near a place
        where = {"state": asked.state} if asked.state else {}
        call = ToolCall("fairs_by_month", {"month": asked.month, **where})
    else:
        call = ToolCall("search_catalogue", {"query": query, "kind": "fair", **told})
    fairs = replace(asked, kind="fair"), call
    anything = asked, ToolCall("search_catalogue", {"query": query, **told})
    if asked.kind == "fair":
        return [fairs, goods, anything] if asked.material else [fairs, anything]
    if asked.kind is None and not asked.material:
        return [fairs, anything] if asked.month else [anything]
    return [goods, fairs, anything] if asked.month else [goods, anything]
