"""GET /api/v1/compare: two to five entries side by side, as the page shows them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.pages.beside.comparison import SideBySide, side_by_side
from hub.pages.beside.members import LEAST, MOST, names_of
from hub.pages.beside.representation import side_by_side_json
from hub.pages.beside.serializers import CompareOutput


class CompareView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    @extend_schema(
        summary="Entries side by side", responses=CompareOutput,
        parameters=[
            OpenApiParameter(
                "models", str, required=True, many=True,
                description=f"{LEAST} to {MOST} entries, namespace/name or namespace/name@revision: repeated, or with commas between them",
            )
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = side_by_side(names_of(request.query_params.getlist("models")), user=request.user)
        if not isinstance(found, SideBySide):
            raise Invalid(f"Name {LEAST} to {MOST} different models: ?models=namespace/one,namespace/two.")
        body: dict[str, Any] = side_by_side_json(found)
        return Response(body)
