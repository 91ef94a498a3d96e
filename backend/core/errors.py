"""The errors that the backend raises on purpose.

    ArtisanError
    ├── ConfigError             a setting that stops the start
    ├── BadRequest              the client asked for something that cannot be (400)
    ├── NotFound                … that does not exist (404)
    ├── DatabaseUnavailable     the database is away, or too slow (503)
    ├── ToolError               a tool could not do its work; the agent goes on without it
    ├── LLMError                a provider did not give a usable answer
    │   └── LLMTimeout          … in time
    └── AgentError              a run ended without an answer
        ├── AgentTimeout        its time limit passed (504)
        └── AgentStepLimit      its step limit was reached

`status` is the HTTP status that a client sees when the error reaches the API, `title` its short name in the problem
document (RFC 9457).
"""

from __future__ import annotations

from typing import ClassVar


class ArtisanError(Exception):
    """The root of every error raised on purpose."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"


class ConfigError(ArtisanError):
    """A setting has a value that cannot work; the message names the key and what is allowed."""


class BadRequest(ArtisanError):
    """The request cannot be understood or is out of range."""

    status = 400
    title = "Bad request"


class NotFound(ArtisanError):
    """What was asked for does not exist."""

    status = 404
    title = "Not found"


class DatabaseUnavailable(ArtisanError):
    """The database did not answer; a moment later it may."""

    status = 503
    title = "Database unavailable"


class ToolError(ArtisanError):
    """A tool could not do its work."""


class LLMError(ArtisanError):
    """A provider refused, failed or answered nonsense."""

    status = 502
    title = "LLM provider failed"


class LLMTimeout(LLMError):
    """A provider did not answer before the deadline."""

    status = 504
    title = "LLM provider timed out"


class AgentError(ArtisanError):
    """An agent run ended without an answer."""

    title = "Agent failed"


class AgentTimeout(AgentError):
    """An agent run passed its time limit."""

    status = 504
    title = "Agent timed out"


class AgentStepLimit(AgentError):
    """An agent run needed more steps than it may take."""
