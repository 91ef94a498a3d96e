"""The tool `search_catalogue`: finds records by a question in plain words."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from backend.catalog import Catalogue

from .tool import Arguments, Found


class SearchArguments(Arguments):
    """`kind` and `state` exclude everything else; `material` and `craft` say what the words of `query` do not."""

    query: str = Field(min_length=1, max_length=1000)
    kind: str | None = Field(default=None, description="craft, supplier, fair or institution")
    state: str | None = None
    material: str | None = None
    craft: str | None = None
    limit: int = Field(default=10, ge=1, le=50)


class SearchCatalogue:
    """Searches by text, meaning and facets."""

    name = "search_catalogue"
    description = "Finds crafts, suppliers, fairs and institutions that fit a question in plain words."
    arguments = SearchArguments

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def __call__(self, arguments: SearchArguments) -> Found:
        """The best records for the question."""
        asked = self._catalogue.understand(arguments.query)
        result = await self._catalogue.search(
            arguments.query,
            kind=arguments.kind,
            state=arguments.state,
            limit=arguments.limit,
            understanding=replace(
                asked, material=arguments.material or asked.material, craft=arguments.craft or asked.craft
            ),
        )
        return Found(result.hits, result.relaxed)
