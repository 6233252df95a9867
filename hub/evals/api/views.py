"""/models/…/evaluations: what was measured, and the comparison with the parents."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.catalog.selectors import commit_resolve, repo_get
from hub.core.api import ApiView
from hub.evals import selectors
from hub.evals.api.representation import comparison_json, evaluations_json
from hub.evals.api.serializers import EvaluationListOutput


class ModelEvaluationsView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="What was measured of it", responses=EvaluationListOutput,
        parameters=[OpenApiParameter("revision", str, description="branch, tag or commit; default: the default branch")],
    )  # fmt: skip
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo = repo_get(user=request.user, full_name=f"{namespace}/{name}")
        commit = commit_resolve(repo, request.query_params.get("revision") or repo.default_branch)
        rows = selectors.evaluations_of(repo, commit, user=request.user)
        comparison = selectors.comparison_of(repo, commit, user=request.user)
        body = {
            "commit": commit.oid,
            "results": evaluations_json(rows, request.user),
            "comparison": comparison_json(comparison) if comparison is not None else None,
        }
        return Response(body)
