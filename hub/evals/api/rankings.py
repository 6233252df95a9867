"""/rankings: what jobs of the kind rank found, best entry first, for whoever may see the job."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.pagination import keyset_slice, limit_of
from hub.evals.models import Ranking
from hub.evals.ranking import ranking_get, rankings_visible


class RankedOutput(serializers.Serializer):
    model = serializers.CharField()
    commit = serializers.CharField()
    place = serializers.IntegerField(
        allow_null=True, help_text="by `ordered_by`; equal scores share one; null: no such score"
    )
    scores = serializers.DictField(child=serializers.FloatField(), help_text="by estimator; higher is better")
    places = serializers.DictField(child=serializers.IntegerField(), help_text="by estimator")
    seconds = serializers.FloatField(allow_null=True)


class LeftOutOutput(serializers.Serializer):
    model = serializers.CharField()
    commit = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class RankingLineOutput(serializers.Serializer):
    job = serializers.IntegerField(help_text="number of the job that made it, and the ranking's own address")
    data = serializers.CharField()
    split = serializers.CharField()
    task = serializers.CharField()
    examples = serializers.IntegerField(help_text="that were looked at")
    ordered_by = serializers.CharField(help_text="estimator")
    first = serializers.CharField(allow_null=True, help_text="model on the first place")
    ranked = serializers.IntegerField()
    left_out = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class RankingListOutput(serializers.Serializer):
    results = RankingLineOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")


class RankingOutput(serializers.Serializer):
    job = serializers.IntegerField()
    data = serializers.CharField()
    split = serializers.CharField()
    task = serializers.CharField()
    labels = serializers.ListField(child=serializers.CharField())
    examples = serializers.IntegerField()
    estimators = serializers.ListField(child=serializers.CharField())
    ordered_by = serializers.CharField()
    baseline = serializers.FloatField(allow_null=True, help_text="share of the commonest class; null for numbers")
    results = RankedOutput(many=True)
    left_out = LeftOutOutput(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class RankingCollectionView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(
        summary="Rankings", responses=RankingListOutput,
        description="Which models to start from for somebody's labelled sample; newest first. Your own, and everybody's for administrators.",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int, description="1 to 200, default 50")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        params = request.query_params
        page = keyset_slice(
            rankings_visible(request.user), ("-created_at", "-pk"),
            cursor=params.get("cursor"), limit=limit_of(params.get("limit")), scope="rankings",
        )  # fmt: skip
        return Response({"results": [line_json(row) for row in page.rows], "next": page.next})


class RankingView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(
        summary="A ranking",
        responses=RankingOutput,
        description="By the number or the id of the job that made it. A ranking is a hint and no measurement: /docs/ranking says how far to trust it.",
    )
    def get(self, request: Request, ident: str) -> Response:
        return Response(ranking_json(ranking_get(user=request.user, ident=ident)))


def line_json(row: Ranking) -> dict[str, Any]:
    found = ranking_json(row)
    kept = ("job", "data", "split", "task", "examples", "ordered_by", "created_at")
    first = next((entry["model"] for entry in found["results"] if entry["place"] == 1), None)
    counts = {"ranked": len(found["results"]), "left_out": len(found["left_out"])}
    return {name: found[name] for name in kept} | {"first": first} | counts


def ranking_json(row: Ranking) -> dict[str, Any]:
    report: dict[str, Any] = row.result
    data = report.get("data") or {}
    return {
        "job": row.job.number,
        "data": _name(data),
        "split": str(data.get("split") or ""),
        "task": str(report.get("task") or ""),
        "labels": [str(label) for label in report.get("labels") or ()],
        "examples": int(report.get("examples") or 0),
        "estimators": list(report.get("estimators") or ()),
        "ordered_by": str(report.get("ordered_by") or ""),
        "baseline": report.get("baseline"),
        "results": [_model(entry) | {name: entry.get(name) for name in ("place", "scores", "places", "seconds")} for entry in report.get("results") or ()],
        "left_out": [_model(entry) | {"code": str(entry.get("code")), "message": str(entry.get("message"))} for entry in report.get("left_out") or ()],
        "warnings": [str(warning) for warning in report.get("warnings") or ()],
        "created_at": row.created_at,
    }  # fmt: skip


def _model(entry: dict[str, Any]) -> dict[str, str]:
    model = entry.get("model") or {}
    return {"model": _name(model), "commit": str(model.get("commit") or "")}


def _name(entry: dict[str, Any]) -> str:
    """Where it is a repo its name, else what it was called: data that is built in."""
    return str(entry.get("repo") or entry.get("reference") or "")
