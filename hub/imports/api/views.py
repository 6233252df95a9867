"""/imports: start one, see them. Its job is under /jobs: there it is watched, cancelled and tried again."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.core.api import ApiView
from hub.core.pagination import keyset_slice, limit_of
from hub.imports import selectors, services
from hub.imports.api import serializers
from hub.imports.api.representation import import_detail, import_json
from hub.imports.limits import IMPORT


class ImportCollectionView(ApiView):
    limits = {"POST": IMPORT}

    def get_permissions(self):
        return [scope("submit" if self.request.method == "POST" else "read")()]

    @extend_schema(
        summary="Your imports, newest first",
        responses=serializers.ImportListOutput,
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
        ],
    )
    def get(self, request: Request) -> Response:
        page = keyset_slice(
            selectors.imports_of(request.user), ("-created_at", "id"), cursor=request.query_params.get("cursor"),
            limit=limit_of(request.query_params.get("limit")), scope="imports",
        )  # fmt: skip
        return Response({"results": [import_json(origin) for origin in page.rows], "next": page.next})

    @extend_schema(
        summary="Import a repo",
        request=serializers.ImportInput,
        responses={201: serializers.ImportDetailOutput},
        description="Takes a repo over from another hub that speaks the HF protocol, as a job. What an administrator has not "
        "listed is not read from. The same import while it is under way is answered with that import.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.ImportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        origin = services.import_start(user=request.user, **asked.validated_data)
        body = import_detail(selectors.import_get(user=request.user, ident=origin.pk), user=request.user)
        return Response(body, status=201, headers={"Location": f"/api/v1/imports/{origin.pk}"})


class ImportView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(summary="One import", responses=serializers.ImportDetailOutput)
    def get(self, request: Request, ident: str) -> Response:
        return Response(import_detail(selectors.import_get(user=request.user, ident=ident), user=request.user))
