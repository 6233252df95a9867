"""What is long over: jobs that left nothing behind go after half a year."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from hub.jobs.models import Job, JobOutput
from hub.jobs.states import FINAL

KEEP_DAYS = 180
BATCH = 200


def jobs_forget() -> int:
    """Deletes ended jobs after 180 days. A job whose result is still in the catalogue stays: its page tells how that was made."""
    cutoff = timezone.now() - timedelta(days=KEEP_DAYS)
    something = JobOutput.objects.filter(job=OuterRef("pk")).exclude(commit=None, blob=None)
    # A family of jobs is one story: it goes when its first one may go, and with it its children.
    alive = Job.objects.filter(parent=OuterRef("pk")).exclude(finished_at__lt=cutoff)
    old = (
        Job.objects.filter(state__in=FINAL, finished_at__lt=cutoff, parent=None)
        .exclude(Exists(something))
        .exclude(Exists(alive))
        .exclude(Exists(Job.objects.filter(Exists(something), parent=OuterRef("pk"))))
        .exclude(dependents__isnull=False)
    )
    count = 0
    while some := list(old.values_list("pk", flat=True)[:BATCH]):
        Job.objects.filter(pk__in=some).delete()
        count += len(some)
    return count
