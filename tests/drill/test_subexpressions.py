"""Which part of an expression is to blame when it gives nothing, asked of a real Prometheus that watches itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import yaml

from artisan.drill.clients.prometheus import Prometheus
from artisan.drill.stack.spec import Ports, prometheus_host
from artisan.drill.watching.subexpressions import explain
from artisan.stack import prometheus
from artisan.stack.supervisor import Supervisor
from artisan.stack.tools import Tools

QUICK = {"scrape_interval": "100ms", "evaluation_interval": "100ms"}

CASES = {
    "it gives something": ("up == 1", ()),
    "no such metric": ("rate(heat_total[5m]) > 1", ("there is no series of the name `heat_total`",)),
    "a label that nobody has": (
        'up{job="prometheus-misspelt"} == 0',
        ('no series matches job="prometheus-misspelt" in `up{job="prometheus-misspelt"}`: the label has "prometheus"',),
    ),
    "a threshold out of reach": (
        'up{job="prometheus"} > 5',
        ('`up{job="prometheus"}` is 1, and would have to be > 5',),
    ),
    "0/0": ("(up - up) / (up - up) > 1", ("`(up - up) / (up - up)` is no number (0/0: nothing happens there)",)),
    "only one side of a conjunction": ("up == 1 and up > 5", ("`up` is 1, and would have to be > 5",)),
    "both sides of an alternative": (
        "up == 0 or heat > 5",
        ("`up` is 1, and would have to be == 0", "there is no series of the name `heat`"),
    ),
    "sides that do not match": (
        "up == 1 and on (version) prometheus_build_info == 1",
        ("`up == 1 and on (version) prometheus_build_info == 1`: both sides of `and` have values",),
    ),
    "held back": ("up == 1 unless up", ("`up`, which stands behind `unless`, holds it back",)),
    "silent for the best of reasons": ("up == 0 or absent(up)", ("`up` is 1, and would have to be == 0",)),
    "not to be read": ("up ==", ("the expression cannot be read",)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watching(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    """A Prometheus with a few samples of itself."""
    folder, port = tmp_path_factory.mktemp("prometheus"), Ports.free().prometheus
    address = f"{prometheus_host(tools)}:{port}"
    jobs = [{"job_name": "prometheus", "static_configs": [{"targets": [address]}]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"global": QUICK, "scrape_configs": jobs}))
    part = prometheus.part(tools, config=folder / "prometheus.yml", data=folder / "data", port=port)
    async with Supervisor([part], logs=folder / "logs") as running, asyncio.timeout(30):
        await running.started()
        watching = Prometheus(address)
        while len(await watching.query("up[1m]")) < 3:
            await asyncio.sleep(0.05)
        yield watching


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES)
async def test_the_part_that_is_to_blame_is_named(watching: Prometheus, case: str) -> None:
    """Down to the matcher, or the value and its limit; parts that are fine are not mentioned."""
    query, expected = CASES[case]
    found = await explain(watching, query)
    assert len(found) == len(expected)
    assert all(each.startswith(start) for each, start in zip(found, expected, strict=True)), found
