"""Who sees which job: its owner, and staff. A job whose result is public is not itself public: its recipe may name private repos.

A limited token sees those that read and make nothing but what it may see.
"""

from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q

from hub.accounts.limits import limited_token
from hub.accounts.models import Namespace, User
from hub.catalog.models import Repo


class JobQuerySet(models.QuerySet["Job"]):  # type: ignore[name-defined]
    def visible_to(self, user: AbstractBaseUser | AnonymousUser | None, action: str = "read") -> Self:
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        rows = self.all() if user.is_staff else self.filter(owner=user)
        return rows if limited_token(user) is None else rows._within(user)

    def _within(self, user: User) -> Self:
        """SECURITY: repos by what they are now; a target that is not made yet by its name."""
        token = limited_token(user)
        if token is None:
            return self
        seen = Repo.objects.visible_to(user, "read").values("pk")
        outside = {"job_id": OuterRef("pk")}
        read = self.model._meta.get_field("inputs").related_model.objects.filter(**outside).exclude(repo__in=seen)
        made = self.model._meta.get_field("outputs").related_model.objects.filter(**outside).exclude(
            Q(repo__in=seen) | Q(role="file")
        )  # fmt: skip
        target = Q(request__recipe__output__isnull=True) | Q(request__recipe__output=None)
        for name in Namespace.objects.filter(pk__in=token.namespace_ids).values_list("name", flat=True):
            target |= Q(request__recipe__output__repo__istartswith=f"{name}/")
        for name in Repo.objects.filter(pk__in=token.repo_ids).values_list("full_name", flat=True):
            target |= Q(request__recipe__output__repo__iexact=name)
        return self.filter(target, ~Exists(read), ~Exists(made))
