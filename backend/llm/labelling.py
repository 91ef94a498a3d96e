"""What a model is asked for: to fill a small form from a text, shown by examples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson
from pydantic import BaseModel
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition

Labels = TypeVar("Labels", bound=BaseModel)

MAX_CHARACTERS = 400  # of a text; more would cost a small model seconds and tell it no more


@dataclass(frozen=True, slots=True)
class Labelling(Generic[Labels]):
    """A form (`output`), how to fill it, and filled examples.

    Instructions and examples are the same in every prompt and come first, so that servers find them in their prompt
    cache and read the text alone.
    """

    name: str
    output: type[Labels]
    instructions: str
    examples: tuple[tuple[str, Labels], ...]

    def messages(self, text: str) -> list[ModelMessage]:
        """The prompt that asks for the labels of `text`."""
        messages: list[ModelMessage] = []
        for example, labels in self.examples:
            messages.append(ModelRequest(parts=[UserPromptPart(example)]))
            messages.append(ModelResponse(parts=[TextPart(labels.model_dump_json())]))
        messages.append(ModelRequest(parts=[UserPromptPart(shortened(text))]))
        first = messages[0]
        assert isinstance(first, ModelRequest)
        messages[0] = ModelRequest(parts=[SystemPromptPart(self.instructions), *first.parts])
        return messages

    def parameters(self, *, with_schema: bool) -> ModelRequestParameters:
        """How the answer is to be given: held to the form's schema, or as the examples show."""
        if not with_schema:
            return ModelRequestParameters()
        # Not strict: OpenAI's strict mode knows no maximum length, and without one a small model never stops.
        schema = OutputObjectDefinition(json_schema=self.output.model_json_schema(), name=self.name)
        return ModelRequestParameters(output_mode="native", output_object=schema)

    def read(self, response: ModelResponse) -> Labels:
        """The labels in a response; raises ValueError when it holds none."""
        text = response.text or ""
        start, end = text.find("{"), text.rfind("}")  # models without a schema like to wrap JSON in a code fence
        return self.output.model_validate_json(text[start : end + 1] if start >= 0 else text)

    def fingerprint(self, text: str) -> str:
        """A digest of the whole prompt: what a cached answer belongs to."""
        examples = [(example, labels.model_dump(mode="json")) for example, labels in self.examples]
        prompt = orjson.dumps([self.output.model_json_schema(), self.instructions, examples, shortened(text)])
        return hashlib.sha256(prompt).hexdigest()


def shortened(text: str) -> str:
    """`text` in one line, without what lies beyond the limit."""
    return " ".join(text.split())[:MAX_CHARACTERS]
