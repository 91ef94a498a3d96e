"""A page of metrics becomes a description: names, types, labels with their values, edges, units."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics

from artisan.lint import Unreadable, read_page
from artisan.lint.metrics import series_of
from artisan.lint.metrics_page import from_page

from .conftest import CORPUS


def registry() -> prometheus_client.CollectorRegistry:
    store = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("orders", "Orders", ["shop"], registry=store).labels("pune").inc()
    prometheus_client.Histogram("wait", "Waiting", unit="seconds", buckets=(1, 5), registry=store).observe(2)
    prometheus_client.Info("build", "What runs", registry=store).info({"version": "1"})
    prometheus_client.Summary("size_bytes", "Sizes", registry=store).observe(2)
    prometheus_client.Counter("errors", "Not yet", ["kind"], registry=store)
    return store


@pytest.mark.parametrize("render", [prometheus_client.generate_latest, openmetrics])
def test_both_formats_tell_the_same(render: object) -> None:
    """Names of series, labels, values, edges; only units need a name that tells them in the older one."""
    assert callable(render)
    families = {metric.name: metric for metric in from_page(render(registry()).decode())}
    series = {series.name for metric in families.values() for series in series_of(metric)}
    assert {"orders_total", "wait_seconds_bucket", "wait_seconds_sum", "wait_seconds_count", "build_info"} <= series
    assert families["orders_total"].type == "counter"
    assert families["orders_total"].labels == {"shop": frozenset({"pune"})}
    assert families["wait_seconds"].edges == (1.0, 5.0)
    assert families["wait_seconds"].spelt[5.0] == "5.0"
    assert families["wait_seconds"].unit == "seconds"
    assert families["size_bytes"].unit == "bytes"


def test_a_family_without_a_sample_exists_and_may_have_any_label() -> None:
    """It has not happened yet, so its labels cannot be seen."""
    errors = next(
        m for m in from_page(prometheus_client.generate_latest(registry()).decode()) if m.name == "errors_total"
    )
    assert errors.open


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a server that answers with a page at /metrics, HTML at / and 401 at /secret."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401 if self.path == "/secret" else 200)
            self.end_headers()
            self.wfile.write((CORPUS / "metrics.txt").read_bytes() if self.path == "/metrics" else b"<!doctype html>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_is_read_from_a_url(served: str) -> None:
    """As from a file."""
    assert read_page(f"{served}/metrics") == read_page(str(CORPUS / "metrics.txt"))


def test_a_web_page_is_told_from_a_page_of_metrics(served: str) -> None:
    """With what is probably missing in the address."""
    with pytest.raises(Unreadable, match=r"is a web page \(HTML\).*add the path, such as /metrics"):
        read_page(served)


def test_a_page_that_is_refused_is_told(served: str) -> None:
    """With the status."""
    with pytest.raises(Unreadable, match=r"/secret answers 401 Unauthorized"):
        read_page(f"{served}/secret")


def test_a_page_that_cannot_be_reached_is_told(served: str) -> None:
    """With the reason of the system and the way out."""
    del served
    with pytest.raises(Unreadable, match=r"cannot be reached \(.*refused\): start the program"):
        read_page("http://127.0.0.1:1/metrics")


BAD = {
    "empty": (b"", "the file is empty"),
    "binary": (b"\x00\xff\xfe", "not UTF-8"),
    "something else": (b"groups:\n- name: a\n", "is no page of metrics"),
    "without a metric": (b"# only a comment\n", "has no metric on it"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD.keys())
def test_a_file_that_is_no_page_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    """In one sentence that names it."""
    (tmp_path / "page").write_bytes(content)
    with pytest.raises(Unreadable, match=words) as caught:
        read_page(str(tmp_path / "page"))
    assert str(tmp_path / "page") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    """Nor is what does not exist."""
    with pytest.raises(Unreadable, match="is a directory"):
        read_page(str(tmp_path))
    with pytest.raises(Unreadable, match="does not exist"):
        read_page(str(tmp_path / "nothing"))
