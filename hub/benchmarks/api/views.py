"""/benchmarks: what can be measured on this hub."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.benchmarks import selectors, services
from hub.benchmarks.api import serializers
from hub.benchmarks.api.representation import benchmark_json, benchmark_row
from hub.benchmarks.models import BenchmarkVersion
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.core.pagination import keyset_slice, limit_of
from hub.core.ratelimit import Limit
from workers.contracts.tasks import TASKS

WRITE = Limit("benchmarks", 60, 3600)


class BenchmarkCollectionView(ApiView):
    limits = {"POST": WRITE}

    def get_permissions(self):
        return [scope("write")() if self.request.method == "POST" else scope("read", anonymous=True)()]

    @extend_schema(
        summary="Benchmarks", responses=serializers.BenchmarkListOutput,
        parameters=[
            OpenApiParameter("q", str, description="in name, title or data"),
            OpenApiParameter("task", str, enum=[task.name for task in TASKS]),
            OpenApiParameter("namespace", str),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        params = request.query_params
        task = params.get("task") or ""
        if task and task not in {row.name for row in TASKS}:
            raise Invalid(f"task is {task[:40]!r}. Choose one of {', '.join(row.name for row in TASKS)}.")
        rows = selectors.benchmarks_visible(
            request.user, task=task, q=(params.get("q") or "")[:200], namespace=(params.get("namespace") or "")[:96]
        )
        page = keyset_slice(
            rows,
            ("-created_at", "-pk"),
            cursor=params.get("cursor"),
            limit=limit_of(params.get("limit")),
            scope="benchmarks",
        )
        return Response({"results": [benchmark_row(row) for row in page.rows], "next": page.next})

    @extend_schema(
        summary="Make a benchmark", request=serializers.BenchmarkInput, responses={201: serializers.BenchmarkOutput},
        description="The data is pinned to its present commit. 422 with all findings when the definition has an error.",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        asked = serializers.BenchmarkInput(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.benchmark_create(user=request.user, **asked.validated_data)
        headers = {"Location": f"/api/v1/benchmarks/{version.benchmark.name}"}
        return Response(_detail(version, request), status=201, headers=headers)


class BenchmarkView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="A benchmark", responses=serializers.BenchmarkOutput,
        parameters=[OpenApiParameter("version", int, description="default: the newest")],
    )  # fmt: skip
    def get(self, request: Request, name: str) -> Response:
        return Response(_detail(version_asked(request, name), request))


class VersionCollectionView(ApiView):
    permission_classes = [scope("write")]
    limits = {"POST": WRITE}

    @extend_schema(
        summary="Change a benchmark", request=serializers.RevisionInput, responses={201: serializers.BenchmarkOutput},
        description="Adds a version: numbers of the versions before keep their meaning.",
    )  # fmt: skip
    def post(self, request: Request, name: str) -> Response:
        asked = serializers.RevisionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.benchmark_revise(user=request.user, name=name, **asked.validated_data)
        return Response(_detail(version, request), status=201)


class RetirementView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(
        summary="Retire a version of a benchmark", request=serializers.RetirementInput, responses=serializers.BenchmarkOutput,
        description="Its numbers stay, with the reason why they are not to be used. Nothing new is measured with it.",
    )  # fmt: skip
    def post(self, request: Request, name: str, number: int) -> Response:
        asked = serializers.RetirementInput(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.version_retire(user=request.user, name=name, number=number, **asked.validated_data)
        return Response(_detail(version, request))


def version_asked(request: Request, name: str) -> BenchmarkVersion:
    """What `?version=` names, by default the newest."""
    text = request.query_params.get("version") or ""
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) == int(text)):
        raise Invalid(f"version is {text[:20]!r}. Write the number of a version, such as 1.")
    return selectors.benchmark_get(user=request.user, name=name, number=int(text) if text else None)


def _detail(version: BenchmarkVersion, request: Request) -> dict[str, object]:
    versions = selectors.versions_of(user=request.user, benchmark=version.benchmark)
    return benchmark_json(version, versions, request.user)
