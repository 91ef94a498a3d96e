"""The tool `lookup_record`: gives the one record that has a key."""

from __future__ import annotations

from pydantic import Field

from backend.catalog import Catalogue, Hit
from backend.core.errors import ToolError

from .tool import Arguments, Found


class LookupArguments(Arguments):
    """The key of a record, as another tool has given it."""

    key: str = Field(min_length=1, max_length=200)


class LookupRecord:
    """Reads a record afresh, so that what is cited is what the catalogue says now."""

    name = "lookup_record"
    description = "Gives the record with a key, as the catalogue holds it now."
    arguments = LookupArguments

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def __call__(self, arguments: LookupArguments) -> Found:
        """The record; raises ToolError when no record has this key."""
        record = await self._catalogue.lookup(arguments.key)
        if record is None:
            raise ToolError(f"no record has the key {arguments.key!r}")
        return Found((Hit(record, 1.0, ("key",)),))
