"""Errors as clients see them: RFC 9457 problem documents with the request id, never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from .request_id import current_request_id

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str = "",
    *,
    title: str = "",
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """A response with `type`, `title`, `status`, `detail`, `request_id`, and what `extra` members help the client."""
    document = {
        "type": "about:blank",
        "title": title or _reason(status),
        "status": status,
        "detail": detail or _reason(status),
        "request_id": current_request_id(),
        **extra,
    }
    return Response(orjson.dumps(document, default=str), status, headers, MEDIA_TYPE)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
