"""Every attempt that is sent is measured, whichever way it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from openai import AsyncOpenAI
from pydantic import SecretStr
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from backend.core.errors import LLMError, LLMTimeout
from backend.core.monitoring import request_id_var
from backend.core.monitoring.metrics import REGISTRY
from backend.llm import PROVIDERS, Endpoint, MeasuredModel
from backend.llm.line import Line

from .vendor import ZEROS, Reply, Vendor, completion, hang, hang_up, raw, status, stream

Measured = Callable[..., MeasuredModel]
PROMPT = "a prompt that nobody may log"
PRICED = "gpt-6-luna"


def arguments(**settings: Any) -> tuple[Any, Any, Any]:
    return [ModelRequest.user_text_prompt(PROMPT)], ModelSettings(**settings), ModelRequestParameters()


def counts(model: str, provider: str = "openai") -> dict[str, float]:
    """How many attempts ended how; only those that are not 0."""
    labels = {"provider": provider, "model": model}
    totals = {
        outcome: REGISTRY.value("llm_requests_total", **labels, status=outcome) or 0.0
        for outcome in ("success", "error", "timeout", "cancelled")
    }
    assert REGISTRY.value("llm_request_duration_seconds_count", **labels) == sum(totals.values())
    return {outcome: total for outcome, total in totals.items() if total}


async def read(model: MeasuredModel, each: Callable[[Any], object] = lambda chunk: chunk) -> str | None:
    """The whole text of a stream; `each` is what the reader does with a chunk."""
    async with model.request_stream(*arguments()) as chunks:
        async for chunk in chunks:
            each(chunk)
    return chunks.get().text


def tokens(model: str) -> list[float | None]:
    return [
        REGISTRY.value("llm_tokens_used_total", provider="openai", model=model, type=type_)
        for type_ in ("prompt", "completion", "cached", "reasoning")
    ]


def test_all_label_sets_exist_at_zero_from_construction(measured: Measured, model_name: str) -> None:
    """So that the first failure is visible to rate()."""
    measured()
    labels = {"provider": "openai", "model": model_name}
    for outcome in ("success", "error", "timeout", "cancelled"):
        assert REGISTRY.value("llm_requests_total", **labels, status=outcome) == 0
    assert tokens(model_name) == [0, 0, 0, 0]
    assert REGISTRY.value("llm_cost_usd_total", **labels) == 0
    assert REGISTRY.value("llm_unpriced_requests_total", **labels) == 0


async def test_a_success_counts_its_tokens(measured: Measured, model_name: str) -> None:
    """Cached and reasoning tokens are parts of prompt and completion, as the vendor reports them."""
    await measured().request(*arguments())
    assert counts(model_name) == {"success": 1}
    assert tokens(model_name) == [100, 20, 60, 5]


async def test_a_success_has_its_price(measured: Measured, rise: Any) -> None:
    """From the dated table, cached tokens at their own rate."""
    cost = rise("llm_cost_usd_total", provider="openai", model=PRICED)
    unpriced = rise("llm_unpriced_requests_total", provider="openai", model=PRICED)
    await measured(model=PRICED).request(*arguments())
    assert 0 < cost() < 0.001
    assert unpriced() == 0


async def test_a_free_provider_costs_nothing_and_is_not_unpriced(measured: Measured, model_name: str) -> None:
    """Zero by declaration is a known price."""
    await measured("local", free=True).request(*arguments())
    labels = {"provider": "local", "model": model_name}
    assert REGISTRY.value("llm_cost_usd_total", **labels) == 0
    assert REGISTRY.value("llm_unpriced_requests_total", **labels) == 0


async def test_an_unknown_model_is_unpriced_and_never_free(measured: Measured, model_name: str) -> None:
    """A cost that is not known is not $0."""
    await measured().request(*arguments())
    assert REGISTRY.value("llm_unpriced_requests_total", provider="openai", model=model_name) == 1


@pytest.mark.parametrize(("usage", "unpriced"), [(ZEROS, 0), (None, 1)])
async def test_a_reported_zero_is_not_a_missing_usage(
    measured: Measured, vendor: Vendor, rise: Any, usage: Any, unpriced: int
) -> None:
    """Zero tokens cost nothing; tokens that nobody reported cost nobody knows what."""
    vendor.will(completion("{}", usage))
    risen = rise("llm_unpriced_requests_total", provider="openai", model=PRICED)
    await measured(model=PRICED).request(*arguments())
    assert risen() == unpriced


NO_CHOICES = completion(choices=[])
NOT_CHAT = raw("200 OK", b'{"hello": "world"}')
FAILURES = {
    "500": status("500 Internal Server Error"),
    "429": status("429 Too Many Requests"),
    "401": status("401 Unauthorized"),
    "HTML with status 200": raw("200 OK", b"<html>welcome to the proxy</html>", "text/html"),
    "not JSON": raw("200 OK", b"{colour"),
    "JSON of another API": NOT_CHAT,
    "empty choices": NO_CHOICES,
    "an empty body": raw("200 OK", b""),
    "a body cut off": raw("200 OK", b'{"id": "c1"', promised=900),
    "a broken connection": hang_up,
}


@pytest.mark.parametrize("reply", FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_one_error(
    measured: Measured, vendor: Vendor, model_name: str, logs: Any, reply: Reply
) -> None:
    """One attempt on the wire, one in the metrics, one log line; the prompt is in no text of it."""
    vendor.will(reply)
    with pytest.raises(LLMError) as caught:
        await measured().request(*arguments())
    assert not isinstance(caught.value, LLMTimeout)
    assert len(vendor.asked) == 1
    assert counts(model_name) == {"error": 1}
    (line,) = logs.of("llm_request_failed")
    assert (line["provider"], line["model"], line["status"]) == ("openai", model_name, "error")
    assert line["error_type"]
    assert PROMPT not in logs.stream.getvalue().decode()
    assert PROMPT not in str(caught.value)


async def test_a_vendor_that_hangs_is_a_timeout(measured: Measured, vendor: Vendor, model_name: str, logs: Any) -> None:
    """At the model's own deadline, whatever the client library would wait for."""
    vendor.will(hang)
    with pytest.raises(LLMTimeout, match=r"openai did not answer within 0\.[0-9] s"):
        await measured(timeout=0.05).request(*arguments())
    assert counts(model_name) == {"timeout": 1}
    assert logs.of("llm_request_failed")[0]["status"] == "timeout"


