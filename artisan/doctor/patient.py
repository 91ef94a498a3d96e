"""Whom the doctor looks at: the settings as the service would read them, and a way to ask over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import Any

import httpx2
from dotenv import dotenv_values

from artisan.doctor.beside import environment_of_the_stack
from backend.core.config import Settings
from backend.core.errors import ConfigError

ANSWER_SECONDS = 3.0
"""How long a part may take to answer; below the time that a check has, so that a hung part is told by its name."""

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Patient:
    """All that a check is given; nothing in it changes."""

    settings: Settings
    """With the default in the place of each value that cannot be read."""
    refused: Mapping[str, str]
    """The fields whose value cannot be read, each with the sentence that says why."""
    environ: Mapping[str, str]
    """The environment over the env file, without what is empty."""
    env_file: Path
    state: Path
    """The folder in which `artisan up` keeps its data."""
    http: httpx2.AsyncClient

    @property
    def is_production(self) -> bool:
        """Whether people depend on it."""
        return self.settings.environment in {"production", "staging"}

    def has_chosen(self, field: str) -> bool:
        """Whether somebody has set the field, rather than left its default."""
        return field in self.settings.model_fields_set and field not in self.refused

    def line(self, key: str, value: str) -> str:
        """The command that sets a key, where the service reads it: what is in the environment wins over the file."""
        return f"export {key}='{value}'" if self._is_exported(key) else f"echo \"{key}='{value}'\" >> {self.env_file}"

    def without(self, key: str) -> str:
        """The command that takes a key away, so that its default counts."""
        return f"unset {key}" if self._is_exported(key) else f"sed -i.bak '/^{key}=/d' {quote(str(self.env_file))}"

    def _is_exported(self, key: str) -> bool:
        told = dotenv_values(self.env_file).get(key)
        return key in self.environ and self.environ[key] != told


@asynccontextmanager
async def admitted(env_file: Path, state: Path, environ: Mapping[str, str]) -> AsyncIterator[Patient]:
    """The service that would start here; if `artisan up` runs with this state, the one that runs.

    `environ` is the process's environment, which Settings reads as well.
    """
    stack = environment_of_the_stack(state)
    files = dotenv_values(env_file)
    merged = {key: value for key, value in {**files, **environ, **stack}.items() if value}
    settings, refused = _read(env_file, stack)
    # Loopback is reached directly: no proxy of the environment could.
    direct = dict.fromkeys(f"all://{host}" for host in _LOOPBACK)
    async with httpx2.AsyncClient(mounts=direct, timeout=ANSWER_SECONDS, follow_redirects=False) as http:
        yield Patient(settings, MappingProxyType(refused), MappingProxyType(merged), env_file, state, http)


def _read(env_file: Path, stack: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """The settings; what cannot be read is taken out, so that the rest can be looked at."""
    given: dict[str, Any] = {name: stack[name.upper()] for name in Settings.model_fields if stack.get(name.upper())}
    refused: dict[str, str] = {}
    while True:
        try:
            return Settings.load(env_file, **given), refused
        except ConfigError as error:
            found = {line.partition("=")[0].lower(): line for line in str(error).splitlines()}
            found = {field: line for field, line in found.items() if field in Settings.model_fields}
            if not found.keys() - refused.keys():
                raise
            refused |= found
            given |= {field: Settings.model_fields[field].default for field in found}
