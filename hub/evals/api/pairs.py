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
from hub.evals.api.pair_serializers import ChangedExamplesOutput, PairOutput, WorkingOutput, pair_json
from hub.evals.pairs import KINDS, examples_changed, pair_kept, results_get


class PairView(ApiView):
    permission_classes = [scope("read", anonymous=True)]
    limits = {"GET": Limit("pairs", 300, 3600)}

    @extend_schema(
        summary="Two results side by side",
        description="Seen from the first. 202 while a worker works it out: ask again after a second.",
        responses={200: PairOutput, 202: WorkingOutput},
    )
    def get(self, request: Request, ident: UUID, other: UUID) -> Response:
        first, second = results_get(user=request.user, first=ident, second=other)
        found = pair_kept(first, second)
        if found is None:
            return Response({"state": "working"}, status=202, headers={"Retry-After": "1"})
        return Response(pair_json(found))


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
        first, second = results_get(user=request.user, first=ident, second=other)
        rows = examples_changed(first, second, kind)
        shown, end = rows[start : start + limit], start + limit
        body = {
            "results": [asdict(row) for row in shown],
            "next": cursor_encode([end], scope=mark) if end < len(rows) else None,
            "count": len(rows),
        }
        return Response(body)
