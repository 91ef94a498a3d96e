"""Takes an expression apart that has no result, down to the part that is to blame."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import promql_parser as promql

from artisan.drill.clients.prometheus import Prometheus, Sample

_COMPARISONS = (">=", "<=", "==", "!=", ">", "<")
_SETS = ("and", "or", "unless")
_SHOWN = 5


async def explain(prometheus: Prometheus, query: str) -> tuple[str, ...]:
    """Why an expression gives nothing now: one sentence for each part that is to blame; none when it gives something.

    Raises web.NoAnswer.
    """
    try:
        node = promql.parse(query)
    except ValueError as error:
        return (f"the expression cannot be read ({error})",)
    return tuple(dict.fromkeys([sentence async for sentence in _Explanation(prometheus).of(node)]))


class _Explanation:
    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus

    async def of(self, node: Any) -> AsyncIterator[str]:
        """The sentences about a node; nothing for one that gives something."""
        node = _bare(node)
        if await self._values(node):
            return
        if not isinstance(node, promql.BinaryExpr):
            async for sentence in self._empty(node):
                yield sentence
            return
        operator = str(node.op)
        if operator in _SETS:
            sides = self._set(node, operator)
        elif operator in _COMPARISONS:
            sides = self._comparison(node, operator)
        else:
            sides = self._empty(node)
        async for sentence in sides:
            yield sentence

    async def _set(self, node: Any, operator: str) -> AsyncIterator[str]:
        sides = (node.lhs,) if operator == "unless" else (node.lhs, node.rhs)
        blamed = False
        for side in sides:
            async for sentence in self.of(side):
                blamed = True
                yield sentence
        if not blamed and operator == "and":
            yield f"`{_text(node)}`: both sides of `and` have values, but none with the same labels"
        if not blamed and operator == "unless":
            yield f"`{_text(node.rhs)}`, which stands behind `unless`, holds it back"

    async def _comparison(self, node: Any, operator: str) -> AsyncIterator[str]:
        values, limits = await self._values(node.lhs), await self._values(node.rhs)
        if not values:
            async for sentence in self._empty(node.lhs):
                yield sentence
        elif not limits:
            async for sentence in self._empty(node.rhs):
                yield sentence
        elif all(math.isnan(sample.value) for sample in values):
            yield f"`{_text(node.lhs)}` is no number (0/0: nothing happens there)"
        else:
            limit = _spread(limits)
            yield f"`{_text(node.lhs)}` is {_spread(values)}, and would have to be {operator} {limit}"

    async def _empty(self, node: Any) -> AsyncIterator[str]:
        """About a node without values: the selectors in it that match nothing."""
        if isinstance(node, promql.Call) and node.func.name.startswith("absent"):
            return  # silent for the best of reasons
        blamed = False
        for selector in selectors(node):
            if not await self._matches(selector):
                blamed = True
                yield await self._unmatched(selector)
        if not blamed:
            yield f"`{_text(node)}` has series, but no value yet"

    async def _unmatched(self, selector: Any) -> str:
        """Which matcher no series satisfies."""
        everything = f"{{__name__={selector.name!r}}}".replace("'", '"')
        if not await self._prometheus.query(f"count(last_over_time({everything}[1h]))"):
            return f"there is no series of the name `{selector.name}`"
        for matcher in selector.matchers.matchers:
            others = [str(other) for other in selector.matchers.matchers if str(other) != str(matcher)]
            if await self._prometheus.query(f"count({selector.name}{{{','.join(others)}}})"):
                values = await self._prometheus.label_values(selector.name, matcher.name)
                known = ", ".join(f'"{value}"' for value in values[:_SHOWN]) or "no value at all"
                more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
                return f"no series matches {matcher} in `{selector}`: the label has {known}{more}"
        return f"no series matches `{selector}`"

    async def _matches(self, selector: Any) -> bool:
        return bool(await self._prometheus.query(f"count({selector})"))

    async def _values(self, node: Any) -> list[Sample]:
        return await self._prometheus.query(node.prettify())


def selectors(node: Any) -> Iterator[Any]:
    """The vector selectors below a node, each once."""
    found: dict[str, Any] = {}

    def visit(each: Any) -> None:
        selector = each.vector_selector if isinstance(each, promql.MatrixSelector) else each
        if isinstance(selector, promql.VectorSelector):
            found.setdefault(str(selector), selector)

    promql.walk(node, pre_visit=visit)
    yield from found.values()


def _bare(node: Any) -> Any:
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node


def _text(node: Any) -> str:
    """A node as one line."""
    return " ".join(node.prettify().split())


def _spread(samples: list[Sample]) -> str:
    """One value, or the least and the greatest of several."""
    values = sorted(sample.value for sample in samples if not math.isnan(sample.value))
    if not values:
        return "NaN"
    return f"{values[0]:.4g}" if len(values) == 1 else f"between {values[0]:.4g} and {values[-1]:.4g}"
