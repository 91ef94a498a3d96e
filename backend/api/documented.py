"""What OpenAPI says of errors: each is a problem document, so that one `default` response stands for all of them."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_FAULT = {"type": "object", "properties": {"field": _TEXT, "message": _TEXT}, "required": ["field", "message"]}
_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457; `errors` names the fields when the request was invalid.",
    "type": "object",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "request_id": _TEXT,
        "errors": {"type": "array", "items": _FAULT},
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem", "content": {"application/problem+json": {"schema": _PROBLEM}}}
}
