"""/me and /tokens."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import selectors, services
from hub.accounts.api import serializers
from hub.accounts.api.account_serializers import GoodbyeInput, ProfileInput
from hub.accounts.leaving import account_delete
from hub.accounts.models import AccessToken
from hub.accounts.permissions import scope
from hub.accounts.rates import PASSWORD, TOKENS
from hub.core.api import ApiView


class MeView(ApiView):
    limits = {"DELETE": PASSWORD}

    def get_permissions(self):
        return [scope("read" if self.request.method == "GET" else "write")()]

    @extend_schema(summary="Who is asking", responses=serializers.MeOutput)
    def get(self, request: Request) -> Response:
        user = request.user
        organizations = [{"name": row.namespace.name, "role": row.role} for row in selectors.memberships_of(user)]
        me = {
            "name": user.username,
            "full_name": user.full_name,
            "email": user.email,
            "is_admin": user.is_superuser,
            "organizations": organizations,
            "namespaces": selectors.namespaces_writable(user),
            "token": request.auth,
        }
        return Response(serializers.MeOutput(me).data)

    @extend_schema(summary="Change your profile", request=ProfileInput, responses=serializers.MeOutput)
    def patch(self, request: Request) -> Response:
        asked = ProfileInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.profile_update(user=request.user, **asked.validated_data)
        return self.get(request)

    @extend_schema(
        summary="Delete your account",
        request=GoodbyeInput,
        responses={204: None},
        description="409 says what has to be settled before: repos, organisations without another owner, jobs that run.",
    )
    def delete(self, request: Request) -> Response:
        asked = GoodbyeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        account_delete(user=request.user, **asked.validated_data)
        return Response(status=204)


class TokenCollectionView(ApiView):
    """SECURITY: a token makes no token that can do more, reaches more, or lives longer, than itself."""

    limits = {"POST": TOKENS}

    def get_permissions(self):
        return [scope("write" if self.request.method == "POST" else "read")()]

    @extend_schema(summary="Your access tokens", responses=serializers.TokenListOutput)
    def get(self, request: Request) -> Response:
        rows = selectors.token_list(user=request.user)
        return Response({"results": serializers.TokenOutput(rows, many=True).data})

    @extend_schema(
        summary="Make an access token",
        request=serializers.TokenInput,
        responses={201: serializers.NewTokenOutput},
        description="The answer holds the token itself. It cannot be shown again.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.TokenInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made_with = request.auth if isinstance(request.auth, AccessToken) else None
        token, raw = services.token_create(user=request.user, made_with=made_with, **asked.validated_data)
        body = {**serializers.token_json(token), "token": raw}
        return Response(body, status=201, headers={"Location": f"/api/v1/tokens/{token.pk}"})


class TokenView(ApiView):
    def get_permissions(self):
        return [scope("write" if self.request.method == "DELETE" else "read")()]

    @extend_schema(summary="One access token", responses=serializers.TokenOutput)
    def get(self, request: Request, ident: UUID) -> Response:
        return Response(serializers.TokenOutput(selectors.token_get(user=request.user, ident=ident)).data)

    @extend_schema(summary="Revoke an access token", responses={204: None})
    def delete(self, request: Request, ident: UUID) -> Response:
        services.token_revoke(token=selectors.token_get(user=request.user, ident=ident), asker=request.user)
        return Response(status=204)
