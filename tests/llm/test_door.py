"""The one door: whom it asks, in which order, for how long, and what it keeps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.core.errors import LLMError, LLMTimeout
from backend.core.monitoring.metrics import REGISTRY
from backend.storage import MemoryCache, ReadThrough

from .conftest import COLOURS, GREEN, Colours, Kept, MakeLLM
from .vendor import Reply, Vendor, completion, hang, raw, running_vendor, status

OK = raw("200 OK", b'{"object": "list", "data": []}')


def count(provider: str, model: str, outcome: str) -> float | None:
    return REGISTRY.value("llm_requests_total", provider=provider, model=model, status=outcome)


async def test_a_form_is_filled(make_llm: MakeLLM, vendor: Vendor) -> None:
    """The model sees instructions, examples and the text, in this order, and is held to the schema."""
    vendor.will(completion(GREEN))
    llm = make_llm(("local", vendor.base_url))
    assert await llm.label(COLOURS, "a  green\ndoor", within=5) == Colours(colour="green")
    (asked,) = vendor.asked
    said = [(message["role"], message["content"]) for message in asked["messages"]]
    assert said == [
        ("system", "Copy the colour."),
        ("user", "a red door"),
        ("assistant", '{"colour":"red"}'),
        ("user", "a green door"),
    ]
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["colour"]


async def test_a_provider_without_schemas_is_shown_examples_alone(make_llm: MakeLLM, vendor: Vendor) -> None:
    """And may wrap its JSON in a code fence, as such models like to."""
    vendor.will(completion(f"Here you are:\n```json\n{GREEN}\n```"))
    llm = make_llm(("openrouter", vendor.base_url))
    assert await llm.label(COLOURS, "a green door", within=5) == Colours(colour="green")
    assert "response_format" not in vendor.asked[0]


async def test_a_long_text_is_cut(make_llm: MakeLLM, vendor: Vendor) -> None:
    """A small model would need seconds to read it and learn nothing from it."""
    vendor.will(completion(GREEN))
    await make_llm(("local", vendor.base_url)).label(COLOURS, "green " * 2000, within=5)
    assert len(vendor.asked[0]["messages"][-1]["content"]) == 400


NONSENSE = {
    "no JSON": completion("The door is green."),
    "another form": completion('{"color": "green"}'),
    "a wrong type": completion('{"colour": ["green"]}'),
    "cut off": completion('{"colour": "gre'),
    "nothing": completion(None),
}


@pytest.mark.parametrize("reply", NONSENSE.values(), ids=NONSENSE)
async def test_an_answer_that_fits_no_form_is_an_error_with_its_tokens(
    make_llm: MakeLLM, vendor: Vendor, model_name: str, logs: Any, reply: Reply
) -> None:
    """It is no success to anybody, but it is paid for; what the model said is not logged."""
    vendor.will(reply)
    with pytest.raises(LLMError, match="local gave no usable answer"):
        await make_llm(("local", vendor.base_url)).label(COLOURS, "a green door", within=5)
    assert count("local", model_name, "error") == 1
    assert count("local", model_name, "success") == 0
    assert REGISTRY.value("llm_tokens_used_total", provider="local", model=model_name, type="prompt") == 100
    assert len(logs.of("llm_request_failed")) == 1
    assert "green" not in logs.stream.getvalue().decode()


async def test_a_failing_provider_gives_way_to_the_next(make_llm: MakeLLM, vendor: Vendor, model_name: str) -> None:
    """Each attempt is counted under its own provider."""
    vendor.will(status("503 Service Unavailable"))
    async with running_vendor(completion(GREEN)) as fallback:
        llm = make_llm(("groq", vendor.base_url), ("local", fallback.base_url))
        assert await llm.label(COLOURS, "a green door", within=5) == Colours(colour="green")
    assert (count("groq", model_name, "error"), count("local", model_name, "success")) == (1, 1)


async def test_the_first_provider_that_answers_is_the_only_one_asked(make_llm: MakeLLM, vendor: Vendor) -> None:
    """Fallbacks cost nothing while all is well."""
    vendor.will(completion(GREEN))
    async with running_vendor(completion(GREEN)) as fallback:
        await make_llm(("groq", vendor.base_url), ("local", fallback.base_url)).label(COLOURS, "a door", within=5)
        assert (len(vendor.asked), len(fallback.asked)) == (1, 0)


async def test_a_provider_that_is_away_counts_as_an_error(make_llm: MakeLLM, free_port: int, model_name: str) -> None:
    """The alarm about providers must hear of a refused connection."""
    with pytest.raises(LLMError, match="openai gave no usable answer"):
        await make_llm(("openai", f"http://127.0.0.1:{free_port}/v1")).label(COLOURS, "a green door", within=5)
    assert count("openai", model_name, "error") == 1


async def test_when_all_fail_the_error_names_them_all(make_llm: MakeLLM, vendor: Vendor) -> None:
    """In the order in which they were asked."""
    vendor.will(status("500 Internal Server Error"), status("429 Too Many Requests"))
    llm = make_llm(("groq", vendor.base_url), ("openai", vendor.base_url))
    with pytest.raises(LLMError, match="groq answered with HTTP status 500; openai answered with HTTP status 429"):
        await llm.label(COLOURS, "a green door", within=5)


async def test_the_deadline_holds_for_all_providers_together(
    make_llm: MakeLLM, vendor: Vendor, model_name: str
) -> None:
    """A fallback that has no time left is not asked, and not counted as asked."""
    vendor.will(hang)
    llm = make_llm(("groq", vendor.base_url), ("local", vendor.base_url))
    with pytest.raises(LLMTimeout):
        await llm.label(COLOURS, "a green door", within=0.05)
    assert (count("groq", model_name, "timeout"), count("local", model_name, "timeout")) == (1, 0)
    assert len(vendor.asked) == 1


async def test_one_attempt_does_not_eat_the_time_of_the_next(make_llm: MakeLLM, vendor: Vendor) -> None:
    """Each has its own deadline within the whole."""
    vendor.will(hang, completion(GREEN))
    llm = make_llm(("groq", vendor.base_url), ("local", vendor.base_url), timeout=0.5)
    assert await llm.label(COLOURS, "a green door", within=5) == Colours(colour="green")


async def test_the_local_model_gets_one_call_at_a_time(make_llm: MakeLLM, vendor: Vendor) -> None:
    """The others wait for their turn."""
    vendor.will(completion(GREEN))
    llm = make_llm(("local", vendor.base_url))
    await asyncio.gather(*(llm.label(COLOURS, f"door {number}", within=5) for number in range(5)))
    assert (len(vendor.asked), vendor.busiest) == (5, 1)


async def test_waiting_for_a_turn_has_a_deadline_and_is_no_attempt(
    make_llm: MakeLLM, vendor: Vendor, model_name: str
) -> None:
    """What was never sent is in no metric."""
    vendor.will(hang)
    llm = make_llm(("local", vendor.base_url))
    first = asyncio.create_task(llm.label(COLOURS, "a green door", within=5))
    await vendor.arrived.wait()
    with pytest.raises(LLMTimeout, match="local was busy"):
        await llm.label(COLOURS, "a blue door", within=0.05)
    assert len(vendor.asked) == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (count("local", model_name, "timeout"), count("local", model_name, "cancelled")) == (0, 1)


async def test_an_answer_is_kept_for_the_same_text(make_llm: MakeLLM, vendor: Vendor) -> None:
    """White space makes no other text; another text is another question."""
    vendor.will(completion(GREEN))
    llm = make_llm(("local", vendor.base_url))
    for text in ("a green door", " a green  door\n", "a blue door"):
        await llm.label(COLOURS, text, within=5)
    assert len(vendor.asked) == 2


async def test_a_kept_answer_is_asked_for_again_within_the_window_of_a_dashboard(
    make_llm: MakeLLM, vendor: Vendor
) -> None:
    """Dashboards look at five minutes: a question asked all the time shows its provider in each of them."""
    vendor.will(completion(GREEN))
    now = 0.0
    llm = make_llm(("local", vendor.base_url), cache=ReadThrough(MemoryCache(clock=lambda: now), "llm"))
    for seconds, asked in ((0.0, 1), (60.0, 1), (290.0, 2)):
        now = seconds
        await llm.label(COLOURS, "a green door", within=5)
        assert len(vendor.asked) == asked


async def test_a_failure_is_not_kept(make_llm: MakeLLM, vendor: Vendor) -> None:
    """The next question is asked anew."""
    vendor.will(status("500 Internal Server Error"), completion(GREEN))
    llm = make_llm(("local", vendor.base_url))
    with pytest.raises(LLMError):
        await llm.label(COLOURS, "a green door", within=5)
    assert await llm.label(COLOURS, "a green door", within=5) == Colours(colour="green")


async def test_a_kept_answer_belongs_to_model_and_prompt(make_llm: MakeLLM, vendor: Vendor, model_name: str) -> None:
    """Keys name the model, and hide the text."""
    vendor.will(completion(GREEN))
    kept = Kept()
    await make_llm(("local", vendor.base_url), cache=kept).label(COLOURS, "a green door", within=5)
    (key,) = kept.values
    assert key.startswith(f"local:{model_name}:")
    assert "green" not in key


async def test_a_caller_that_leaves_cancels_its_attempt(make_llm: MakeLLM, vendor: Vendor, model_name: str) -> None:
    """Through the real cache too, which looks things up in a task of its own."""
    vendor.will(hang)
    llm = make_llm(("local", vendor.base_url), cache=ReadThrough(MemoryCache(), "llm"))
    call = asyncio.create_task(llm.label(COLOURS, "a green door", within=5))
    await vendor.arrived.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    async with asyncio.timeout(2):
        while not count("local", model_name, "cancelled"):
            await asyncio.sleep(0)


async def test_ping_names_the_provider_that_answers(make_llm: MakeLLM, vendor: Vendor, model_name: str) -> None:
    """It asks for the list of models: no tokens, no attempt in the metrics."""
    vendor.will(OK)
    result = await make_llm(("groq", vendor.base_url)).ping()
    assert result.as_dict() == {"status": "healthy", "provider": "groq"}
    assert vendor.asked == [{"request": "GET /v1/models HTTP/1.1"}]
    assert count("groq", model_name, "success") == 0


async def test_ping_is_degraded_when_only_a_fallback_answers(make_llm: MakeLLM, vendor: Vendor) -> None:
    """And says what is wrong with the preferred one."""
    vendor.will(status("401 Unauthorized"))
    async with running_vendor(OK) as fallback:
        result = await make_llm(("groq", vendor.base_url), ("local", fallback.base_url)).ping()
    assert result.as_dict() == {
        "status": "degraded",
        "message": "groq answers with HTTP status 401",
        "provider": "local",
    }


@pytest.mark.parametrize("reply", [hang, status("500 Internal Server Error")])
async def test_ping_is_unhealthy_when_nobody_answers(make_llm: MakeLLM, vendor: Vendor, reply: Reply) -> None:
    """Within the time that a health check has."""
    vendor.will(reply)
    async with asyncio.timeout(2.0):
        result = await make_llm(("groq", vendor.base_url)).ping()
    assert (result.status, result.details) == ("unhealthy", {"provider": "groq"})
    assert result.message.startswith("groq ")


async def test_ping_of_a_vendor_that_is_away(make_llm: MakeLLM, free_port: int) -> None:
    """A refused connection is told in one sentence."""
    result = await make_llm(("local", f"http://127.0.0.1:{free_port}/v1")).ping()
    assert (result.status, result.message) == ("unhealthy", "local cannot be reached (APIConnectionError)")
