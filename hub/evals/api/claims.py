"""/models/…/claims: what the card says, beside what was measured here."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.catalog.selectors import commit_resolve, repo_get
from hub.core.api import ApiView
from hub.evals.api.serializers import IntervalOutput
from hub.evals.claims import CheckedClaim, claims_of


class ClaimOutput(serializers.Serializer):
    dataset = serializers.CharField()
    split = serializers.CharField(help_text="empty: the card does not say")
    metric = serializers.CharField(help_text="as this hub calls it; empty: it does not measure this")
    metric_name = serializers.CharField(help_text="as the card calls it")
    claimed = serializers.FloatField(help_text="shares as 0 to 1")
    written = serializers.CharField(help_text="as it stands in the card")
    badge = serializers.ChoiceField(choices=["confirmed", "not_confirmed", "contradicted"])
    measured = IntervalOutput(allow_null=True)
    difference = IntervalOutput(allow_null=True, help_text="measured minus claimed")
    is_flattering = serializers.BooleanField(help_text="the card says better than was measured")
    reason = serializers.CharField(help_text="why it is not confirmed")
    evaluation = serializers.UUIDField(allow_null=True)


class ClaimListOutput(serializers.Serializer):
    commit = serializers.CharField()
    results = ClaimOutput(many=True)


class ModelClaimsView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="What its card claims", responses=ClaimListOutput,
        parameters=[OpenApiParameter("revision", str, description="branch, tag or commit; default: the default branch")],
    )  # fmt: skip
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo = repo_get(user=request.user, full_name=f"{namespace}/{name}")
        commit = commit_resolve(repo, request.query_params.get("revision") or repo.default_branch)
        return Response(
            {"commit": commit.oid, "results": [claim_json(row) for row in claims_of(repo, commit, request.user)]}
        )


def claim_json(checked: CheckedClaim) -> dict[str, Any]:
    claim = checked.claim
    return {
        "dataset": claim.dataset,
        "split": claim.split,
        "metric": claim.metric,
        "metric_name": claim.metric_name,
        "claimed": claim.value,
        "written": claim.written,
        "badge": checked.badge,
        "measured": asdict(checked.measured) if checked.measured is not None else None,
        "difference": asdict(checked.difference) if checked.difference is not None else None,
        "is_flattering": checked.is_flattering,
        "reason": checked.reason,
        "evaluation": checked.evaluation.pk if checked.evaluation is not None else None,
    }
