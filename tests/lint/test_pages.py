"""Pages as other programs write them, several of them, and servers that misbehave."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from artisan.lint import Unreadable, read_page
from artisan.lint.metrics import Metric, Metrics, series_of
from artisan.lint.metrics_fetch import fetch
from artisan.lint.metrics_page import from_page

from .conftest import CORPUS, Check, rule_file

NGINX = """# HELP accepted Connections
# TYPE accepted counter
accepted 8
# TYPE served_total counter
served_total 1
# TYPE served_created gauge
served_created 1.6e9
"""
OPENMETRICS = """# TYPE parcels counter
parcels_total{depot="north"} 10
parcels_created{depot="north"} 1.6e9
# TYPE size gaugehistogram
size_bucket{le="1.0"} 1
size_bucket{le="+Inf"} 1
size_gsum 1
size_gcount 1
# EOF
"""


def names(page: str) -> dict[str, str]:
    """The kind of each series of a page."""
    return {series.name: series.kind for metric in from_page(page) for series in series_of(metric)}


def test_the_older_format_names_counters_as_they_are() -> None:
    """Nothing is put behind a name that has no `_total`."""
    assert names(NGINX) == {"accepted": "counter", "served_total": "counter", "served_created": "gauge"}


def test_openmetrics_has_more_series_than_its_families_say() -> None:
    """When a counter began, and the sum and count of a histogram of gauges."""
    gauges = dict.fromkeys(("parcels_created", "size_bucket", "size_gsum", "size_gcount"), "gauge")
    assert names(OPENMETRICS) == {"parcels_total": "counter", **gauges}


def test_a_counter_without_total_is_known(check: Check) -> None:
    """By the name on the page alone."""
    report = check({"r.yml": rule_file("rate(accepted[5m])", "rate(accepted_total[5m])")}, page=NGINX)
    assert [(finding.rule.id, finding.position.line) for finding in report.findings] == [("metric/unknown", 7)]


def merged(*pages: str) -> Metric:
    """The one family of several pages."""
    families = Metrics((metric for page in pages for metric in from_page(page)), {}).families
    assert len(families) == 1
    return families[0]


def test_several_pages_are_one_truth() -> None:
    """Labels and values of either exist."""
    both = merged('# TYPE a gauge\na{x="1"} 1\n', '# TYPE a gauge\na{x="2",y="3"} 1\n')
    assert both.labels == {"x": frozenset({"1", "2"}), "y": frozenset({"3"})}


@pytest.mark.parametrize(("second", "edges"), [(("1", "9"), (1.0, 5.0, 9.0)), (("1.0", "5"), ())])
def test_edges_of_several_pages_are_united(second: tuple[str, str], edges: tuple[float, ...]) -> None:
    """Unless they spell one in two ways: then nobody knows what a matcher should say."""

    def page(*les: str) -> str:
        return "# TYPE h histogram\n" + "".join(f'h_bucket{{le="{le}"}} 1\n' for le in (*les, "+Inf"))

    assert merged(page("1", "5"), page(*second)).edges == edges


def test_a_series_of_two_kinds_is_of_none() -> None:
    """What is a gauge here and a counter there may be anything."""
    metrics = Metrics([Metric("a", "gauge"), Metric("a", "counter")], {})
    series = metrics.get("a")
    assert series is not None
    assert series.kind == "unknown"


@pytest.fixture
def odd() -> Iterator[str]:
    """The address of a server that drips, redirects for ever, packs its answer or ends it early, by path."""
    page = (CORPUS / "metrics.txt").read_bytes()
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/loop" else 200)
            if self.path == "/loop":
                self.send_header("Location", "/loop")
            if self.path == "/short":
                self.send_header("Content-Length", "100000")
            self.end_headers()
            if self.path == "/gz":
                self.wfile.write(gzip.compress(page))
            while self.path == "/drip" and not over.wait(0.05):
                self.wfile.write(b"# HELP x y\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_packed_page_is_unpacked(odd: str) -> None:
    """Some servers pack it without being asked to."""
    assert read_page(f"{odd}/gz") == read_page(str(CORPUS / "metrics.txt"))


def test_the_whole_download_has_a_time_limit(odd: str) -> None:
    """However steadily a server drips."""
    began = time.monotonic()
    with pytest.raises(Unreadable, match=r"has not answered in full after 0.3 s: save"):
        fetch(f"{odd}/drip", within=0.3)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("path", "words"), [("/loop", "redirects without end"), ("/short", "cannot be reached"), ("", "cannot be reached")]
)
def test_a_fault_of_a_server_is_one_sentence(odd: str, path: str, words: str) -> None:
    """On one line, with the way out."""
    url = odd + path if path else "http://[::1"
    with pytest.raises(Unreadable, match=words) as caught:
        read_page(url)
    assert "\n" not in str(caught.value)
