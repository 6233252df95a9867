"""/leaderboards/{benchmark}: who does how well at what cost, as JSON and CSV."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.benchmarks.api.serializers import DefinitionOutput
from hub.benchmarks.api.views import version_asked
from hub.benchmarks.selectors import benchmarks_visible
from hub.core.api import ApiView
from hub.core.pagination import keyset_slice, limit_of
from hub.evals.filters import SORTS, filters_parse
from hub.evals.leaderboards import Leaderboard, Row, leaderboard
from hub.evals.overview import BoardLine, boards_overview
from hub.evals.tables import board_csv
from workers.statistics.noise import NoiseFloor


class CostsOutput(serializers.Serializer):
    parameters = serializers.FloatField(allow_null=True)
    flops = serializers.FloatField(allow_null=True, help_text="per example")
    latency = serializers.FloatField(allow_null=True, help_text="median at batch size 1, milliseconds")
    size = serializers.FloatField(allow_null=True, help_text="bytes")


class EntryOutput(serializers.Serializer):
    model = serializers.CharField()
    commit = serializers.CharField(help_text="the measured one")
    is_head = serializers.BooleanField(help_text="whether the model still holds these weights")
    score = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 %")
    high = serializers.FloatField(allow_null=True)
    examples = serializers.IntegerField()
    rank_low = serializers.IntegerField(
        allow_null=True, help_text="the best place it may hold among the public entries, given how uncertain scores are"
    )
    rank_high = serializers.IntegerField(allow_null=True)
    costs = CostsOutput()
    front = serializers.ListField(
        child=serializers.CharField(), help_text="costs for which no entry is as cheap and better"
    )
    licence = serializers.CharField()
    artifact = serializers.CharField()
    parents = serializers.ListField(child=serializers.CharField(), help_text="entries that it was made of")
    metrics = serializers.DictField()
    invalid = serializers.CharField(help_text="why this number is not to be used; empty: it is")
    evaluation = serializers.UUIDField()
    measured_at = serializers.DateTimeField()


class NoiseOutput(serializers.Serializer):
    spread = serializers.FloatField(help_text="standard deviation of one run")
    difference = serializers.FloatField(
        allow_null=True,
        help_text="what two runs of one model stay below in 95 of 100 cases; null where all repeats are identical",
    )
    is_identical = serializers.BooleanField(help_text="repeats gave the same numbers: measuring is deterministic here")
    models = serializers.IntegerField()
    runs = serializers.IntegerField()


class LeaderboardOutput(serializers.Serializer):
    benchmark = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()
    retired = serializers.CharField()
    one_class = serializers.CharField(help_text="a sentence where all examples are of one class; else empty")
    definition = DefinitionOutput()
    metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    noise = NoiseOutput(allow_null=True, help_text="null where nothing was run twice")
    total = serializers.IntegerField(help_text="before the filters")
    hidden_invalid = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="there are more entries than are listed")
    results = EntryOutput(many=True)


class LeaderOutput(serializers.Serializer):
    model = serializers.CharField()
    score = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class BoardLineOutput(serializers.Serializer):
    benchmark = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    retired = serializers.CharField(help_text="why its numbers are not to be used; empty while they are")
    task = serializers.CharField()
    metric = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    entries = serializers.IntegerField()
    leader = LeaderOutput(allow_null=True)
    measured_at = serializers.DateTimeField(allow_null=True, help_text="newest measurement")


class BoardListOutput(serializers.Serializer):
    results = BoardLineOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="cursor of the next page")


PARAMETERS = [
    OpenApiParameter("version", int, description="default: the newest"),
    OpenApiParameter("q", str, description="words in name, summary or architecture"),
    OpenApiParameter("licence", str),
    OpenApiParameter("artifact", str),
    OpenApiParameter("base", str, description="entries that descend from this model, and the model itself"),
    OpenApiParameter("params_min", float),
    OpenApiParameter("params_max", float),
    OpenApiParameter("flops_max", float),
    OpenApiParameter("latency_max", float),
    OpenApiParameter("size_max", float, description="bytes"),
    OpenApiParameter("invalid", bool, description="also numbers that are not to be used"),
    OpenApiParameter(
        "sort", str, enum=[*SORTS, *(f"-{name}" for name in SORTS)], description="default: score, best first"
    ),
]


class LeaderboardCollectionView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="Leaderboards", responses=BoardListOutput,
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int, description="1 to 200, default 50")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        params = request.query_params
        page = keyset_slice(
            benchmarks_visible(request.user), ("-created_at", "-pk"),
            cursor=params.get("cursor"), limit=limit_of(params.get("limit")), scope="leaderboards",
        )  # fmt: skip
        lines = boards_overview(user=request.user, versions=page.rows)
        return Response({"results": [line_json(line) for line in lines], "next": page.next})


class LeaderboardView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(summary="A leaderboard", responses=LeaderboardOutput, parameters=PARAMETERS)
    def get(self, request: Request, name: str) -> Response:
        return Response(board_json(board_asked(request, name)))


class LeaderboardCsvView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(summary="A leaderboard as CSV", responses={(200, "text/csv"): str}, parameters=PARAMETERS)
    def get(self, request: Request, name: str) -> HttpResponse:
        board = board_asked(request, name)
        file = f"{board.version.benchmark.name}-{board.version.number}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return HttpResponse(board_csv(board), content_type="text/csv; charset=utf-8", headers=headers)


def board_asked(request: Request, name: str) -> Leaderboard:
    version = version_asked(request, name)
    filters, sort = filters_parse(request.query_params)
    return leaderboard(user=request.user, version=version, filters=filters, sort=sort)


def line_json(line: BoardLine) -> dict[str, Any]:
    leader = line.leader
    return {
        "benchmark": line.version.benchmark.name,
        "title": line.version.benchmark.title,
        "version": line.version.number,
        "retired": line.version.retired,
        "task": line.version.task,
        "metric": line.metric.name,
        "higher_is_better": line.metric.higher_is_better,
        "entries": line.entries,
        "leader": {"model": leader.name, "score": leader.score, "low": leader.low, "high": leader.high}
        if leader
        else None,
        "measured_at": line.measured_at,
    }


def board_json(board: Leaderboard) -> dict[str, Any]:
    version, noise = board.version, board.noise
    return {
        "benchmark": version.benchmark.name,
        "title": version.benchmark.title,
        "version": version.number,
        "digest": version.digest,
        "retired": version.retired,
        "one_class": version.one_class,
        "definition": version.definition,
        "metric": board.metric.name,
        "higher_is_better": board.metric.higher_is_better,
        "noise": _noise(noise) if noise else None,
        "total": board.total,
        "hidden_invalid": board.hidden_invalid,
        "is_cut": board.is_cut,
        "results": [row_json(row) for row in board.rows],
    }


def _noise(noise: NoiseFloor) -> dict[str, Any]:
    return {
        "spread": noise.spread,
        "difference": None if noise.is_identical else noise.difference,
        "is_identical": noise.is_identical,
        "models": noise.models,
        "runs": noise.runs,
    }


def row_json(row: Row) -> dict[str, Any]:
    low, high = row.rank or (None, None)
    return {
        "model": row.name,
        "commit": row.evaluation.commit_oid,
        "is_head": row.is_head,
        "score": row.score,
        "low": row.low,
        "high": row.high,
        "examples": row.n,
        "rank_low": low,
        "rank_high": high,
        "costs": row.costs,
        "front": sorted(row.front),
        "licence": row.repo.licence,
        "artifact": row.repo.artifact,
        "parents": list(row.parents),
        "metrics": row.evaluation.metrics,
        "invalid": row.invalid,
        "evaluation": row.evaluation.pk,
        "measured_at": row.measured_at,
    }
