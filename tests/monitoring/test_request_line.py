"""The quick way to a request's line writes what the common way would."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.trace import SpanContext

from backend.core.monitoring import request_line
from backend.core.monitoring.outcome import Outcome
from backend.core.monitoring.request_id import request_id_var
from backend.core.monitoring.request_kind import Kinds

spans = st.none() | st.builds(
    SpanContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), is_remote=st.just(value=False)
)
outcomes = st.builds(
    Outcome,
    kind=st.builds(
        Kinds(counted=True).find,
        st.sampled_from(["GET", "_OTHER"]),
        st.sampled_from(["/", "/100%/{item}", '/"quoted"\\', "/हस्तकला", "/\ue000timestamp", "/%s/%(x)d", "unmatched"]),
        st.sampled_from([200, 404]),
    ),
    seconds=st.floats(0, 1e6, allow_nan=False),
    received=st.integers(0, 2**60),
    sent=st.integers(0, 2**60),
    broken=st.just(value=False),
    span=spans,
)


@given(outcomes, st.text("abcXYZ019_.:-", min_size=1, max_size=32))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_write_the_same_line(
    logs: Any, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, request_id: str
) -> None:
    """Key for key in the same order; the time apart."""
    token = request_id_var.set(request_id)
    before = len(logs.all())
    request_line.tell(outcome, request_id, None)
    with monkeypatch.context() as patch:
        patch.setattr(request_line, "writes_json", lambda _: False)
        request_line.tell(outcome, request_id, None)
    request_id_var.reset(token)
    quick, common = logs.all()[before:]
    assert list(quick) == list(common)
    assert quick["timestamp"] <= common["timestamp"]
    assert json.dumps(quick | {"timestamp": ""}) == json.dumps(common | {"timestamp": ""})
