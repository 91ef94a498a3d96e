"""A question as a client sends it: text of a sensible length, in UTF-8."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, StringConstraints

from backend.core.errors import BadRequest

MAX_QUERY_LENGTH = 500


def _encodable(text: str) -> str:
    """Refuse lone surrogates, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text is not valid Unicode") from None
    return text


Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUERY_LENGTH),
    AfterValidator(_encodable),
]


async def question_parameter(
    request: Request, q: Annotated[Question, Query(description="What you are looking for, in plain words")]
) -> str:
    """The `q` parameter; raises BadRequest when it is not UTF-8, for which the framework would quietly put �."""
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError:
        raise BadRequest("The query string is not valid UTF-8.") from None
    return q


QuestionParameter = Annotated[str, Depends(question_parameter)]