async def test_a_timeout_of_the_client_library_is_a_timeout(vendor: Vendor, model_name: str) -> None:
    """Whichever clock rings first, it is the same story."""
    vendor.will(hang)
    async with AsyncOpenAI(base_url=vendor.base_url, api_key="key", max_retries=0, timeout=0.05) as client:
        scripted = OpenAIChatModel(model_name, provider=OpenAICompatibleProvider("openai", openai_client=client))
        with pytest.raises(LLMTimeout):
            await MeasuredModel(scripted, provider="openai", timeout=30.0).request(*arguments())
    assert counts(model_name) == {"timeout": 1}


async def test_a_call_can_shorten_the_deadline_and_not_stretch_it(
    measured: Measured, vendor: Vendor, model_name: str
) -> None:
    """`timeout` of the model settings counts when it is the smaller one."""
    vendor.will(hang)
    with pytest.raises(LLMTimeout):
        await measured(timeout=30.0).request(*arguments(timeout=0.05))
    with pytest.raises(LLMTimeout):
        await measured(timeout=0.05).request(*arguments(timeout=30.0))
    assert counts(model_name) == {"timeout": 2}


async def test_a_caller_that_gives_up_is_cancelled(measured: Measured, vendor: Vendor, model_name: str) -> None:
    """Neither an error nor a timeout: the vendor did nothing wrong."""
    vendor.will(hang)
    call = asyncio.create_task(measured().request(*arguments()))
    await vendor.arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert counts(model_name) == {"cancelled": 1}


async def test_an_attempt_carries_the_request_id(measured: Measured, vendor: Vendor) -> None:
    """So that the vendor's log can be matched with ours."""
    token = request_id_var.set("abc123")
    try:
        await measured().request(*arguments())
    finally:
        request_id_var.reset(token)
    assert vendor.headers[0]["x-request-id"] == "abc123"


async def test_a_stream_read_to_its_end_is_a_success(measured: Measured, vendor: Vendor, model_name: str) -> None:
    """With the usage that comes in its last chunk, which has to be asked for."""
    vendor.will(stream("gr", "een"))
    assert await read(measured()) == "green"
    assert vendor.asked[0]["stream_options"]["include_usage"] is True
    assert counts(model_name) == {"success": 1}
    assert tokens(model_name) == [100, 20, 60, 5]


async def test_an_abandoned_stream_is_cancelled(measured: Measured, vendor: Vendor, model_name: str) -> None:
    """Whoever stops reading half way has no answer."""
    vendor.will(stream("gr", then=hang))
    async with measured().request_stream(*arguments()) as chunks:
        async for _ in chunks:
            break
    assert counts(model_name) == {"cancelled": 1}


@pytest.mark.parametrize(
    "reply", [stream("gr", finish=False), stream("gr", then=hang_up)], ids=["politely", "abruptly"]
)
async def test_a_stream_that_breaks_off_is_an_error(vendor: Vendor, model_name: str, reply: Reply) -> None:
    """Also when it ends politely, without a reason to finish."""
    vendor.will(reply)
    line = Line(Endpoint(PROVIDERS["openai"], model_name, vendor.base_url, SecretStr("key")), timeout=5.0)
    with pytest.raises(LLMError):
        await read(line.model)
    await line.close()
    assert counts(model_name) == {"error": 1}


async def test_a_stream_that_dries_up_is_a_timeout(measured: Measured, vendor: Vendor, model_name: str) -> None:
    """The deadline is for the last token, not for the first."""
    vendor.will(stream("gr", then=hang))
    with pytest.raises(LLMTimeout):
        await read(measured(timeout=0.2))
    assert counts(model_name) == {"timeout": 1}


async def test_a_consumer_that_raises_gets_its_own_error(measured: Measured, vendor: Vendor, model_name: str) -> None:
    """A fault of the reader is not told as a fault of the vendor."""
    vendor.will(stream("gr", "een"))
    with pytest.raises(ZeroDivisionError):
        await read(measured(), lambda _: 1 // 0)
    assert counts(model_name) == {"cancelled": 1}
