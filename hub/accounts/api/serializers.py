"""What the account endpoints read and write. Input and output are apart."""

from typing import Any

from rest_framework import serializers

from hub.accounts.limits import MAX_LIMITS, limits_words
from hub.accounts.models import AccessToken
from hub.accounts.services import ROLES, SCOPES, TOKEN_DAYS, TOKEN_DAYS_LIMIT
from hub.core.serializers import StrictSerializer


class TokenInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES))
    expires_in_days = serializers.IntegerField(
        default=TOKEN_DAYS, allow_null=True, min_value=1, max_value=TOKEN_DAYS_LIMIT, help_text="null never expires"
    )
    repos = serializers.ListField(
        child=serializers.CharField(max_length=300), default=list, max_length=MAX_LIMITS,
        help_text="ns/name or datasets/ns/name: it is good for these alone, plus reading what is public",
    )  # fmt: skip
    namespaces = serializers.ListField(
        child=serializers.CharField(max_length=96), default=list, max_length=MAX_LIMITS,
        help_text="likewise, for everything in them",
    )  # fmt: skip


class TokenOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    display = serializers.CharField(help_text="its first eight characters")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    repos = serializers.SerializerMethodField()
    namespaces = serializers.SerializerMethodField()

    def get_repos(self, token: AccessToken) -> list[str]:
        return limits_words(token)["repos"]

    def get_namespaces(self, token: AccessToken) -> list[str]:
        return limits_words(token)["namespaces"]


def token_json(token: AccessToken) -> dict[str, Any]:
    return dict(TokenOutput(token).data)


class NewTokenOutput(TokenOutput):
    token = serializers.CharField(help_text="shown here and never again")


class TokenListOutput(serializers.Serializer):
    results = TokenOutput(many=True)


class OrganisationInput(StrictSerializer):
    name = serializers.CharField(max_length=96)


class MemberInput(StrictSerializer):
    role = serializers.ChoiceField(choices=ROLES)


class MemberOutput(serializers.Serializer):
    user = serializers.CharField()
    role = serializers.CharField()


class OrganisationOutput(serializers.Serializer):
    name = serializers.CharField()
    role = serializers.CharField(allow_null=True, help_text="the asker's own")


class OrganisationDetailOutput(OrganisationOutput):
    full_name = serializers.CharField()
    about = serializers.CharField()
    members = MemberOutput(many=True)


class OrganisationListOutput(serializers.Serializer):
    results = OrganisationOutput(many=True)


class MeOutput(serializers.Serializer):
    name = serializers.CharField()
    full_name = serializers.CharField()
    email = serializers.CharField()
    is_admin = serializers.BooleanField()
    organizations = OrganisationOutput(many=True)
    namespaces = serializers.ListField(child=serializers.CharField(), help_text="where this user may put repos")
    token = TokenOutput(allow_null=True, help_text="the token this request was made with")
