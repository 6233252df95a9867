"""Who may do what: users, the namespaces they own, access tokens, invitations, and the record of it all."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from hub.core.models import Identified, TimeStamped


class User(AbstractUser):
    """Signs in by name. Every user has the namespace of that name, but for a service account: it belongs to an organisation,
    has no password and no namespace, and acts by its tokens alone."""

    service_of = models.ForeignKey(
        "Namespace", null=True, blank=True, on_delete=models.CASCADE, related_name="service_accounts"
    )
    email = models.EmailField(blank=True)
    full_name = models.CharField(max_length=150, blank=True)
    theme = models.CharField(
        max_length=6, default="system", choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")]
    )
    wants_mail = models.BooleanField(default=True)

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    # The token this user came with, when it came with one. `visible_to` narrows to what the token is limited to.
    token: "AccessToken | None" = None

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="user_name_unique_any_case")]


class Namespace(Identified, TimeStamped):
    """The part before the slash. Belongs to one user, or to an organisation (which has members, not an owner)."""

    name = models.CharField(max_length=96)
    kind = models.CharField(max_length=12, default="user", choices=[("user", "User"), ("organisation", "Organisation")])
    owner = models.OneToOneField(User, null=True, blank=True, on_delete=models.PROTECT, related_name="namespace")
    full_name = models.CharField(max_length=150, blank=True)
    about = models.CharField(max_length=300, blank=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True, help_text="empty: as QUOTA_BYTES says; 0: no limit")
    quota_compute_s = models.BigIntegerField(
        null=True, blank=True, help_text="per 30 days; empty: as QUOTA_COMPUTE_S says; 0: no limit"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="namespace_name_unique_any_case"),
            models.CheckConstraint(
                name="namespace_user_has_owner", condition=models.Q(kind="organisation") | models.Q(owner__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TimeStamped):
    """A user's role in an organisation's namespace."""

    ROLES = [("viewer", "Viewer"), ("contributor", "Contributor"), ("maintainer", "Maintainer"), ("owner", "Owner")]

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["namespace", "user"], name="membership_once")]


class AccessToken(Identified, TimeStamped):
    """Shown once. Kept as HMAC-SHA256 under a numbered pepper, plus the first characters for display.

    With `namespace_ids` or `repo_ids` it is good for those alone, plus reading what is public. Ids, not names: a name may later
    be somebody else's.
    """

    SCOPES = [("read", "Read"), ("write", "Write"), ("submit", "Submit jobs"), ("admin", "Administer")]

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    namespace_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    repo_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    pepper = models.PositiveSmallIntegerField()
    display = models.CharField(max_length=16)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @property
    def is_limited(self) -> bool:
        return bool(self.namespace_ids or self.repo_ids)


class Invitation(Identified, TimeStamped):
    """A letter with a secret in it: to join this hub, or with a namespace to join that organisation. Good once, for a week."""

    namespace = models.ForeignKey(
        Namespace, null=True, blank=True, on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(max_length=12, choices=Membership.ROLES, blank=True)
    email = models.EmailField(blank=True)
    user = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="invitations",
        help_text="who it is for, when known",
    )
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)


class Device(Identified, TimeStamped):
    """Where somebody is signed in: one row per session, for the account page and for ending it from elsewhere."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    session_key = models.CharField(max_length=40, unique=True)
    browser = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} with {self.browser[:40]}"


class AuditEntry(models.Model):
    """One deed. Names, not keys, so that it outlives what it speaks of; a trigger refuses to change or remove it for a year."""

    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=48)
    actor = models.CharField(max_length=150, blank=True, help_text="empty: the hub itself")
    token = models.CharField(max_length=16, blank=True, help_text="the first characters, when one was used")
    address = models.GenericIPAddressField(null=True)
    namespace = models.CharField(max_length=96, blank=True, help_text="whose owners may read this entry")
    subject = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_recent"),
            models.Index(fields=["namespace", "-id"], name="audit_of_namespace"),
            models.Index(fields=["actor", "-id"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
