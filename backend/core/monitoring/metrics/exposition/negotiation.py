"""What a scraper asks for: its format and its encoding, by the quality that it gives to each (RFC 9110, 12.4.2)."""

from __future__ import annotations

from collections.abc import Iterator

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is asked for by name, and not less than plain text."""
    openmetrics, text = 0.0, 0.0
    for name, parameters, quality in _entries(accept):
        if name == "application/openmetrics-text" and parameters.get("version", "1.0.0") in {"1.0.0", "0.0.1"}:
            openmetrics = max(openmetrics, quality)
        elif name == "text/plain" and parameters.get("version", "0.0.4") == "0.0.4":
            text = max(text, quality)
    return openmetrics > 0 and openmetrics >= text


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is asked for by name."""
    return any(name == "gzip" and quality > 0 for name, _, quality in _entries(accept_encoding))


def _entries(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for entry in header.split(","):
        name, *rest = (word.strip() for word in entry.split(";"))
        pairs = (word.partition("=") for word in rest)
        parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        yield name.lower(), parameters, _quality(parameters.get("q", "1"))


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
