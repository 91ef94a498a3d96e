"""Sends every exception that the log tells as an error to Sentry, or to whatever speaks its protocol.

Sentry's own integrations stay off: the log knows each failure once, with the ids of its request and its trace, and has
redacted what it says. No local variables, request bodies, cookies or addresses are sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .log_record import Fields
from .logs import report_errors_to
from .redaction import redact_value

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

FLUSH_SECONDS = 2.0
_NAMED_ELSEWHERE = frozenset({"timestamp", "level", "exception", "error", "error_type"})
_TAGS = ("request_id", "trace_id", "event", "agent_type")


def start_reporting(dsn: str, *, release: str, environment: str) -> None:
    """Report from now on; raises ValueError when `dsn` is none, ImportError without sentry-sdk."""
    import sentry_sdk  # noqa: PLC0415 - only who reports has it
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415

    try:
        sentry_sdk.init(
            dsn=dsn,
            release=release,
            environment=environment,
            default_integrations=False,
            integrations=[DedupeIntegration()],  # an exception that is told by several lines is one
            include_local_variables=False,
            send_default_pii=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            server_name="",
            before_send=_redacted,
        )
    except BadDsn as error:
        raise ValueError(str(error)) from None
    report_errors_to(_report)


def stop_reporting() -> None:
    """Send what waits, for two seconds at most; blocks."""
    import sentry_sdk  # noqa: PLC0415

    report_errors_to(None)
    sentry_sdk.flush(FLUSH_SECONDS)


def _report(error: BaseException, fields: Fields) -> None:
    """One event for one line."""
    import sentry_sdk  # noqa: PLC0415
    from sentry_sdk.utils import event_from_exception  # noqa: PLC0415

    event, hint = event_from_exception(error, sentry_sdk.get_client().options)
    event["level"] = fields["level"]
    event["logger"] = fields["logger"]
    event["tags"] = {name: fields[name] for name in _TAGS if fields.get(name)}
    event["contexts"] = {"line": {key: value for key, value in fields.items() if key not in _NAMED_ELSEWHERE}}
    if fields["trace_id"]:
        event["contexts"]["trace"] = {"trace_id": fields["trace_id"], "span_id": fields["span_id"]}
    if "endpoint" in fields:
        event["transaction"] = f"{fields.get('method', '')} {fields['endpoint']}".strip()
    sentry_sdk.capture_event(event, hint)


def _redacted(event: Event, _: Hint) -> Event:
    """What an exception says, too: it may repeat what somebody wrote."""
    cleaned: Any = event
    for exception in cleaned.get("exception", {}).get("values", ()):
        exception["value"] = redact_value(exception.get("value"))
    return event
