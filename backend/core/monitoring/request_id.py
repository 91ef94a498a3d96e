"""The one identifier that a request's log lines, spans, errors, headers and outgoing calls share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits

HEADER = b"x-request-id"
_SOUND = re.compile(rb"[A-Za-z0-9_.:\-]{1,128}")

request_id_var: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request being served in this context, or None outside of one."""
    return request_id_var.get()


def accept_request_id(headers: Mapping[bytes, bytes]) -> str:
    """The client's `X-Request-ID` when it is sound, a new one otherwise.

    Only letters, digits and `_.:-`, at most 128: anything else could forge a log line or fill a log.
    """
    value = headers.get(HEADER)
    return value.decode("ascii") if value is not None and _SOUND.fullmatch(value) else new_request_id()


def new_request_id() -> str:
    """32 hexadecimal digits of randomness, in a forked process too. An id is no secret: it need not be unguessable."""
    return getrandbits(128).to_bytes(16, "big").hex()
