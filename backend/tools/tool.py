"""What a tool is, and the box that calls tools by name and measures every call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.catalog import Hit
from backend.core.errors import ToolError
from backend.core.monitoring import track_tool_execution
from backend.core.monitoring.tracing import contents, note


class Arguments(BaseModel):
    """The base of every tool's arguments: what is not declared is refused, since it may be a misspelt argument."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ArgumentsT_contra = TypeVar("ArgumentsT_contra", bound=Arguments, contravariant=True)


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool found, best first, and which facets of the question had to be let go to find it."""

    hits: tuple[Hit, ...] = ()
    relaxed: tuple[str, ...] = ()


class Tool(Protocol[ArgumentsT_contra]):
    """Something an agent can do. `description` is for people and models; `arguments` is its schema."""

    @property
    def name(self) -> str:
        """The name by which it is called, and its label in the metrics."""

    @property
    def description(self) -> str:
        """One sentence: what it finds, given what."""

    @property
    def arguments(self) -> type[Arguments]:
        """The model that its arguments are checked against."""

    async def __call__(self, arguments: ArgumentsT_contra) -> Found:
        """Do it; raises ToolError when it cannot be done."""


class Toolbox:
    """The tools of a service. Each call is counted and timed under the tool's name."""

    def __init__(self, tools: Iterable[Tool[Any]]) -> None:
        self._calls = {tool.name: _measured(tool) for tool in tools}

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Found:
        """Call a tool; raises ToolError for an unknown tool, arguments that do not fit and what the tool cannot do."""
        if name not in self._calls:
            raise ToolError(f"there is no tool {name!r}")
        return await self._calls[name](arguments)


def _measured(tool: Tool[Any]) -> Callable[[Mapping[str, Any]], Awaitable[Found]]:
    @track_tool_execution(tool.name)
    async def call(arguments: Mapping[str, Any]) -> Found:
        note(contents({"gen_ai.tool.call.arguments": dict(arguments)}))
        try:
            checked = tool.arguments.model_validate(arguments)
        except ValidationError as error:
            raise ToolError(f"{tool.name} cannot take these arguments: {_sentence(error)}") from None
        return await tool(checked)

    return call


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems)
