"""/models/…/try: one input of a task, answered by a worker."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.catalog.selectors import repo_get
from hub.core.api import ApiView
from hub.core.parsers import RecipeJSONParser
from hub.core.serializers import StrictSerializer
from hub.jobs import selectors as jobs
from hub.jobs.api.representation import job_detail
from hub.jobs.api.serializers import JobDetailBody
from hub.jobs.states import State
from hub.recipes.api.views import idempotency_key
from hub.recipes.limits import TRY
from hub.recipes.trying import try_submit


class TryInput(StrictSerializer):
    """What goes in, by the roles of the task."""

    input = serializers.DictField(
        help_text="text, text_pair, question, choices, features (numbers), image (PNG or JPEG in base64)"
    )
    task = serializers.CharField(
        required=False, allow_null=True, max_length=512, help_text="default: what the entry is for"
    )
    revision = serializers.CharField(
        required=False, allow_blank=True, max_length=256, help_text="default: the default branch"
    )
    force = serializers.BooleanField(default=False, help_text="ask again although this was answered before")


class ModelTryView(ApiView):
    permission_classes = [scope("submit")]
    parser_classes = [RecipeJSONParser]
    limits = {"POST": TRY}
    body_limit_bytes = 7 * 2**20  # a picture of 5 MB in base64, and a little

    @extend_schema(
        summary="Try a model",
        request=TryInput,
        responses={200: JobDetailBody, 202: JobDetailBody},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key gives the same job"
            )
        ],
        description="202 with a job of the kind try: follow it until it has ended, its `metrics.answer` is the answer. 200 when "
        "the same was answered before. 422 with all findings when the entry cannot be run or the input is none of its task. "
        "At most 20 000 characters of text, 10 000 numbers, a picture of 5 MB and 4 million pixels.",
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        repo = repo_get(user=request.user, full_name=f"{namespace}/{name}")
        asked = TryInput(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        job, _ = try_submit(
            user=request.user, full_name=repo.full_name, revision=values.get("revision", ""), task=values.get("task"),
            input=values["input"], idempotency_key=idempotency_key(request), force=values["force"],
        )  # fmt: skip
        job = jobs.job_get(user=request.user, ident=job.pk)
        status = 200 if job.state == State.SUCCEEDED else 202
        return Response(
            job_detail(job, user=request.user), status=status, headers={"Location": f"/api/v1/jobs/{job.pk}"}
        )
