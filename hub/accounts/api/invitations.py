"""/invitations, and those of organisations."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import invitations, selectors
from hub.accounts.api import account_serializers as serializers
from hub.accounts.api.serializers import OrganisationOutput
from hub.accounts.permissions import scope
from hub.accounts.rates import ACCEPT, INVITE
from hub.core.api import ApiView


class InvitationCollectionView(ApiView):
    limits = {"POST": INVITE}

    def get_permissions(self):
        return [scope("admin" if self.request.method == "POST" else "read")()]

    @extend_schema(
        summary="Invitations addressed to you",
        responses=serializers.InvitationListOutput,
        description="Administrators also see those to the hub itself.",
    )
    def get(self, request: Request) -> Response:
        rows = list(invitations.invitations_for(request.user))
        if request.user.is_superuser:
            rows += invitations.invitations_of(asker=request.user)
        return Response({"results": serializers.InvitationOutput(rows, many=True).data})

    @extend_schema(
        summary="Invite somebody to this hub",
        request=serializers.HubInvitationInput,
        responses={201: serializers.NewInvitationOutput},
        description="For administrators. The answer holds the secret; on a hub that sends mail it also goes to the address.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.HubInvitationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        return _made(*invitations.invitation_create(asker=request.user, **asked.validated_data))


class OrganisationInvitationView(ApiView):
    limits = {"POST": INVITE}

    def get_permissions(self):
        return [scope("write" if self.request.method == "POST" else "read")()]

    @extend_schema(summary="Invitations that wait", responses=serializers.InvitationListOutput)
    def get(self, request: Request, name: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        rows = invitations.invitations_of(asker=request.user, namespace=namespace)
        return Response({"results": serializers.InvitationOutput(rows, many=True).data})

    @extend_schema(
        summary="Invite somebody to an organisation",
        request=serializers.InvitationInput,
        responses={201: serializers.NewInvitationOutput},
    )
    def post(self, request: Request, name: str) -> Response:
        namespace = selectors.organisation_get(user=request.user, name=name)
        asked = serializers.InvitationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        user = selectors.user_get(name=data.pop("user")) if data.get("user") else data.pop("user", None)
        return _made(*invitations.invitation_create(asker=request.user, namespace=namespace, user=user, **data))


class AcceptView(ApiView):
    permission_classes = [scope("write")]
    limits = {"POST": ACCEPT}

    @extend_schema(summary="Accept an invitation", request=serializers.AcceptInput, responses=OrganisationOutput)
    def post(self, request: Request) -> Response:
        asked = serializers.AcceptInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        made = invitations.invitation_accept(user=request.user, secret=data.get("secret"), ident=data.get("id"))
        return Response({"name": made.namespace.name, "role": made.role})


class InvitationView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(summary="Withdraw or decline an invitation", responses={204: None})
    def delete(self, request: Request, ident: UUID) -> Response:
        invitations.invitation_withdraw(asker=request.user, ident=str(ident))
        return Response(status=204)


def _made(letter: object, secret: str) -> Response:
    return Response({**serializers.InvitationOutput(letter).data, "secret": secret}, status=201)
