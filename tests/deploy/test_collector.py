"""The Collector's configuration, held against what the backend really sends.

No Collector runs here: its program is in none of the registries that the tests use. So its policies are applied by
rules written down below, from its documentation, to spans that a real backend has sent; and its pipelines are read.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.lint.scraping import seconds
from backend.agents.reading import QueryLabels
from backend.agents.runner import TIME_LIMIT_SECONDS
from tests.deploy.composed import ROOT, services
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, served
from tests.llm.vendor import USAGE, Reply, completion, hang_up, running_vendor
from tests.tracing.collector import Span, collecting

QUESTION = "who could sell me something for weaving near Pochampally"
READABLE = QueryLabels(place="none", material="none", product="none").model_dump_json()
SCHEDULE_SECONDS = 5.0  # the longest that a span waits for its batch, by OpenTelemetry's default


class Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would quietly take the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice: {keys}"
        return super().construct_mapping(node, deep)


def load() -> Any:
    return yaml.load((ROOT / "monitoring/otel-collector.yml").read_text(), Strict)


CONFIG = load()
SAMPLING = CONFIG["processors"]["tail_sampling"]
PIPELINES: dict[str, Any] = CONFIG["service"]["pipelines"]
POLICIES = {policy["name"]: policy for policy in SAMPLING["policies"]}


def test_every_part_of_a_pipeline_is_declared_and_every_declared_part_is_used() -> None:
    """A connector ends one pipeline and begins another."""
    used = {
        kind: {name for pipeline in PIPELINES.values() for name in pipeline[kind]}
        for kind in ("receivers", "processors", "exporters")
    }
    connectors = set(CONFIG["connectors"])
    assert used["receivers"] == set(CONFIG["receivers"]) | connectors
    assert used["exporters"] == set(CONFIG["exporters"]) | connectors
    assert used["processors"] == set(CONFIG["processors"])
    assert CONFIG["service"]["extensions"] == list(CONFIG["extensions"])


def test_spans_are_counted_before_they_are_chosen() -> None:
    """What becomes numbers has passed no sampling, and comes from where the kept ones come from, too."""
    (counted,) = [pipeline for pipeline in PIPELINES.values() if "spanmetrics" in pipeline["exporters"]]
    (kept,) = [pipeline for pipeline in PIPELINES.values() if "tail_sampling" in pipeline["processors"]]
    assert counted["receivers"] == kept["receivers"] == ["otlp"]
    assert "tail_sampling" not in counted["processors"]
    assert PIPELINES["metrics"]["exporters"] == ["prometheusremotewrite"]


def test_every_pipeline_is_bounded_first() -> None:
    """And batches last, since sampling takes batches apart. The limit is below that of the container."""
    for pipeline in PIPELINES.values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert "batch" not in pipeline["processors"][:-1]
    limit = CONFIG["processors"]["memory_limiter"]["limit_mib"] * 1024**2
    assert limit <= 0.8 * int(services("--profile", "traces")["otel-collector"]["mem_limit"])


def test_what_it_listens_on_is_what_the_others_ask() -> None:
    """The backend by HTTP, the health check, and nobody from outside for its own metrics."""
    composed = services(COMPOSE_PROFILES="traces")
    protocols = CONFIG["receivers"]["otlp"]["protocols"]
    asked = composed["backend"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert protocols["http"]["endpoint"].rpartition(":")[2] == asked.rpartition(":")[2]
    published = {str(port["target"]) for port in composed["otel-collector"]["ports"]}
    assert published == {protocol["endpoint"].rpartition(":")[2] for protocol in protocols.values()}
    health = CONFIG["extensions"]["health_check"]["endpoint"].rpartition(":")[2]
    assert f":{health}/" in composed["otel-collector"]["healthcheck"]["test"][-1]
    (reader,) = CONFIG["service"]["telemetry"]["metrics"]["readers"]
    own = reader["pull"]["exporter"]["prometheus"]
    (scraped,) = CONFIG["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert scraped["static_configs"] == [{"targets": [f"{own['host']}:{own['port']}"]}]


@pytest.mark.parametrize(
    ("exporter", "service", "port"),
    [("otlphttp/tempo", "tempo", 4318), ("otlphttp/loki", "loki", 3100), ("prometheusremotewrite", "prometheus", 9090)],
)
def test_it_sends_to_services_of_docker_compose(exporter: str, service: str, port: int) -> None:
    """Unless the environment names another place."""
    endpoint = CONFIG["exporters"][exporter]["endpoint"]
    default = re.fullmatch(r"\$\{env:[A-Z_]+:-(http://.+)\}", endpoint)
    assert default, endpoint
    assert default[1].startswith(f"http://{service}:{port}")
    assert service in services("--profile", "traces")
    if service == "tempo":
        tempo = yaml.safe_load((ROOT / "monitoring/tempo.yml").read_text())
        receiving = tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
        assert receiving.endswith(f":{port}")


def test_a_trace_is_judged_when_it_is_whole() -> None:
    """Not before the longest run and the last batch are in; one whose request has ended, a batch later."""
    assert seconds(SAMPLING["decision_wait"]) >= TIME_LIMIT_SECONDS + SCHEDULE_SECONDS
    assert seconds(SAMPLING["decision_wait_after_root_received"]) >= SCHEDULE_SECONDS
    caches = SAMPLING["decision_cache"]
    assert min(caches.values()) >= 10 * SAMPLING["num_traces"], "what comes late would be judged anew"


def test_slow_means_what_the_alert_means() -> None:
    """The threshold of SlowResponseTime."""
    text = (ROOT / "monitoring/alerts/artisan-alerts.yml").read_text()
    (rule,) = [
        rule
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if rule["alert"] == "SlowResponseTime"
    ]
    (threshold,) = re.findall(r"\) > (\d+)\b", rule["expr"])
    assert POLICIES["slow"]["latency"]["threshold_ms"] == 1000 * int(threshold)


def kept_by(trace: Iterable[Span]) -> set[str]:
    """The policies that keep a trace, but for chance: each is asked, and one is enough."""
    spans = list(trace)
    assert len({span.trace_id for span in spans}) == 1
    return {name for name, policy in POLICIES.items() if _keeps(policy, spans)}


def _keeps(policy: dict[str, Any], spans: list[Span]) -> bool:
    rule = policy.get(policy["type"])
    match policy["type"]:
        case "status_code":  # of any span
            assert rule == {"status_codes": ["ERROR"]}
            return any(span.failed for span in spans)
        case "latency":  # from the first begin to the last end
            nanoseconds = max(span.end for span in spans) - min(span.start for span in spans)
            return bool(nanoseconds >= rule["threshold_ms"] * 1_000_000)
        case "numeric_attribute":  # of any span, a whole number: others count as 0
            found = [span.attributes[rule["key"]] for span in spans if rule["key"] in span.attributes]
            return any(type(value) is int and rule["min_value"] <= value <= rule["max_value"] for value in found)
        case "ottl_condition":  # of any span
            (condition,) = rule["span"]
            parsed = re.fullmatch(r'attributes\["(.+)"\] != nil and attributes\["\1"\] >= ([0-9.]+)', condition)
            assert parsed, condition
            return any(span.attributes.get(parsed[1], 0.0) >= float(parsed[2]) for span in spans)
        case "span_count":
            return bool(len(spans) >= rule["min_spans"])
        case "probabilistic":
            return False
    raise AssertionError(f"nobody has written down what {policy['type']} does")


@contextmanager
def traced(folder: Path, **env: str) -> Iterator[tuple[Service, list[Span]]]:
    """A backend, and the spans that it has sent, which are all there after its end."""
    with (
        collecting() as (collector, url),
        served(AS_THE_GUIDE_SAYS, folder, OTEL_EXPORTER_OTLP_ENDPOINT=url, **env) as it,
    ):
        yield it, collector.spans
        it.stop()


async def run_of_an_agent(folder: Path, *replies: Reply, model: str = "local", **env: str) -> list[Span]:
    """The trace of one run that asks a model, which replies so."""

    def ask(url: str) -> list[Span]:
        with traced(folder, LLM_PROVIDERS=f"{model}@{url}", **env) as (service, spans):
            response = service.client.post("/api/agents/supply_hunter/runs", json={"query": QUESTION})
            assert response.status_code == 200, response.text
        return of_one_request(spans)

    async with running_vendor(*replies) as vendor:
        return await asyncio.to_thread(ask, vendor.base_url)


def of_one_request(spans: list[Span]) -> list[Span]:
    """The spans of the one trace that holds a request to the API."""
    (root,) = [span for span in spans if "http.route" in span.attributes]
    return [span for span in spans if span.trace_id == root.trace_id]


async def test_a_usual_run_is_kept_by_chance_alone(tmp_path: Path) -> None:
    """And has each attribute that a policy or a number asks for, as the kind of value that it wants."""
    trace = await run_of_an_agent(tmp_path, completion(READABLE))
    assert kept_by(trace) == set()
    asked = [policy["numeric_attribute"]["key"] for policy in POLICIES.values() if "numeric_attribute" in policy]
    assert len(asked) == 2
    for key in asked:
        assert [type(span.attributes[key]) for span in trace if key in span.attributes] == [int]
    for dimension in CONFIG["connectors"]["spanmetrics"]["dimensions"]:
        assert all(dimension["name"] in span.attributes for span in trace)
    for key in CONFIG["connectors"]["spanmetrics"]["resource_metrics_key_attributes"]:
        assert all(key in span.resource for span in trace)
    assert len(trace) * 2 < POLICIES["many-steps"]["span_count"]["min_spans"]


async def test_a_run_whose_attempt_at_a_model_failed_is_kept(tmp_path: Path) -> None:
    """Although the run itself did without and succeeded."""
    assert kept_by(await run_of_an_agent(tmp_path, hang_up)) == {"errors"}


@pytest.mark.parametrize(
    ("tokens", "policy"),
    [({"prompt_tokens": 8000}, "many-input-tokens"), ({"completion_tokens": 2000}, "many-output-tokens")],
)
async def test_a_costly_run_is_kept(tmp_path: Path, tokens: dict[str, int], policy: str) -> None:
    """By what the model says it was paid for."""
    assert kept_by(await run_of_an_agent(tmp_path, completion(READABLE, USAGE | tokens))) == {policy}


async def test_a_dear_run_is_kept(tmp_path: Path) -> None:
    """By what its attempt cost at the vendor's prices: 30 dollars for a million tokens of the prompt."""
    reply = completion(READABLE, USAGE | {"prompt_tokens": 7000, "completion_tokens": 500})
    trace = await run_of_an_agent(tmp_path, reply, model="openai:gpt-4", OPENAI_API_KEY="none")
    (cost,) = [span.attributes["gen_ai.usage.cost"] for span in trace if "gen_ai.usage.cost" in span.attributes]
    assert cost > 0.05
    assert kept_by(trace) == {"dear"}


