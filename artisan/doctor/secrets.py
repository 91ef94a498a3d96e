"""What must not be shown: every key, token and password of the settings, wherever its text turns up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from backend.core.config import Settings

_MASK = "***"
_NAMED = re.compile(r"(KEY|TOKEN|PASSWORD|SECRET|DSN|HEADERS)$|^ALERT_(WEBHOOK|HEARTBEAT)_URL$")
_OURS = re.compile(r"^(ALERT_|OTEL_|POSTGRES_|GRAFANA_)")
PLACEHOLDER = "the-password"
"""What stands in a command where people are to put theirs; it is shown."""
_IN_ADDRESS = re.compile(rf"(?<=://)([^\s/:@]*):(?!{PLACEHOLDER}@)[^\s/]+(?=@)")
_SHORTEST = 4  # to hide every `a` because a password is `a` would hide everything but the password
_PUBLISHED = {"artisan", "admin"}  # what docker-compose.yml has where nobody has chosen; they are words, too


class Secrets:
    """Those of one environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        found = {secret for name, value in environ.items() if _is_ours(name) for secret in _secrets(name, value)}
        found -= _PUBLISHED
        # The longer first: one may be a part of another.
        self._texts = sorted((text for text in found if len(text) >= _SHORTEST), key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """The text without them."""
        text = _IN_ADDRESS.sub(rf"\1:{_MASK}", text)
        for secret in self._texts:
            text = text.replace(secret, _MASK)
        return text


def shown(url: str) -> str:
    """An address for people: without a name, a password, a query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _is_ours(name: str) -> bool:
    return name.lower() in Settings.model_fields or bool(_OURS.match(name))


def _secrets(name: str, value: str) -> Iterator[str]:
    if _NAMED.search(name):
        yield value
        # OTEL_EXPORTER_OTLP_HEADERS is `name=value,name=value`.
        for pair in value.split(",") if name.endswith("HEADERS") else ():
            yield unquote(pair.partition("=")[2].strip())
    credentials = value.partition("://")[2].rpartition("@")[0] if "@" in value else ""
    if ":" in credentials:
        password = credentials.partition(":")[2]
        yield password
        yield unquote(password)
