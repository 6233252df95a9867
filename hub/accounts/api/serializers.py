"""What the account endpoints read and write. Input and output are apart."""

from rest_framework import serializers

from hub.accounts.services import ROLES, SCOPES, TOKEN_DAYS, TOKEN_DAYS_LIMIT
from hub.core.serializers import StrictSerializer


class TokenInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES))
    expires_in_days = serializers.IntegerField(
        default=TOKEN_DAYS, allow_null=True, min_value=1, max_value=TOKEN_DAYS_LIMIT, help_text="null never expires"
    )


class TokenOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    display = serializers.CharField(help_text="its first eight characters")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


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
