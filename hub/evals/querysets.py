"""Who sees which evaluation: whoever may read the model, and the dataset that it was measured on."""

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from hub.accounts.models import User
from hub.catalog.models import Repo


class EvaluationQuerySet(models.QuerySet["Evaluation"]):  # type: ignore[name-defined]
    def visible_to(self, user: User | AnonymousUser | None, action: str = "read") -> "EvaluationQuerySet":
        """Data without a commit is built in and everybody's; data with one whose repo is gone is nobody's any more."""
        readable = Repo.objects.visible_to(user, action).values("pk")
        built_in = Q(data_repo__isnull=True, data_commit="")
        return self.filter(Q(repo_id__in=readable) & (built_in | Q(data_repo_id__in=readable)))