def test_a_slow_request_is_kept(tmp_path: Path) -> None:
    """One that takes 5.2 s, since its client sends what it asks no sooner."""
    body = b'{"query": "fairs in March"}'
    with traced(tmp_path) as (service, spans):
        host, _, port = service.client.base_url.netloc.decode().partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as slow:
            head = f"POST /api/agents/supply_hunter/runs HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            slow.sendall(f"{head}Content-Type: application/json\r\nConnection: close\r\n\r\n".encode())
            time.sleep(5.2)  # the slow client that is asked for
            slow.sendall(body)
            assert slow.makefile("rb").readline().startswith(b"HTTP/1.1 200")
    assert kept_by(of_one_request(spans)) == {"slow"}


def test_a_request_that_was_answered_as_it_should_be_is_kept_by_chance(tmp_path: Path) -> None:
    """A search, and a client's own mistake, which is no error of the service."""
    with traced(tmp_path) as (service, spans):
        assert service.client.get("/api/search", params={"q": "silk"}).status_code == 200
        assert service.client.get("/api/search").status_code == 422
    roots = [span for span in spans if span.attributes.get("http.route") == "/api/search"]
    assert len(roots) == 2
    for root in roots:
        assert kept_by([span for span in spans if span.trace_id == root.trace_id]) == set()
