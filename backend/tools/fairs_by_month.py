"""The tool `fairs_by_month`: finds the fairs that are usually held in a month."""

from __future__ import annotations

from backend.catalog import Catalogue, Hit
from backend.core.errors import ToolError

from .tool import Arguments, Found


class FairsArguments(Arguments):
    """A month by its English name, and a state by any of its names."""

    month: str
    state: str | None = None


class FairsByMonth:
    """Fairs of a month; those that are held in few months come first, since they say most about the month."""

    name = "fairs_by_month"
    description = "Lists the fairs usually held in a month, in one state or everywhere."
    arguments = FairsArguments

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def __call__(self, arguments: FairsArguments) -> Found:
        """The fairs, those everywhere when the state has none; raises ToolError for a month that is none."""
        if self._catalogue.vocabulary.month(arguments.month) is None:
            raise ToolError(f"{arguments.month!r} is not a month")
        fairs = await self._catalogue.fairs(arguments.month, state=arguments.state)
        relaxed = ("state",) if arguments.state and not fairs else ()
        if relaxed:
            fairs = await self._catalogue.fairs(arguments.month)
        return Found(tuple(Hit(fair, 1.0, ("month",)) for fair in fairs), relaxed)
