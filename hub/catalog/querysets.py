"""`visible_to`: the only filter that decides which repos a person sees. Every read starts here."""

from typing import TYPE_CHECKING, Any, Self

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

    def open_to(self, user: "User | AnonymousUser | None") -> Self:
        """Those whose files `user` may read: visible, not taken down, and past the gate where there is one.

        Past the gate are administrators, everybody in the repo's namespace, and who was let in. A limited token gets through only for
        what it is limited to: what is gated is not public.
        """
        repos = self.visible_to(user, "read").filter(disabled_reason="")
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return repos.filter(gated="")
        inside = Q() if user.is_superuser else _inside(user) | Q(pk__in=_accepted(user))
        if user.token is not None and user.token.is_limited:
            inside &= Q(namespace_id__in=user.token.namespace_ids) | Q(pk__in=user.token.repo_ids)
        return repos.filter(Q(gated="") | inside) if inside else repos


def _inside(user: "User") -> Q:
    return Q(namespace__owner=user) | Q(namespace_id__in=user.memberships.values("namespace_id"))


def _accepted(user: "User") -> models.QuerySet[Any, Any]:
    return user.access_requests.filter(state="accepted").values("repo_id")
