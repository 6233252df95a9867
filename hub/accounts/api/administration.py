"""/audit and /quotas."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import selectors
from hub.accounts.api import account_serializers as serializers
from hub.accounts.audit import ACTIONS
from hub.accounts.audit_reading import audit_entries
from hub.accounts.permissions import scope
from hub.accounts.quotas import quota_set
from hub.core.api import ApiView
from hub.core.pagination import keyset_slice, limit_of


class AuditView(ApiView):
    permission_classes = [scope("read")]

    @extend_schema(
        summary="The audit log, newest first",
        responses=serializers.AuditListOutput,
        parameters=[
            OpenApiParameter("namespace", str, description="an organisation you maintain, or your own name"),
            OpenApiParameter("action", str, description=f"one of {', '.join(ACTIONS)}, or their part before the dot"),
            OpenApiParameter("actor", str),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
        ],
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        rows = audit_entries(
            asker=request.user, namespace=params.get("namespace") or None, action=params.get("action") or "", actor=params.get("actor") or ""
        )  # fmt: skip
        page = keyset_slice(
            rows, ("-id",), cursor=params.get("cursor"), limit=limit_of(params.get("limit")), scope="audit"
        )
        return Response({"results": serializers.AuditOutput(page.rows, many=True).data, "next": page.next})


class QuotaView(ApiView):
    """What is set, not what is used: that is told to those it concerns."""

    permission_classes = [scope("admin")]

    @extend_schema(
        summary="Set the quotas of a namespace",
        request=serializers.QuotaInput,
        responses=serializers.QuotaOutput,
        description="For administrators.",
    )
    def put(self, request: Request, namespace: str) -> Response:
        asked = serializers.QuotaInput(data=request.data)
        asked.is_valid(raise_exception=True)
        found = quota_set(asker=request.user, namespace=selectors.namespace_get(namespace), **asked.validated_data)
        body = {"namespace": found.name, "quota_bytes": found.quota_bytes, "quota_compute_s": found.quota_compute_s}
        return Response(body)
