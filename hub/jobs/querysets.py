"""Who sees which job: its owner, and staff. A job whose result is public is not itself public: its recipe may name private repos."""

from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models


class JobQuerySet(models.QuerySet["Job"]):  # type: ignore[name-defined]
    def visible_to(self, user: AbstractBaseUser | AnonymousUser | None, action: str = "read") -> Self:
        if not isinstance(user, AbstractUser) or not user.is_active:
            return self.none()
        return self.all() if user.is_staff else self.filter(owner=user)
