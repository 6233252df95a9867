"""Housekeeping in the `default` queue: short, idempotent, acknowledged late."""

from celery import shared_task
from django.conf import settings

from hub.jobs.models import WebhookDelivery
from hub.jobs.services import deliveries_send, leases_sweep, notice_mail, waiting_sweep
from hub.jobs.services.leases import database_time

BATCH = 20
_HOUSEKEEPING = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "soft_time_limit": 540,
    "time_limit": 600,
    "ignore_result": True,
}


@shared_task(name="hub.sweep", **_HOUSEKEEPING)
def sweep() -> None:
    """Every SWEEP_S: frees lost leases, wakes waiting jobs, sends what is due."""
    leases_sweep()
    waiting_sweep()
    if WebhookDelivery.objects.filter(delivered_at=None, gave_up_at=None, next_try_at__lte=database_time()).exists():
        deliver.delay()


@shared_task(name="hub.deliver", **_HOUSEKEEPING)
def deliver() -> None:
    """Sends webhook deliveries that are due. Each try ends within half a minute; a hundred slow ones must not fill the task's time."""
    if not settings.OFFLINE and deliveries_send(limit=BATCH) == BATCH:
        deliver.delay()


@shared_task(name="hub.mail", **_HOUSEKEEPING)
def mail(notice_id: str) -> None:
    notice_mail(notice_id=int(notice_id))
