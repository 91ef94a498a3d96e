"""A mail as text. Nothing in a mail is trusted to be what it says, and nothing in it raises an error here."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy

_LONGEST_HEADER = 2000
_REGISTRY = HeaderRegistry(default_class=UnstructuredHeader, use_default_map=False)


def _header(name: str, value: str) -> BaseHeader:
    # All as plain text, encoded words decoded: the parsers of addresses and dates fail on bad ones, and the time that
    # any of them takes grows with the square of the length.
    return _REGISTRY(name, value[:_LONGEST_HEADER])


_PARSER = BytesParser(policy=EmailPolicy(header_factory=_header))


@dataclass(frozen=True)
class Heading:
    """What a list of mails shows of one."""

    sender: str
    to: str
    subject: str


@dataclass(frozen=True)
class Content:
    """What a mail says. A body is None where the mail has none of that kind."""

    heading: Heading
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None


def heading(raw: bytes) -> Heading:
    """From the headers alone, whatever follows them."""
    return _heading(_PARSER.parsebytes(raw, headersonly=True))


def content(raw: bytes) -> Content:
    """All of it, attachments aside."""
    head = _PARSER.parsebytes(raw, headersonly=True)
    headers = tuple((_sound(name), _one_line(value)) for name, value in head.items())
    try:
        parts = [part for part in _PARSER.parsebytes(raw).walk() if not part.is_multipart()]
    except RecursionError:
        # Parts in parts in parts, without end: a mail that was made to break its readers.
        return Content(_heading(head), headers, _decoded(raw, "utf-8"), None)
    return Content(_heading(head), headers, _body(parts, "text/plain"), _body(parts, "text/html"))


def _heading(message: EmailMessage) -> Heading:
    # Where the mail names nobody, the envelope did (see receiving.py).
    return Heading(
        sender=_one_line(message.get("From") or message.get("Return-Path") or ""),
        to=_one_line(message.get("To") or message.get("Delivered-To") or ""),
        subject=_one_line(message.get("Subject") or ""),
    )


def _one_line(value: str) -> str:
    """Encoded words can hold line ends, which would make two headers of one wherever it is written again."""
    return _sound(" ".join(str(value).split()))


def _body(parts: list[EmailMessage], kind: str) -> str | None:
    for part in parts:
        if part.get_content_type() == kind:
            payload = part.get_payload(decode=True)
            return _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset("utf-8"))
    return None


def _decoded(payload: bytes, charset: str) -> str:
    try:
        return _sound(payload.decode(charset, "replace"))
    except (LookupError, ValueError):
        return _sound(payload.decode("utf-8", "replace"))


def _sound(text: str) -> str:
    """With plain line ends, and without the halves of characters that some encodings can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
