"""Questions over HTTP, each with an answer or a clause that says why there is none."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from artisan.doctor.finding import Skipped
from artisan.doctor.patient import ANSWER_SECONDS, Patient


class NoAnswer(Exception):
    """Nobody answered, or nothing of the kind that was asked for; the text is a clause that begins with a verb."""


async def ask(
    patient: Patient, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, **options: Any
) -> httpx2.Response:
    """The answer, whatever its status, read to the end. Raises NoAnswer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await patient.http.request(method, url, headers=headers, **options)
    except (TimeoutError, httpx2.TimeoutException):
        raise NoAnswer(f"does not answer within {ANSWER_SECONDS:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise NoAnswer(f"cannot be reached ({_reason(error)})") from None


async def ask_json(patient: Patient, url: str, **options: Any) -> Any:
    """The JSON of an answer with status 200. Raises NoAnswer."""
    answer = await ask(patient, url, **options)
    if answer.status_code != httpx2.codes.OK:
        raise NoAnswer(f"answers with HTTP status {answer.status_code}")
    try:
        return answer.json()
    except ValueError:
        raise NoAnswer("answers, but not as itself: something else listens there") from None


async def prometheus_says(patient: Patient, path: str, **query: str) -> Any:
    """The `data` of Prometheus' API. Raises Skipped: that Prometheus does not answer is told by a check of its own."""
    try:
        return (await ask_json(patient, f"{base(patient.settings.prometheus_url)}/api/v1/{path}", params=query))["data"]
    except (NoAnswer, KeyError, TypeError):
        raise Skipped("Prometheus does not answer") from None


async def alertmanager_says(patient: Patient, path: str) -> Any:
    """The JSON of Alertmanager's API. Raises Skipped, as above."""
    try:
        return await ask_json(patient, f"{base(patient.settings.alertmanager_url)}/api/v2/{path}")
    except NoAnswer:
        raise Skipped("Alertmanager does not answer") from None


async def samples(patient: Patient, url: str, metric: str) -> list[tuple[Mapping[str, str], float]]:
    """The labels and values of a metric on a page in the text format; empty where there is no such page."""
    try:
        page = (await ask(patient, f"{url}/metrics")).text
    except NoAnswer:
        return []
    return list(_samples(page, metric))


def _samples(page: str, metric: str) -> Iterator[tuple[Mapping[str, str], float]]:
    lines = [line for line in page.splitlines() if line.startswith((f"{metric}{{", f"{metric} "))]
    for family in text_string_to_metric_families("\n".join([*lines, ""])):
        for sample in family.samples:
            yield sample.labels, sample.value


def base(url: str) -> str:
    """An address that a path can be put behind."""
    return url.rstrip("/")


def is_here(url: str) -> bool:
    """Whether an address is one of this machine's own."""
    return (urlsplit(url).hostname or "") in {"localhost", "127.0.0.1", "::1"}


def _reason(error: BaseException) -> str:
    """What the system said: the libraries above it say "all attempts failed"."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
