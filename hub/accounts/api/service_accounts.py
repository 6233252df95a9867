"""/organizations/…/service-accounts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import selectors, service_accounts
from hub.accounts.api import account_serializers as serializers
from hub.accounts.api.serializers import NewTokenOutput, TokenInput, token_json
from hub.accounts.permissions import scope
from hub.accounts.rates import TOKENS
from hub.core.api import ApiView


class ServiceCollectionView(ApiView):
    def get_permissions(self):
        return [scope("write" if self.request.method == "POST" else "read")()]

    @extend_schema(summary="The service accounts of an organisation", responses=serializers.ServiceListOutput)
    def get(self, request: Request, name: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        rows = service_accounts.service_accounts_of(asker=request.user, namespace=namespace)
        results = [{"name": row.username, "role": selectors.role_of(row, namespace)} for row in rows]
        return Response({"results": results})

    @extend_schema(
        summary="Make a service account",
        request=serializers.ServiceInput,
        responses={201: serializers.ServiceOutput},
        description="For owners. It has no password; make tokens for it.",
    )
    def post(self, request: Request, name: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        asked = serializers.ServiceInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made = service_accounts.service_account_create(asker=request.user, namespace=namespace, **asked.validated_data)
        return Response({"name": made.username, "role": asked.validated_data["role"]}, status=201)


class ServiceView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(summary="Delete a service account", responses={204: None})
    def delete(self, request: Request, name: str, service: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        service_accounts.service_account_delete(asker=request.user, namespace=namespace, name=service)
        return Response(status=204)


class ServiceTokenView(ApiView):
    permission_classes = [scope("write")]
    limits = {"POST": TOKENS}

    @extend_schema(summary="Make a token for a service account", request=TokenInput, responses={201: NewTokenOutput})
    def post(self, request: Request, name: str, service: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        asked = TokenInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        token, raw = service_accounts.service_token_create(
            asker=request.user, namespace=namespace, service=service, **data
        )
        return Response({**token_json(token), "token": raw}, status=201)
