"""The result as a page, a table and a chart."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from benchmarks.group import Measured
from benchmarks.report.chart import chart
from benchmarks.report.page import page
from benchmarks.report.table import table
from benchmarks.row import Comparison, Target

from .made_up import measured, row

SVG = "{http://www.w3.org/2000/svg}"
PEERS = {"<slow> & sure": [30, 30, 60], "base again": [10, 10, 10]}


@pytest.fixture
def results() -> list[Measured]:
    """A ratio that misses its floor, a speed-up that meets its goal, a fault, and a figure of ours alone."""
    ratio = row([15, 15.6, 16], [10, 10, 10], Comparison.RATIO, Target(1.3, 1.2), samples=PEERS, without=("base",))
    faster = row([1, 1, 1], [50, 50, 50], Comparison.SPEEDUP, Target(10, 25))
    fault = row([1, 1, 1], [10, 10, 10], Comparison.ABSOLUTE, Target(10, 5), fault="ours: 3 samples are wrong")
    alone = row([7, 7, 7], [7, 7, 7], Comparison.ABSOLUTE)
    return [measured(ratio), measured(faster, fault), measured(alone)]


def test_the_page_tells_figures_targets_verdicts_and_noise(results: list[Measured]) -> None:
    text = page(results, machine="a machine", versions="a 1.0").replace("\N{NO-BREAK SPACE}", " ")
    assert "| Work | 1.56× (1.53–1.58) | 3.00× <slow> & sure | ≤ 1.3× | ≤ 1.2× | missed floor by 20% | 1.00× |" in text
    assert "| Work | 50.0× faster, 1.00 µs | 50.0 µs base | ≥ 10× | ≥ 25× | met goal | – |" in text
    assert "| ours: 3 samples are wrong |" in text
    assert "| Work | base | 10.0 µs | baseline | 3 |" in text
    assert "|  | <slow> & sure | 30.0 µs (30.0–45.0) | 3.00× (3.00–4.50) | 3 |" in text
    assert "**On** a machine." in text
    assert "## Some work\n\nIt is *worked*.\n" in text


def test_a_verdict_that_noise_could_have_made_says_so() -> None:
    noisy = row([11, 15, 16], [10, 10, 10], Comparison.RATIO, Target(1.4, 1.2))
    assert "| missed floor by 7%, unsure |" in page([measured(noisy)], machine="a machine", versions="a 1.0")


def test_each_table_of_the_page_has_whole_lines(results: list[Measured]) -> None:
    blocks = page(results, machine="a machine", versions="a 1.0").split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == 1 + len(results)
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1, lines


def test_the_chart_is_xml_with_bars_to_scale(results: list[Measured]) -> None:
    """The first row of each group, with its floor and its goal where a bar would just meet them."""
    root = ET.fromstring(chart(results))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts.count("Work") == 3
    assert "<slow> & sure" in texts
    assert "floor ≤ 1.3×, goal ≤ 1.2×, missed floor by 20%" in texts
    assert "15.6 µs, 1.56×" in texts
    bars = [bar for bar in root.iter(f"{SVG}rect") if bar.get("height") == "11"][:3]
    assert [bar.get("class") for bar in bars] == ["ours", "peer", "without"]
    ours, peer, base = (float(bar.get("width", "")) for bar in bars)
    assert (ours / base, peer / base) == (pytest.approx(1.56, abs=0.01), pytest.approx(3, abs=0.01))
    floor = next(line for line in root.iter(f"{SVG}line") if line.find(f"{SVG}title") is not None)
    assert float(floor.get("x1", "")) - float(bars[0].get("x", "")) == pytest.approx(1.3 * base, abs=0.1)


def test_the_terminal_shows_the_same(results: list[Measured]) -> None:
    shown = io.StringIO()
    Console(width=160, file=shown).print(table(results))
    text = shown.getvalue()
    for part in ("1.56× (1.53–1.58)", "3.00× <slow> & sure", "missed floor by 20%", "ours: 3 samples are wrong"):
        assert part in text
