"""`GET /api/search`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel

from backend.catalog import Catalogue, Hit, Understanding
from backend.core.errors import BadRequest
from backend.core.monitoring import current_request_id

from .queries import QuestionParameter

Kind = Literal["craft", "supplier", "fair", "institution"]


class Result(BaseModel):
    """One record, how well it fits (0 to 1) and what found it."""

    key: str
    kind: Kind
    name: str
    craft: str
    materials: tuple[str, ...]
    place: str
    district: str
    state: str
    months: tuple[str, ...]
    description: str
    website: str | None
    sources: tuple[str, ...]
    score: float
    matched: tuple[str, ...]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """The record of a hit, with its score."""
        return cls.model_validate(asdict(hit.record) | {"score": hit.score, "matched": hit.matched})


class SearchResponse(BaseModel):
    """The results in order of fit, and a short answer whose every name stands in them (null when nothing fits).

    `understanding` is what the question was taken to name, `relaxed` what of it had to be let go to find anything.
    """

    query: str
    request_id: str | None
    understanding: dict[str, Any]
    relaxed: tuple[str, ...]
    results: list[Result]
    answer: str | None


def search_router(catalogue: Catalogue) -> APIRouter:
    """The routes that search `catalogue`."""
    router = APIRouter(prefix="/api", tags=["search"])

    @router.get("/search")
    async def search(
        q: QuestionParameter,
        kind: Annotated[Kind | None, Query(description="Only records of this kind")] = None,
        state: Annotated[
            str | None, Query(max_length=60, description="Only records of this state, e.g. Kerala")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> SearchResponse:
        """Search crafts, suppliers, fairs and institutions by words and by meaning."""
        if state is not None and catalogue.vocabulary.state(state) is None:
            raise BadRequest(
                f"The catalogue knows no state of that name; it knows {', '.join(catalogue.vocabulary.states)}."
            )
        found = await catalogue.search(q, kind=kind, state=state, limit=limit)
        return SearchResponse(
            query=q,
            request_id=current_request_id(),
            understanding=_facets(found.understanding),
            relaxed=found.relaxed,
            results=[Result.of(hit) for hit in found.hits],
            answer=found.answer,
        )

    return router


def _facets(understanding: Understanding) -> dict[str, Any]:
    return {name: value for name, value in asdict(understanding).items() if value}
