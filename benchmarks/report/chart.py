"""The result as one picture: for each subject a bar a variant, with the floor and the goal as lines.

Plain SVG without scripts or fonts of its own, readable on light and on dark ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from benchmarks.group import Measured
from benchmarks.row import OURS, Row

from .cells import compared, figure, limit
from .cells import verdict as spoken

_WIDTH, _LEFT, _RIGHT, _ROW, _BAR, _TOP, _GAP = 780, 286, 606, 18, 11, 44, 44
_TITLE = "Cost of the monitoring beside its peers"
_LEGEND = (("ours", 60), ("peer", 60), ("without", 140), ("floor", 60), ("goal", 0))
_MEANINGS = {"without": "without monitoring"}
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .faint { fill: #59636e } .strong { font-weight: 600 }
.ours { fill: #0969da } .peer { fill: #afb8c1 } .without { fill: none; stroke: #818b98 } .ground { fill: #ffffff }
.goal { stroke: #1a7f37; stroke-width: 2 } .floor { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 } .peer { fill: #656c76 } .ours { fill: #4493f8 }
  .ground { fill: #0d1117 } .goal { stroke: #3fb950 } .floor { stroke: #f0883e }
}
"""


def chart(results: Sequence[Measured]) -> str:
    """The SVG: the first row of each group that has peers."""
    rows = [measured.rows[0] for measured in results if measured.rows[0].peers]
    height = _TOP + sum(_GAP + _ROW * len(_variants(row)) for row in rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{_TITLE}">',
        f'<style>{_STYLE}</style><rect class="ground" width="{_WIDTH}" height="{height}"/>',
        *_legend(),
    ]
    y = _TOP
    for row in rows:
        lines += _panel(row, y)
        y += _GAP + _ROW * len(_variants(row))
    return "\n".join([*lines, "</svg>", ""])


def _variants(row: Row) -> tuple[str, ...]:
    return (OURS, *row.peers, *row.without)


def _legend() -> Iterator[str]:
    x = 12
    for kind, width in _LEGEND:
        if kind in {"goal", "floor"}:
            yield f'<line class="{kind}" x1="{x + 5}" x2="{x + 5}" y1="10" y2="24"/>'
        else:
            yield f'<rect class="{kind}" x="{x}" y="12" width="10" height="10"/>'
        yield f'<text x="{x + 16}" y="21">{_MEANINGS.get(kind, kind)}</text>'
        x += width
    yield f'<text class="faint" x="{_WIDTH - 12}" y="21" text-anchor="end">shorter bars are better</text>'


def _panel(row: Row, y: int) -> Iterator[str]:
    names = _variants(row)
    limits = {"floor": row.target.floor, "goal": row.target.goal} if row.target else {}
    ends = {kind: row.limit(value) for kind, value in limits.items()}
    scale = (_RIGHT - _LEFT) / max(*(row.measured(name).median for name in names), *ends.values())
    told = [f"{kind} {limit(row, value)}" for kind, value in limits.items()] + ([spoken(row)] if limits else [])
    yield f'<text class="title" x="12" y="{y + 16}">{escape(row.what)}</text>'
    yield f'<text class="faint" x="{_WIDTH - 12}" y="{y + 16}" text-anchor="end">{escape(", ".join(told))}</text>'
    top = y + 26
    for number, name in enumerate(names):
        yield from _bar(row, name, top + number * _ROW, scale)
    for kind, at in ends.items():
        x, bottom = _LEFT + at * scale, top + _ROW * len(names) - 2
        line = f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{bottom}">'
        yield f"{line}<title>{kind}</title></line>"


def _bar(row: Row, name: str, y: int, scale: float) -> Iterator[str]:
    kind = "without" if name in row.without else "ours" if name == OURS else "peer"
    weight = "strong" if name == OURS else ""
    length = max(row.measured(name).median * scale, 1.0)
    yield f'<text class="{weight}" x="{_LEFT - 10}" y="{y + 10}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}"/>'
    yield f'<text class="{weight}" x="{_WIDTH - 12}" y="{y + 10}" text-anchor="end">{_value(row, name)}</text>'


def _value(row: Row, name: str) -> str:
    """The measurement, and the comparison without its quartiles."""
    against = compared(row, name, quartiles=False)
    return figure(row.measured(name).median, row.unit) + (f", {against}" if against else "")
