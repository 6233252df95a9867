"""`visible_to`: the only filter that decides which repos a person sees. Every read starts here."""

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from hub.accounts.models import User

WRITER_ROLES = ("contributor", "maintainer", "owner")
OWNER_ROLES = ("maintainer", "owner")


class RepoQuerySet(models.QuerySet["Repo"]):  # type: ignore[name-defined]
    def visible_to(self, user: "User | AnonymousUser | None", action: str = "read") -> Self:
        """`action` is `read`, `write` or `admin`. What is filtered out answers as if it did not exist."""
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.filter(visibility="public") if action == "read" else self.none()
        if user.token is not None and user.token.is_limited:
            limits = Q(namespace_id__in=user.token.namespace_ids) | Q(pk__in=user.token.repo_ids)
            return self._open_to(user, action).filter(limits | Q(visibility="public") if action == "read" else limits)
        return self._open_to(user, action)

    def _open_to(self, user: "User", action: str) -> Self:
        if user.is_superuser:
            return self.all()
        roles = {"write": WRITER_ROLES, "admin": OWNER_ROLES}
        memberships = user.memberships.all()
        if action in roles:
            memberships = memberships.filter(role__in=roles[action])
        allowed = Q(namespace__owner=user) | Q(namespace_id__in=memberships.values("namespace_id"))
        return self.filter(allowed | Q(visibility="public")) if action == "read" else self.filter(allowed)
