"""One job: look, follow, cancel, retry. The collection `/jobs` is in `hub.recipes.api`, because submitting checks a recipe."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.blobs.services import blob_read
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.jobs import selectors, services
from hub.jobs.api import queries, serializers
from hub.jobs.api.representation import job_detail, outputs_json
from hub.jobs.models import Job
from hub.jobs.states import public_state

AFTER = OpenApiParameter("after", int, description="the id of the last row you have")
LIMIT = OpenApiParameter("limit", int, description="1 to 1000")


class JobView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="One job", responses=serializers.JobDetailBody, description="By id or by number.")
    def get(self, request: Request, ident: str) -> Response:
        return Response(job_detail(selectors.job_get(user=request.user, ident=ident), user=request.user))


class JobEventsView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="What happened, in order", parameters=[AFTER, LIMIT], responses=serializers.EventListBody)
    def get(self, request: Request, ident: str) -> Response:
        job = selectors.job_get(user=request.user, ident=ident)
        rows = selectors.events_after(job, **_span(request))
        results = [
            {"id": row.pk, "attempt": row.attempt, "type": row.type, "data": row.data, "at": row.at} for row in rows
        ]
        return Response(_followed(job, results, request))


class JobLogView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="The log", parameters=[AFTER, LIMIT], responses=serializers.LogBody)
    def get(self, request: Request, ident: str) -> Response:
        job = selectors.job_get(user=request.user, ident=ident)
        rows = selectors.log_after(job, **_span(request))
        results = [
            {"id": row.pk, "attempt": row.attempt, "level": row.level, "message": row.message, "at": row.at}
            for row in rows
        ]
        return Response(_followed(job, results, request))


class JobCancelView(ApiView):
    permission_classes = [scope("submit")]

    @extend_schema(
        summary="Cancel a job",
        request=None,
        responses=serializers.JobDetailBody,
        description="`cancelling` until the process is gone, then `cancelled`.",
    )
    def post(self, request: Request, ident: str) -> Response:
        job = services.job_cancel(user=request.user, job=selectors.job_get(user=request.user, ident=ident))
        return Response(job_detail(job, user=request.user))


class JobRetryView(ApiView):
    permission_classes = [scope("submit")]

    @extend_schema(
        summary="Run a job again",
        request=serializers.RetryInput,
        responses={200: serializers.JobDetailBody, 201: serializers.JobDetailBody},
        description="Queues a job that did not succeed once more (200). With `reproduce`, makes a new job of one that did (201).",
    )
    def post(self, request: Request, ident: str) -> Response:
        asked = serializers.RetryInput(data=request.data)
        asked.is_valid(raise_exception=True)
        job = selectors.job_get(user=request.user, ident=ident)
        again = services.job_retry(user=request.user, job=job, **asked.validated_data)
        return Response(job_detail(again, user=request.user), status=200 if again.pk == job.pk else 201)


class JobOutputsView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="What a job left", responses=serializers.OutputListBody)
    def get(self, request: Request, ident: str) -> Response:
        return Response({"results": outputs_json(selectors.job_get(user=request.user, ident=ident), request.user)})


class JobFileView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="One file a job left", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, ident: str, path: str) -> StreamingHttpResponse:
        blob = queries.output_file(selectors.job_get(user=request.user, ident=ident), path)
        response = StreamingHttpResponse(blob_read(blob=blob), content_type="application/octet-stream")
        # SECURITY: what a job wrote is never shown by the browser in our origin.
        response["Content-Disposition"] = "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Content-Length"] = str(blob.size_bytes)
        response["ETag"] = f'"{blob.sha256}"'
        return response


def _span(request: Request) -> dict[str, int]:
    return {"after": _number(request, "after", 0, 0, 2**62), "limit": _number(request, "limit", 500, 1, 1000)}


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not low <= int(text[:20]) <= high:
        raise Invalid(f"{name} is {text[:20]!r}. Write a number from {low} to {high}.")
    return int(text)


def _followed(job: Job, results: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    """`after` stays where it was when nothing new came, so that a follower can send it back unseen."""
    after = results[-1]["id"] if results else _span(request)["after"]
    return {"results": results, "after": after, "state": public_state(job.state)}
