"""What must not leave the process does not, whatever stands around it; what an operator needs stays."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.monitoring import get_logger
from backend.core.monitoring.redaction import redact, redact_named, redact_value

SECRETS = {
    "https://ravi:s3cr3t@example.com/x": "https://ravi:[SECRET]@example.com/x",
    "https://ravi:with@and:colon@example.com": "https://ravi:[SECRET]@example.com",
    "redis://:pw@cache:6379/0": "redis://:[SECRET]@cache:6379/0",
    "Bearer abcdef.ghi-jkl": "Bearer [SECRET]",
    "Basic cmF2aTpzM2NyM3Q=": "Basic [SECRET]",
    "api_key=12345": "api_key=[SECRET]",
    "GROQ_API_KEY: 'xyz'": "GROQ_API_KEY: '[SECRET]'",
    '{"password": "hunter2"}': '{"password": "[SECRET]"}',
    "sk-proj-abcdefghijklmnopqrst": "[API_KEY]",
    "gsk_abcdefghijklmnopqrstuvwx": "[API_KEY]",
    "AKIAIOSFODNN7EXAMPLE": "[API_KEY]",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789": "[API_KEY]",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl": "[API_KEY]",
    "ravi.kumar+craft@example.co.in": "[EMAIL]",
    "रवि@उदाहरण.भारत": "[EMAIL]",
    "+91 98765 43210": "[PHONE]",
    "9876543210": "[PHONE]",
    "098765-43210": "[PHONE]",
    "080-23456789": "[PHONE]",
    "+1 (555) 123-4567": "[PHONE]",
    "2345 6789 0123": "[AADHAAR]",
    "2345-6789-0123": "[AADHAAR]",
    "234567890123": "[AADHAAR]",
    "ABCDE1234F": "[PAN]",
    "4111 1111 1111 1111": "[CARD]",
    "5500-0000-0000-0004": "[CARD]",
    "378282246310005": "[CARD]",
}
NEEDED = [
    "request_completed",
    "/api/agents/{agent_type}/runs",
    "took 1234567 ms at 2026-11-26T12:00:00.123Z",
    "started at 1764158400123",
    "5f2b8c1d9e7a4f60b3c2d1e0f9a8b7c6",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "123e4567-e89b-12d3-a456-426614174000",
    "127.0.0.1:8000",
    "http://localhost:8000/monitoring/health",
    "tokens: 1200 of 4096",
    "the token was refused",
    "silk from Mysuru, 560001",
    "llama-3.1-8b-instant",
    "commit 0123456789abcdef",
]
parts = st.sampled_from([*SECRETS, *NEEDED, " ", ":", "=", "@", "+", "-", "0", "91", "key", "[", "]", "://", "."])
texts = st.lists(parts | st.text(max_size=8), max_size=8).map("".join) | st.text(max_size=200)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "said {} twice", '"{}"', "({}),", "\n{}\n"])
def test_a_secret_is_replaced_wherever_it_stands(secret: str, around: str) -> None:
    """By a word that says what it was."""
    assert redact(around.replace("{}", secret)) == around.replace("{}", SECRETS[secret])


@pytest.mark.parametrize("text", NEEDED)
def test_what_an_operator_needs_stays(text: str) -> None:
    """Ids, times, addresses, routes."""
    assert redact(text) == text


@given(texts)
@settings(max_examples=500)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """So that a line, its span and its report agree, in whatever order they are redacted."""
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "name", ["password", "db_password", "API-KEY", "groq_api_key", "Authorization", "cookie", "dsn"]
)
def test_a_value_whose_name_says_so_goes_as_a_whole(name: str) -> None:
    """Whatever it looks like; a number of tokens is none."""
    assert redact_named(name, "plain") == "[SECRET]"
    assert redact_value({name: b"plain", "tokens": 7, "input_tokens": "7"}) == {
        name: "[SECRET]",
        "tokens": 7,
        "input_tokens": "7",
    }


def test_a_log_line_is_redacted_down_to_what_it_only_shows(logs: Any) -> None:
    """Its event, its fields, their innards, and the repr of what JSON does not know."""

    class Customer:
        def __repr__(self) -> str:
            return "<Customer ravi@example.com>"

    get_logger("a").bind(password="x").error(
        "mailed ravi@example.com",
        to=["9876543210"],
        of=Customer(),
        deep={"x": {"token": "y"}},
        exc_info=ValueError("no route to redis://:pw@cache"),
    )
    (line,) = logs.all()
    assert line["event"] == "mailed [EMAIL]"
    assert (line["password"], line["to"], line["of"]) == ("[SECRET]", ["[PHONE]"], "<Customer [EMAIL]>")
    assert line["deep"] == {"x": {"token": "[SECRET]"}}
    assert line["error"] == "no route to redis://:[SECRET]@cache"
    assert "pw@" not in line["exception"]


@pytest.mark.parametrize(
    "piece", ["x", "a.b@", "1", "1 ", "api_key=", "https://", "https://a:", "-", "a-", "sk-", "+1", "A1"]
)
def test_no_text_takes_long(piece: str) -> None:
    """Twice as long takes about twice as long: nothing backs up on what an attacker may send."""

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    assert min(seconds(80_000) for _ in range(3)) < 6 * min(seconds(20_000) for _ in range(3)) + 0.05
