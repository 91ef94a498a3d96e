"""One run of an agent, as a collector receives it: the tree of its spans, and its log lines beside them."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

from backend.agents.reading import QueryLabels
from tests.llm.vendor import completion, running_vendor

from .collector import Collector, Span
from .conftest import StartBackend

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tracing.md"
QUESTION = "who could sell me something for weaving near Pochampally"
NOTHING_NAMED = QueryLabels(place="none", material="none", product="none").model_dump_json()


def drawn(spans: list[Span], trace_id: str) -> str:
    """The trace as text: each span below its parent, with what tells most of it."""
    shown = ("gen_ai.provider.name", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "cache.hit")
    lines = [""]

    def draw(parent: str, depth: int) -> None:
        for span in sorted(spans, key=lambda span: span.start):
            if span.trace_id == trace_id and span.parent_id == parent:
                facts = [
                    f"{name.split('.', 1)[1]}={span.attributes[name]}" for name in shown if name in span.attributes
                ]
                lines.append("  " * depth + " ".join([span.name, *facts]))
                draw(span.span_id, depth + 1)

    draw("", 0)
    return "\n".join([*lines[1:], ""])


def documented_tree(tree: str) -> str:
    """That of the docs; with WRITE_DOCS set it is first replaced by the one given."""
    page = PAGE.read_text()
    documented = re.search(r"<!-- tree:.*?```text\n(.*?)```", page, re.DOTALL)
    assert documented is not None
    if "WRITE_DOCS" in os.environ:
        PAGE.write_text(page[: documented.start(1)] + tree + page[documented.end(1) :])
        return tree
    return documented[1]


async def test_the_tree_of_a_run_is_the_one_in_the_docs(
    collector: tuple[Collector, str], backend: StartBackend
) -> None:
    """One trace: request, run, steps, tools, the attempt at a model, statements and look-ups."""
    received, url = collector
    async with running_vendor(completion(NOTHING_NAMED)) as vendor:
        run, headers = await in_a_thread(backend, url, vendor.base_url)
        asked = vendor.headers[-1]
    (root,) = [span for span in received.spans if span.name.startswith("POST")]
    tree = drawn(received.spans, root.trace_id)
    assert documented_tree(tree) == tree, "docs/tracing.md shows another tree; WRITE_DOCS=1 writes this one"
    of_the_run = [span for span in received.spans if span.trace_id == root.trace_id]
    assert {span.attributes["request_id"] for span in of_the_run} == {"run-1"}
    assert {log.attributes["request_id"] for log in received.logs if log.trace_id == root.trace_id} == {"run-1"}
    told = {log.body: log for log in received.logs if log.trace_id == root.trace_id}
    assert {"agent_execution_completed", "request_completed"} <= told.keys()
    assert told["request_completed"].span_id == root.span_id
    (agent,) = [span for span in of_the_run if span.name.startswith("invoke_agent")]
    assert told["agent_execution_completed"].span_id == agent.span_id
    (chat,) = [span for span in of_the_run if span.name.startswith("chat")]
    assert asked["traceparent"].split("-")[1:3] == [chat.trace_id, chat.span_id]
    assert chat.attributes["status"] == "success"
    assert chat.attributes["gen_ai.usage.cache_read.input_tokens"] == 60
    assert chat.attributes["gen_ai.usage.reasoning.output_tokens"] == 5
    assert chat.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert root.resource["service.name"] == "artisan-hub"
    assert root.resource["deployment.environment.name"] == "production"
    everything = " ".join(str(span.attributes) for span in of_the_run)
    assert "Pochampally" not in everything, "what somebody asked is in a span"
    assert run["request_id"] == headers["x-request-id"] == "run-1"


async def in_a_thread(
    backend: StartBackend, url: str, vendor: str, query: str = QUESTION, **env: str
) -> tuple[dict[str, Any], Any]:
    """The question is asked beside the loop that the scripted vendor needs."""

    def ask() -> tuple[dict[str, Any], Any]:
        with backend(url, LLM_PROVIDERS=f"local@{vendor}", **env) as service:
            response = service.client.post(
                "/api/agents/supply_hunter/runs", json={"query": query}, headers={"X-Request-ID": "run-1"}
            )
            assert response.status_code == 200, response.text
            return response.json(), response.headers

    return await asyncio.to_thread(ask)


async def test_contents_are_recorded_redacted_where_they_are_asked_for(
    collector: tuple[Collector, str], backend: StartBackend
) -> None:
    """The question and the answer of the run, the prompt and the answer of the model, the arguments of the tools."""
    received, url = collector
    query = f"{QUESTION}, tell asha@example.org"
    async with running_vendor(completion(NOTHING_NAMED)) as vendor:
        asking = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true", "query": query}
        await in_a_thread(backend, url, vendor.base_url, **asking)
    (chat,) = [span for span in received.spans if span.name.startswith("chat")]
    prompt = json.loads(chat.attributes["gen_ai.input.messages"])
    assert [each["role"] for each in (prompt[0], prompt[-1])] == ["system", "user"]
    assert prompt[-1]["parts"][0]["content"] == f"{QUESTION}, tell [EMAIL]"
    assert json.loads(chat.attributes["gen_ai.output.messages"])[0]["role"] == "assistant"
    (agent,) = [span for span in received.spans if span.name.startswith("invoke_agent")]
    asked = json.loads(agent.attributes["gen_ai.input.messages"])
    assert asked == [{"role": "user", "parts": [{"type": "text", "content": f"{QUESTION}, tell [EMAIL]"}]}]
    assert json.loads(agent.attributes["gen_ai.output.messages"])[0]["role"] == "assistant"
    tools = [span.attributes for span in received.spans if span.name.startswith("execute_tool")]
    assert all("gen_ai.tool.call.arguments" in attributes for attributes in tools)
    assert "asha@example.org" not in str([span.attributes for span in received.spans])
