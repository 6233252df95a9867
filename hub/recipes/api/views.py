"""/recipes/check, /methods, and the collection /jobs: submitting is checking first."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.core.pagination import keyset_slice, limit_of
from hub.core.parsers import RecipeJSONParser, YamlTextParser
from hub.jobs import selectors as jobs
from hub.jobs.api.representation import job_detail, jobs_json
from hub.jobs.api.serializers import STATES, JobDetailBody, JobListBody
from hub.recipes import services
from hub.recipes.api import serializers
from hub.recipes.api.representation import check_json
from hub.recipes.limits import SUBMIT
from workers.contracts.describe import describe_method
from workers.contracts.kinds import KINDS
from workers.contracts.methods import METHODS

KEY_LIMIT = 128


class RecipeCheckView(ApiView):
    permission_classes = [scope("read")]
    parser_classes = [RecipeJSONParser, YamlTextParser]

    @extend_schema(
        summary="Check a recipe",
        request=serializers.CheckInput,
        responses=serializers.CheckOutput,
        description="All findings at once, the licence of the result, and what it would cost. Nothing is run and nothing kept.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.CheckInput(data=request.data)
        asked.is_valid(raise_exception=True)
        report = services.recipe_check(user=request.user, document=asked.validated_data["recipe"])
        return Response(check_json(report))


class MethodListView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="The method table",
        parameters=[OpenApiParameter("kind", str, enum=[kind.name for kind in KINDS if kind.has_methods])],
        responses=serializers.MethodOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        kind = request.query_params.get("kind") or ""
        if kind and kind not in {row.name for row in KINDS}:
            raise Invalid(f"kind is {kind[:40]!r}. Choose one of {', '.join(row.name for row in KINDS)}.")
        return Response([describe_method(method) for method in METHODS if kind in ("", method.kind)])


class JobCollectionView(ApiView):
    parser_classes = [RecipeJSONParser, YamlTextParser]
    limits = {"POST": SUBMIT}

    def get_permissions(self):
        return [scope("submit" if self.request.method == "POST" else "read")()]

    @extend_schema(
        summary="Your jobs, newest first",
        responses=JobListBody,
        parameters=[
            OpenApiParameter("state", str, enum=STATES),
            OpenApiParameter("kind", str, enum=[kind.name for kind in KINDS]),
            OpenApiParameter("repo", str, description="jobs that read or made this repo"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
        ],
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        wanted = {name: params.get(name) or "" for name in ("state", "kind", "repo")}
        if wanted["state"] and wanted["state"] not in STATES:
            raise Invalid(f"state is {wanted['state'][:40]!r}. Choose one of {', '.join(STATES)}.")
        rows = jobs.job_list(user=request.user, **wanted).defer("request", "recipe", "check_report", "traceback")
        page = keyset_slice(
            rows, ("-number",), cursor=params.get("cursor"), limit=limit_of(params.get("limit")), scope="jobs"
        )
        return Response({"results": jobs_json(page.rows), "next": page.next})

    @extend_schema(
        summary="Submit a job",
        request={"application/json": serializers.SubmitInput, "application/yaml": str},
        responses={200: JobDetailBody, 201: JobDetailBody},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key gives the same job"
            )
        ],
        description="201 with the new job. 200 with the job that was made with the same key, or that made the same thing before; "
        "`force` runs it again. 422 with all findings when the recipe has an error.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.SubmitInput(data=request.data)
        asked.is_valid(raise_exception=True)
        key = idempotency_key(request)
        job, is_new = services.recipe_submit(
            user=request.user,
            document=asked.validated_data["recipe"],
            idempotency_key=key,
            force=asked.validated_data["force"],
        )
        job = jobs.job_get(user=request.user, ident=job.pk)
        headers = {"Location": f"/api/v1/jobs/{job.pk}"}
        return Response(job_detail(job, user=request.user), status=201 if is_new else 200, headers=headers)


def idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_LIMIT or not key.isprintable() or not key.isascii():
        raise Invalid(f"Idempotency-Key must be 1 to {KEY_LIMIT} printable ASCII characters.")
    return key or None
