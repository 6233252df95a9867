"""/me and what hangs on it: profile, password, devices, export, goodbye; /sign-up."""

from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import JsonResponse
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import sessions
from hub.accounts.api import account_serializers as serializers
from hub.accounts.export import account_export
from hub.accounts.joining import sign_up
from hub.accounts.limits import account_check
from hub.accounts.permissions import scope
from hub.accounts.rates import EXPORT, PASSWORD, SIGN_UP
from hub.accounts.services import password_change
from hub.core.api import ApiView


class ExportView(ApiView):
    permission_classes = [scope("read")]
    limits = {"GET": EXPORT}

    @extend_schema(
        summary="Everything this hub keeps about you", responses={(200, "application/json"): OpenApiTypes.OBJECT}
    )
    def get(self, request: Request) -> JsonResponse:
        response = JsonResponse(account_export(request.user), encoder=DjangoJSONEncoder)
        response["Content-Disposition"] = f'attachment; filename="{request.user.username}.json"'
        return response


class PasswordView(ApiView):
    permission_classes = [scope("write")]
    limits = {"POST": PASSWORD}

    @extend_schema(
        summary="Change your password",
        request=serializers.PasswordInput,
        responses={204: None},
        description="Every session ends, this one too. Tokens go on working.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.PasswordInput(data=request.data)
        asked.is_valid(raise_exception=True)
        password_change(user=request.user, **asked.validated_data)
        return Response(status=204)


class SessionCollectionView(ApiView):
    def get_permissions(self):
        return [scope("write" if self.request.method == "DELETE" else "read")()]

    @extend_schema(summary="Where you are signed in", responses=serializers.DeviceListOutput)
    def get(self, request: Request) -> Response:
        account_check(request.user, "see where you are signed in")
        rows = sessions.sessions_of(request.user)
        return Response({"results": serializers.DeviceOutput(rows, many=True).data})

    @extend_schema(summary="Sign out everywhere else", responses=serializers.EndedOutput)
    def delete(self, request: Request) -> Response:
        account_check(request.user, "end sessions")
        mine = request._request.session.session_key if request.auth is None else None
        return Response({"ended": sessions.sessions_end(user=request.user, but=mine)})


class SessionView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(summary="Sign out on one device", responses={204: None})
    def delete(self, request: Request, ident: UUID) -> Response:
        account_check(request.user, "end sessions")
        sessions.session_end(user=request.user, ident=ident)
        return Response(status=204)


class SignUpView(ApiView):
    permission_classes = ()
    limits = {"POST": SIGN_UP}

    @extend_schema(
        summary="Make an account",
        request=serializers.SignUpInput,
        responses={201: serializers.SignedUpOutput},
        description="Where this hub is open to that. With an invitation, its secret goes along.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.SignUpInput(data=request.data)
        asked.is_valid(raise_exception=True)
        user = sign_up(**asked.validated_data)
        return Response({"name": user.username}, status=201)
