"""Who sees which job: its owner, and staff. A job whose result is public is not itself public: its recipe may name private repos."""

from django.contrib.auth.models import AnonymousUser
from django.db import models


class JobQuerySet(models.QuerySet["Job"]):  # type: ignore[name-defined]
    def visible_to(self, user, action: str = "read"):
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        return self.all() if user.is_staff else self.filter(owner=user)
