"""What the endpoints about an account, its people and its log read and write."""

from rest_framework import serializers

from hub.accounts.invitations import DAYS
from hub.accounts.organisations import ABOUT_LENGTH, FULL_NAME_LENGTH, ROLES
from hub.accounts.quotas import LIMIT
from hub.accounts.service_accounts import SERVICE_ROLES
from hub.core.serializers import StrictSerializer


class ProfileInput(StrictSerializer):
    full_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    wants_mail = serializers.BooleanField(required=False)


class PasswordInput(StrictSerializer):
    old = serializers.CharField(max_length=1000, trim_whitespace=False)
    new = serializers.CharField(max_length=1000, trim_whitespace=False)


class GoodbyeInput(StrictSerializer):
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class SignUpInput(StrictSerializer):
    name = serializers.CharField(max_length=96)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    email = serializers.EmailField(required=False, default="", allow_blank=True)
    secret = serializers.CharField(max_length=200, required=False, allow_null=True, help_text="that of the invitation")


class SignedUpOutput(serializers.Serializer):
    name = serializers.CharField()


class DeviceOutput(serializers.Serializer):
    id = serializers.UUIDField()
    browser = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()


class DeviceListOutput(serializers.Serializer):
    results = DeviceOutput(many=True)


class EndedOutput(serializers.Serializer):
    ended = serializers.IntegerField(help_text="how many sessions")


class HubInvitationInput(StrictSerializer):
    email = serializers.EmailField(required=False, default="", allow_blank=True)


class InvitationInput(HubInvitationInput):
    role = serializers.ChoiceField(choices=ROLES)
    user = serializers.CharField(max_length=150, required=False, allow_null=True, help_text="who alone may accept")


class InvitationOutput(serializers.Serializer):
    id = serializers.UUIDField()
    organization = serializers.CharField(source="namespace.name", default=None, allow_null=True)
    role = serializers.CharField()
    email = serializers.CharField()
    user = serializers.CharField(source="user.username", default=None, allow_null=True)
    invited_by = serializers.CharField(source="invited_by.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text=f"{DAYS} days after it was made")


class NewInvitationOutput(InvitationOutput):
    secret = serializers.CharField(help_text="shown here and never again")


class InvitationListOutput(serializers.Serializer):
    results = InvitationOutput(many=True)


class AcceptInput(StrictSerializer):
    secret = serializers.CharField(max_length=200, required=False)
    id = serializers.UUIDField(required=False, help_text="of one that is addressed to you")

    def validate(self, attrs):
        if ("secret" in attrs) == ("id" in attrs):
            raise serializers.ValidationError("Send the secret of the invitation, or the id of one addressed to you.")
        return attrs


class OrganisationChangeInput(StrictSerializer):
    full_name = serializers.CharField(max_length=FULL_NAME_LENGTH, required=False, allow_blank=True)
    about = serializers.CharField(max_length=ABOUT_LENGTH, required=False, allow_blank=True)


class ServiceInput(StrictSerializer):
    name = serializers.CharField(max_length=96)
    role = serializers.ChoiceField(choices=SERVICE_ROLES, default="contributor")


class ServiceOutput(serializers.Serializer):
    name = serializers.CharField()
    role = serializers.CharField()


class ServiceListOutput(serializers.Serializer):
    results = ServiceOutput(many=True)


class AuditOutput(serializers.Serializer):
    at = serializers.DateTimeField()
    action = serializers.CharField()
    actor = serializers.CharField(help_text="empty: the hub itself")
    token = serializers.CharField(help_text="the first characters, when one was used")
    address = serializers.CharField(allow_null=True)
    namespace = serializers.CharField()
    subject = serializers.CharField()
    detail = serializers.DictField()


class AuditListOutput(serializers.Serializer):
    results = AuditOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="the cursor of the next page")


class QuotaInput(StrictSerializer):
    quota_bytes = serializers.IntegerField(
        min_value=0, max_value=LIMIT, allow_null=True, help_text="null: as the hub's settings say; 0: no limit"
    )
    quota_compute_s = serializers.IntegerField(
        min_value=0, max_value=LIMIT, allow_null=True, help_text="per 30 days; null and 0 likewise"
    )


class QuotaOutput(serializers.Serializer):
    namespace = serializers.CharField()
    quota_bytes = serializers.IntegerField(allow_null=True)
    quota_compute_s = serializers.IntegerField(allow_null=True)
