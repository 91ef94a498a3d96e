"""llm: does each provider answer, take the key and offer the model.

It costs no tokens: what is asked for is the list of models.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2

from artisan.doctor.asking import NoAnswer, ask, base
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import shown
from backend.core.config import ProviderChoice
from backend.core.errors import ConfigError
from backend.llm.providers import Endpoint, chosen_endpoints

_MEANS = {
    Harm.ERROR: "Questions are understood by the fallbacks, or by rules alone.",
    Harm.WARNING: "It cannot step in when those before it fail.",
}


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """All providers at once; of the first an error, of a fallback a warning."""
    chosen = patient.settings.llm_providers
    if not chosen:
        raise Skipped("LLM_PROVIDERS is empty, so questions are understood by rules alone")
    endpoints = [endpoint for choice in chosen for endpoint in _endpoint(patient, choice)]
    if not endpoints:
        raise Skipped("LLM_PROVIDERS cannot be used as it is, see settings")
    harms = [Harm.ERROR, *[Harm.WARNING] * len(endpoints)]
    for found in await asyncio.gather(*(_ask(patient, *pair) for pair in zip(endpoints, harms, strict=False))):
        if found:
            yield found


CHECK = Check("llm", examine, needs=("llm_providers",))


def _endpoint(patient: Patient, choice: ProviderChoice) -> Iterator[Endpoint]:
    """One that cannot work stops the start, so `settings` tells of it."""
    try:
        yield from chosen_endpoints(patient.settings.model_copy(update={"llm_providers": (choice,)}))
    except ConfigError:
        return


async def _ask(patient: Patient, endpoint: Endpoint, harm: Harm) -> Finding | None:
    url, name = f"{base(endpoint.base_url)}/models", endpoint.provider.name
    headers = {"Authorization": f"Bearer {endpoint.api_key.get_secret_value()}"}
    try:
        answer = await ask(patient, url, headers=headers)
    except NoAnswer as reason:
        what = f"The LLM provider {name} at {shown(endpoint.base_url)} {reason}."
        return Finding(harm, what, _MEANS[harm], f"curl -sS {shown(url)}")
    key = (endpoint.provider.key or "").upper()
    if answer.status_code in {401, 403}:
        what = f"The LLM provider {name} refuses {key or 'the call'} (HTTP status {answer.status_code})."
        return Finding(harm, what, _MEANS[harm], patient.line(key or "LLM_PROVIDERS", "a-valid-key"))
    if answer.status_code != httpx2.codes.OK:
        what = f"The LLM provider {name} answers with HTTP status {answer.status_code} when asked for its models."
        return Finding(harm, what, _MEANS[harm], f"curl -sS {shown(url)}")
    models = _models(answer)
    if models and endpoint.model not in models:
        what = f"The LLM provider {name} does not offer the model {endpoint.model}."
        login = f'-H "Authorization: Bearer ${key}" ' if key else ""
        return Finding(harm, what, _MEANS[harm], f"curl -sS {login}{shown(url)}")
    return None


def _models(answer: httpx2.Response) -> set[str]:
    """Their ids; Gemini writes `models/` before each. Empty where the list is of another form."""
    try:
        return {str(model["id"]).removeprefix("models/") for model in answer.json()["data"]}
    except (ValueError, KeyError, TypeError):
        return set()
