"""/organizations: namespaces with members. Written with z on the wire, as the HF clients expect it."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts import organisations, selectors, services
from hub.accounts.api import serializers
from hub.accounts.api.account_serializers import OrganisationChangeInput
from hub.accounts.permissions import scope
from hub.core.api import ApiView


class OrganisationCollectionView(ApiView):
    def get_permissions(self):
        return [scope("write" if self.request.method == "POST" else "read")()]

    @extend_schema(summary="The organisations you belong to", responses=serializers.OrganisationListOutput)
    def get(self, request: Request) -> Response:
        rows = selectors.memberships_of(request.user)
        return Response({"results": [{"name": row.namespace.name, "role": row.role} for row in rows]})

    @extend_schema(
        summary="Make an organisation",
        request=serializers.OrganisationInput,
        responses={201: serializers.OrganisationOutput},
        description="You are its first owner.",
    )
    def post(self, request: Request) -> Response:
        asked = serializers.OrganisationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.organisation_create(owner=request.user, **asked.validated_data)
        headers = {"Location": f"/api/v1/organizations/{made.name}"}
        return Response({"name": made.name, "role": "owner"}, status=201, headers=headers)


class OrganisationView(ApiView):
    def get_permissions(self):
        return [scope("read" if self.request.method == "GET" else "write")()]

    @extend_schema(summary="One organisation and its members", responses=serializers.OrganisationDetailOutput)
    def get(self, request: Request, name: str) -> Response:
        found = selectors.organisation_get(user=request.user, name=name)
        members = [{"user": row.user.username, "role": row.role} for row in selectors.members_of(found)]
        role = next((row["role"] for row in members if row["user"] == request.user.username), None)
        words = {"full_name": found.full_name, "about": found.about}
        return Response({"name": found.name, "role": role, **words, "members": members})

    @extend_schema(
        summary="Change what an organisation says about itself",
        request=OrganisationChangeInput,
        responses=serializers.OrganisationDetailOutput,
    )
    def patch(self, request: Request, name: str) -> Response:
        found = selectors.organisation_get(user=request.user, name=name)
        asked = OrganisationChangeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        organisations.organisation_update(asker=request.user, namespace=found, **asked.validated_data)
        return self.get(request, name)

    @extend_schema(
        summary="Delete an organisation",
        responses={204: None},
        description="For owners. 409 while it has repos.",
    )
    def delete(self, request: Request, name: str) -> Response:
        found = selectors.organisation_get(user=request.user, name=name)
        organisations.organisation_delete(asker=request.user, namespace=found)
        return Response(status=204)


class MemberView(ApiView):
    permission_classes = [scope("write")]

    @extend_schema(
        summary="Give somebody a role in an organisation",
        request=serializers.MemberInput,
        responses=serializers.MemberOutput,
    )
    def put(self, request: Request, name: str, user: str) -> Response:
        asked = serializers.MemberInput(data=request.data)
        asked.is_valid(raise_exception=True)
        namespace = selectors.namespace_administered(request.user, name)
        member = selectors.user_get(name=user)
        services.member_set(namespace=namespace, user=member, asker=request.user, **asked.validated_data)
        return Response({"user": member.username, "role": asked.validated_data["role"]})

    @extend_schema(summary="Take somebody out of an organisation", responses={204: None})
    def delete(self, request: Request, name: str, user: str) -> Response:
        namespace = selectors.namespace_administered(request.user, name)
        member = selectors.user_get(name=user)
        services.member_set(namespace=namespace, user=member, role=None, asker=request.user)
        return Response(status=204)
