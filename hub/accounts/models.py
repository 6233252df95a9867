"""Who may do what: users, the namespaces they own, and access tokens."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from hub.core.models import Identified, TimeStamped


class User(AbstractUser):
    """Signs in by name. Every user has the namespace of that name."""

    email = models.EmailField(blank=True)
    full_name = models.CharField(max_length=150, blank=True)
    theme = models.CharField(
        max_length=6, default="system", choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")]
    )
    wants_mail = models.BooleanField(default=True)

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="user_name_unique_any_case")]


class Namespace(Identified, TimeStamped):
    """The part before the slash. Belongs to one user, or to an organisation (which has members, not an owner)."""

    name = models.CharField(max_length=96)
    kind = models.CharField(max_length=12, default="user", choices=[("user", "User"), ("organisation", "Organisation")])
    owner = models.OneToOneField(User, null=True, blank=True, on_delete=models.PROTECT, related_name="namespace")

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
    """Shown once. Kept as HMAC-SHA256 under a numbered pepper, plus the first characters for display."""

    SCOPES = [("read", "Read"), ("write", "Write"), ("submit", "Submit jobs"), ("admin", "Administer")]

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    digest = models.CharField(max_length=64, unique=True)
    pepper = models.PositiveSmallIntegerField()
    display = models.CharField(max_length=16)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
