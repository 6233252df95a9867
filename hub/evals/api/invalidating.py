"""/evaluations/{id}/invalidate."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.serializers import StrictSerializer
from hub.evals.invalidating import evaluation_invalidate


class InvalidationInput(StrictSerializer):
    reason = serializers.CharField(max_length=300, allow_blank=True, help_text="empty: the number counts again")


class InvalidationOutput(serializers.Serializer):
    id = serializers.UUIDField()
    invalid = serializers.CharField()


class EvaluationInvalidateView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(
        summary="Say that a number is not to be used", request=InvalidationInput, responses=InvalidationOutput,
        description="It stays where it is, with the reason beside it, and takes no place on leaderboards. For whoever asked for the measurement, "
        "the keepers of its benchmark, and administrators.",
    )  # fmt: skip
    def post(self, request: Request, ident: UUID) -> Response:
        asked = InvalidationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row = evaluation_invalidate(user=request.user, ident=ident, reason=asked.validated_data["reason"])
        return Response({"id": row.pk, "invalid": row.invalid})
