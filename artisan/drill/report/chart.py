"""One chart of a rehearsal: a line for each drill, from its fault to the mail that it is over.

Plain SVG without scripts or fonts of its own, readable on light and on dark ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from artisan.drill.course import Course, Step

_ROW, _BAR, _LEFT, _WIDTH, _TOP = 26, 12, 190, 760, 56
_TITLE = "Each drill from its fault to the mail that it is over"
_STRETCHES = {
    Step.FAULT: ("unseen", "fault, not yet seen"),
    Step.HOLDS: ("pending", "pending"),
    Step.FIRING: ("firing", "firing"),
    Step.REMOVED: ("calming", "mended, alert goes on"),
    Step.INACTIVE: ("over", "alert is over"),
}
"""What the time after a step is called, until the next one."""
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.faint { fill: #656d76 } .grid { stroke: #d0d7de; stroke-width: 1 }
.unseen { fill: #8c959f } .pending { fill: #d4a72c } .firing { fill: #cf222e }
.calming { fill: #6cc07a } .over { fill: #1a7f37 } .mail { fill: #1f2328 }
.ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
  .unseen { fill: #6e7681 } .pending { fill: #d29922 } .firing { fill: #f85149 }
  .calming { fill: #238636 } .over { fill: #3fb950 } .mail { fill: #e6edf3 } .ground { fill: #0d1117 }
}
"""


def chart(courses: Sequence[Course]) -> str:
    """The SVG; drills that never began have no line."""
    drawn = [course for course in courses if course.moments]
    longest = max((moment.at - course.moments[0].at for course in drawn for moment in course.moments), default=1.0)
    scale = (_WIDTH - _LEFT - 20) / max(longest, 1.0)
    height = _TOP + _ROW * len(drawn) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{_TITLE}">',
        f'<style>{_STYLE}</style><rect class="ground" width="{_WIDTH}" height="{height}"/>',
        *_legend(),
        *_grid(longest, scale, height),
    ]
    for number, course in enumerate(drawn):
        lines += _line(course, _TOP + number * _ROW, scale)
    return "\n".join([*lines, "</svg>", ""])


def _legend() -> Iterator[str]:
    x = 12
    for kind, meaning in _STRETCHES.values():
        yield f'<rect class="{kind}" x="{x}" y="12" width="10" height="10"/><text x="{x + 15}" y="21">{meaning}</text>'
        x += 40 + round(6.4 * len(meaning))
    yield f'<circle class="mail" cx="{x + 5}" cy="17" r="4"/><text x="{x + 15}" y="21">mail</text>'


def _grid(longest: float, scale: float, height: int) -> Iterator[str]:
    step = next((each for each in (5, 10, 20, 30, 60) if longest / each <= 8), 120)
    for second in range(0, int(longest) + 1, step):
        x = _LEFT + second * scale
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 12}" y2="{height - 24}"/>'
        yield f'<text class="faint" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{second} s</text>'


def _line(course: Course, y: int, scale: float) -> Iterator[str]:
    began = course.moments[0].at
    yield f'<text x="{_LEFT - 10}" y="{y + _BAR - 1}" text-anchor="end">{escape(course.alert)}</text>'
    steps = [moment for moment in course.moments if moment.step is not Step.SHOWN]
    for moment, following in pairwise(steps):
        if moment.step in _STRETCHES:
            kind, meaning = _STRETCHES[moment.step]
            x, length = _LEFT + (moment.at - began) * scale, following.at - moment.at
            place = f'x="{x:.1f}" y="{y}" width="{length * scale:.1f}" height="{_BAR}"'
            yield f'<rect class="{kind}" {place}><title>{meaning}: {length:.1f} s</title></rect>'
    for step in (Step.MAIL, Step.RESOLVED):
        if (at := course.at(step)) is not None:
            x = _LEFT + (at - began) * scale
            yield f'<circle class="mail" cx="{x:.1f}" cy="{y + _BAR / 2:.0f}" r="4"><title>{step}</title></circle>'
    if not course.verdict.good:
        lost = f"lost at the {course.lost_at.name}" if course.lost_at else course.reason
        yield f'<text class="firing" x="{_LEFT + 8}" y="{y + _BAR - 1}">✗ {escape(f"{course.verdict}: {lost}")}</text>'
