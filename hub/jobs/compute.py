"""Computing time per owner: what the last 30 days took, and whether there is some left. Asked when a job is submitted."""

from datetime import timedelta

from django.conf import settings
from django.db.models import FloatField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from hub.accounts.models import Namespace, User
from hub.core.errors import ApplicationError
from hub.jobs.models import Job
from hub.jobs.states import ACTIVE
from workers.contracts.jobs import JobRequest

DAYS = 30


class ComputeExceeded(ApplicationError):
    status, code, title = 403, "compute_quota_exceeded", "No computing time left"


def charged_namespace(owner: User, request: JobRequest) -> Namespace | None:
    """Where the result goes, else whose job it is: their own namespace, or a service account's organisation."""
    output = request.recipe.get("output")
    name = str(output.get("repo") or "").partition("/")[0] if isinstance(output, dict) else ""
    found = Namespace.objects.filter(name__iexact=name).first() if name else None
    return found or Namespace.objects.filter(owner=owner).first() or owner.service_of


def compute_limit(namespace: Namespace) -> int:
    """Seconds per 30 days; 0 is no limit."""
    return settings.QUOTA_COMPUTE_S if namespace.quota_compute_s is None else namespace.quota_compute_s


def compute_used(namespace: Namespace) -> float:
    """Wall seconds of every attempt that ended within 30 days, and what runs now as far as it has run."""
    now = timezone.now()
    jobs = Job.objects.filter(charged_to=namespace)
    ended = jobs.filter(finished_at__gte=now - timedelta(days=DAYS)).aggregate(
        total=Sum(Cast(KT("cost__wall_s"), FloatField()))
    )["total"]
    running = jobs.filter(state__in=ACTIVE, started_at__isnull=False).values_list("started_at", flat=True)
    running_s: float = sum((now - started).total_seconds() for started in running)
    return float(ended or 0.0) + running_s


def compute_check(namespace: Namespace | None) -> None:
    limit = compute_limit(namespace) if namespace is not None else 0
    if not limit or namespace is None:
        return
    used = compute_used(namespace)
    if used >= limit:
        raise ComputeExceeded(
            f"{namespace.name} has used {used:.0f} s of computing in the last {DAYS} days, and its quota is {limit} s. "
            "Wait until older jobs are no longer counted, or ask an administrator for more."
        )
