"""Webhooks: who is told of state changes, and the rows that say what is still to be told."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.functions import Now

from hub.accounts.limits import account_check
from hub.accounts.models import User
from hub.core.errors import Invalid, NotFound, TooMany
from hub.core.http_client import Blocked, address_check
from hub.jobs import bell
from hub.jobs.models import Job, JobEvent, Webhook, WebhookDelivery
from hub.jobs.states import public_state

WEBHOOKS_PER_OWNER = 20


def webhook_create(*, owner: User, url: str) -> Webhook:
    """Adds a receiver. Its secret is made here and shown once."""
    account_check(owner, "add webhooks")
    host = _host_of(url)
    if not host:
        raise Invalid("The address must look like https://example.org/hook, without a name or password in it.")
    try:
        address_check(host, allowed_hosts=settings.WEBHOOK_HOSTS)
    except Blocked as error:
        raise Invalid(str(error)) from None
    if Webhook.objects.filter(owner=owner).count() >= WEBHOOKS_PER_OWNER:
        raise TooMany(f"You have {WEBHOOKS_PER_OWNER} webhooks. Delete one to add another.")
    return Webhook.objects.create(owner=owner, url=url, secret=secrets.token_hex(32))


def _host_of(url: str) -> str:
    """The host of an address that can be called, else "": spaces, line ends and ports out of range are none."""
    if len(url) > 500 or not url.isascii() or not url.isprintable() or " " in url:
        return ""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and not parts.username and not parts.password and parts.port != 0
    except ValueError:
        return ""
    return (parts.hostname or "") if is_good else ""


def webhook_delete(*, owner: User, webhook_id: str) -> None:
    account_check(owner, "delete webhooks")
    deleted, _ = Webhook.objects.filter(owner=owner, pk=webhook_id).delete()
    if not deleted:
        raise NotFound()


def deliveries_add(*, job: Job, event: JobEvent) -> None:
    """One delivery per receiver of the owner, in the transaction of the state change: neither without the other."""
    webhooks = list(Webhook.objects.filter(owner_id=job.owner_id, is_active=True))
    if not webhooks:
        return
    payload = {
        "schema": 1,
        "type": "job.state",
        "sequence": event.pk,
        "at": event.at.isoformat(),
        "job": {
            "id": str(job.pk),
            "number": job.number,
            "kind": job.kind,
            "title": job.title,
            "state": public_state(job.state),
            "attempt": job.attempt,
            "error": {key: job.error.get(key) for key in ("code", "message")} if job.error else None,
            "url": f"{settings.SITE_URL}/jobs/{job.number}",
        },
    }
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, job=job, payload=payload, next_try_at=Now()) for webhook in webhooks
    )
    bell.send_after_commit("hub.deliver")
