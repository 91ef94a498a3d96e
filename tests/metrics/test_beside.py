"""What other libraries have registered in prometheus_client: every worker's, from whoever answers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import prometheus_client
import pytest

from backend.core.monitoring.metrics import Counter, Registry


def shop(orders: float) -> prometheus_client.CollectorRegistry:
    """The metrics of a user who knows nothing of ours."""
    theirs = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("orders", "Orders", ["kind"], registry=theirs).labels('re"tail\n').inc(orders)
    prometheus_client.Gauge("ceiling", "Without end", registry=theirs).set(float("inf"))
    return theirs


@contextmanager
def other_worker(directory: Path, orders: float) -> Iterator[int]:
    """The pid of a worker that has tidied once."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        registry = Registry()
        registry.share(directory)
        registry.tidy(beside=[shop(orders)])
        os.write(tell, b".")
        signal.pause()
    assert os.read(told, 1) == b"."
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(told)
        os.close(tell)


def orders_by_pid(page: str) -> dict[int, float]:
    return {int(pid): float(value) for pid, value in re.findall(r'orders_total{.*pid="(\d+)"} (\S+)', page)}


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_any_worker_shows_those_of_all_live_ones(tmp_path: Path, accept: str) -> None:
    """Each with its pid, under one declaration; gone with the worker."""
    registry = Registry()
    registry.share(tmp_path)
    with other_worker(tmp_path, 7) as pid:
        page = registry.render(accept, beside=[shop(2)]).body.decode()
        assert orders_by_pid(page) == {os.getpid(): 2, pid: 7}
        assert page.count("# TYPE orders") == page.count("# TYPE ceiling") == 1
        assert page.count("ceiling{pid=") == 2
    registry.tidy()
    assert orders_by_pid(registry.render(accept, beside=[shop(2)]).body.decode()) == {os.getpid(): 2}
    assert len(list(tmp_path.glob("*.note"))) == 1  # its own


def test_a_note_that_is_none_is_left_out(tmp_path: Path) -> None:
    """Whatever stands in it."""
    registry = Registry()
    registry.share(tmp_path)
    with other_worker(tmp_path, 7):
        (path,) = tmp_path.glob("*.note")
        for nonsense in (b"", b"[", b"{}", b"3", b'[["x"]]', b'[["x","","gauge","",[["x",{},"y"]]]]', b"null"):
            path.write_bytes(nonsense)
            assert registry.render(beside=[shop(2)]).body


def test_a_name_that_is_taken_here_is_not_shown_of_another_worker(tmp_path: Path) -> None:
    """Of another version, which has it from elsewhere: a name is on a page once."""
    registry = Registry()
    orders = Counter("orders_total", "Orders", registry=registry)
    registry.share(tmp_path)
    orders.inc(2)
    with other_worker(tmp_path, 7):
        page = registry.render("application/openmetrics-text", beside=[shop(3)]).body
    assert page.count(b"# TYPE orders ") == 1
    assert page.count(b"\norders_total") == 1
    assert page.count(b"\nceiling{") == 2


def test_one_worker_alone_has_no_pid_on_its_page() -> None:
    """Nothing is added where nothing is shared."""
    page = Registry().render(beside=[shop(2)]).body.decode()
    assert 'orders_total{kind="re\\"tail\\n"} 2.0' in page
    assert "pid=" not in page


def test_a_collector_that_gives_the_same_object_each_time_is_left_as_it_is(tmp_path: Path) -> None:
    """prometheus_client's own of the platform does; a page must not add to it what the next one shows again."""
    theirs = prometheus_client.CollectorRegistry()
    platform = prometheus_client.PlatformCollector(registry=theirs)
    registry = Registry()
    registry.share(tmp_path)
    with other_worker(tmp_path, 7):
        (note,) = tmp_path.glob("*.note")
        note.write_bytes(b'[["python_info","","gauge","",[["python_info",{"pid":"1"},"1"]]]]')
        pages = {registry.render(beside=[theirs]).body.count(b"\npython_info{") for _ in range(5)}
    assert pages == {2}
    assert [len(family.samples) for family in platform.collect()] == [1]
    assert "pid" not in next(iter(platform.collect())).samples[0].labels
