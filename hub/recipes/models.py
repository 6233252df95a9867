"""An administrator's word that a recipe may be carried out although its licences conflict."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from hub.core.models import Identified, TimeStamped


class LicenceOverride(Identified, TimeStamped):
    """For one operation over the same inputs under the same licences into one repo, whoever submits it.

    Never changed: withdrawing it sets `withdrawn_at`, and what was made meanwhile keeps its record.
    """

    fingerprint = models.CharField(
        max_length=64, help_text="of operation, inputs, their licences, target and visibility"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=1000)
    operation = models.CharField(max_length=16)
    target = models.CharField(max_length=200, help_text="ns/name the result goes to")
    blocking = models.JSONField(default=list, help_text="what was overridden: input, licence, clause, reason")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], name="licence_override_once", condition=Q(withdrawn_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["-created_at", "id"], name="licence_override_recent")]

    def __str__(self) -> str:
        return f"{self.by_name} for {self.target}"
