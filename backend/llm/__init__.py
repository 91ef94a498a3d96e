"""Language models: one door, a table of providers, and a wrapper that measures every attempt."""

from .door import LLM, AnswerCache, open_llm
from .labelling import Labelling
from .measured import MeasuredModel
from .providers import PROVIDERS, Capability, Endpoint, Provider, chosen_endpoints

__all__ = [
    "LLM",
    "PROVIDERS",
    "AnswerCache",
    "Capability",
    "Endpoint",
    "Labelling",
    "MeasuredModel",
    "Provider",
    "chosen_endpoints",
    "open_llm",
]
