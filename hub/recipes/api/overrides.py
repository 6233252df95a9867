"""/recipes/licence-overrides: administrators let a recipe pass although its licences conflict, with a reason."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.pagination import keyset_slice, limit_of
from hub.core.parsers import RecipeJSONParser
from hub.recipes import overrides, services
from hub.recipes.api import serializers
from hub.recipes.limits import SUBMIT


class OverrideCollectionView(ApiView):
    permission_classes = [scope("admin")]
    parser_classes = [RecipeJSONParser]
    limits = {"POST": SUBMIT}

    @extend_schema(
        summary="Licence overrides, newest first",
        responses=serializers.OverrideListOutput,
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
        ],
        description="For administrators. Withdrawn ones stay in the list.",
    )
    def get(self, request: Request) -> Response:
        page = keyset_slice(
            overrides.overrides_list(asker=request.user), ("-created_at", "id"), cursor=request.query_params.get("cursor"),
            limit=limit_of(request.query_params.get("limit")), scope="licence-overrides",
        )  # fmt: skip
        return Response({"results": serializers.OverrideOutput(page.rows, many=True).data, "next": page.next})

    @extend_schema(
        summary="Override a licence conflict",
        request=serializers.OverrideInput,
        responses={201: serializers.OverrideOutput},
        description="For administrators. Holds for this operation over these inputs under these licences into this repo, whoever "
        "submits it. The verdict stays `deny`; result, NOTICE and audit log name the administrator and the reason.",
    )
    def post(self, request: Request) -> Response:
        overrides.administrator_check(request.user)
        asked = serializers.OverrideInput(data=request.data)
        asked.is_valid(raise_exception=True)
        report = services.recipe_check(user=request.user, document=asked.validated_data["recipe"])
        made = overrides.override_create(
            asker=request.user,
            recipe=report.parsed.readable,
            verdict=report.check.licence,
            reason=asked.validated_data["reason"],
        )
        return Response(serializers.OverrideOutput(made).data, status=201)


class OverrideView(ApiView):
    permission_classes = [scope("admin")]

    @extend_schema(summary="Withdraw a licence override", responses=serializers.OverrideOutput)
    def delete(self, request: Request, ident: str) -> Response:
        return Response(serializers.OverrideOutput(overrides.override_withdraw(asker=request.user, ident=ident)).data)
