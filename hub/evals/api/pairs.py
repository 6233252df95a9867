"""/evaluations/{id}/against/{other}: two results over the same examples, and the examples on which they differ."""

from dataclasses import asdict
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.core.pagination import cursor_decode, cursor_encode, limit_of
from hub.core.ratelimit import Limit
from hub.evals.api.pair_serializers import ChangedExamplesOutput, PairOutput, PairsOutput, WorkingOutput, pair_json
from hub.evals.pairs import (
    KINDS,
    examples_changed,
    margin_parse,
    pair_kept,
    pairs_kept,
    results_get,
    with_margin,
)  # fmt: skip

MOST_OTHERS = 16
_MARGIN = OpenApiParameter(
    "margin",
    float,
    description="points that are too small to matter, 0.1 to 50, default 1: what `equivalence` is held to",
)


class PairView(ApiView):
    permission_classes = [scope("read", anonymous=True)]
    limits = {"GET": Limit("pairs", 300, 3600)}

    @extend_schema(
        summary="Two results side by side",
        description="Seen from the first. 202 while a worker works it out: ask again after a second.",
        responses={200: PairOutput, 202: WorkingOutput},
        parameters=[_MARGIN],
    )
    def get(self, request: Request, ident: UUID, other: UUID) -> Response:
        margin = margin_parse(request.query_params.get("margin"))
        first, second = results_get(user=request.user, idents=[ident, other])
        found = pair_kept(first, second)
        if found is None:
            return _working()
        return Response(pair_json(with_margin(found, margin)))


class PairsView(ApiView):
    permission_classes = [scope("read", anonymous=True)]
    limits = {"GET": Limit("pairs", 300, 3600)}

    @extend_schema(
        summary="A result beside several others",
        description="Each seen from the first. 202 while workers work them out: ask again after a second.",
        responses={200: PairsOutput, 202: WorkingOutput},
        parameters=[
            OpenApiParameter("others", str, required=True, description="1 to 16 results, with commas between"),
            _MARGIN,
        ],
    )
    def get(self, request: Request, ident: UUID) -> Response:
        margin = margin_parse(request.query_params.get("margin"))
        first, *others = results_get(
            user=request.user, idents=[ident, *_idents(request.query_params.get("others", ""))]
        )
        found = pairs_kept(first, others)
        if found is None:
            return _working()
        return Response({"results": [pair_json(with_margin(pair, margin)) for pair in found]})


def _idents(text: str) -> list[UUID]:
    parts = [part for part in text[:1000].split(",") if part]
    if not 1 <= len(parts) <= MOST_OTHERS or len(set(parts)) < len(parts):
        raise Invalid(
            f"others names {len(parts)} results. Name 1 to {MOST_OTHERS} different ones, with commas between."
        )
    try:
        return [UUID(part) for part in parts]
    except ValueError:
        raise Invalid("others holds something that is no id of a result.") from None


def _working() -> Response:
    return Response({"state": "working"}, status=202, headers={"Retry-After": "1"})


class PairExamplesView(ApiView):
    permission_classes = [scope("read", anonymous=True)]
    limits = {"GET": Limit("pair examples", 300, 3600)}

    @extend_schema(
        summary="The examples on which they differ",
        responses=ChangedExamplesOutput,
        parameters=[
            OpenApiParameter("kind", str, enum=list(KINDS), description="seen from the first; default: lost"),
            OpenApiParameter("limit", int, description="default 50, at most 200"),
            OpenApiParameter("cursor", str),
        ],
    )
    def get(self, request: Request, ident: UUID, other: UUID) -> Response:
        kind, limit = request.query_params.get("kind") or "lost", limit_of(request.query_params.get("limit"))
        mark = f"pair-examples:{ident}:{other}:{kind[:40]}"
        cursor = request.query_params.get("cursor")
        start = cursor_decode(cursor, scope=mark, length=1)[0] if cursor else 0
        if not isinstance(start, int):
            raise Invalid("This cursor is from another version. Leave it out to begin at the start.")
        first, second = results_get(user=request.user, idents=[ident, other])
        rows = examples_changed(first, second, kind)
        shown, end = rows[start : start + limit], start + limit
        body = {
            "results": [asdict(row) for row in shown],
            "next": cursor_encode([end], scope=mark) if end < len(rows) else None,
            "count": len(rows),
        }
        return Response(body)
