"""Carrying out webhook deliveries: signed, at least once, with growing pauses for a day."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from hub.core.http_client import HttpError, post_json
from hub.jobs.models import WebhookDelivery
from hub.jobs.services.leases import database_time
from workers.contracts.version import VERSION

PAUSES_S = (10, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600)
GIVE_UP_AFTER = timedelta(hours=24)
_TRY_S = 120.0  # longer than one try can last: until then nobody else takes the row
_OPEN = Q(delivered_at=None, gave_up_at=None)


def signature_make(*, secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, so that an old body cannot be sent again under a new time."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliveries_send(*, limit: int = 100) -> int:
    """Sends what is due, oldest first; gives the number of tries. Two callers at once never send the same row."""
    if settings.OFFLINE:
        return 0
    tried = 0
    while tried < limit:
        with transaction.atomic():
            due = WebhookDelivery.objects.filter(_OPEN, next_try_at__lte=Now()).order_by(
                "created_at", "payload__sequence"
            )
            delivery = due.select_for_update(skip_locked=True).first()
            if delivery is None:
                return tried
            delivery.tries += 1
            delivery.next_try_at = database_time(_TRY_S)
            delivery.save(update_fields=["tries", "next_try_at", "updated_at"])
        delivery_send(delivery_id=delivery.pk)
        tried += 1
    return tried


def delivery_send(*, delivery_id: UUID) -> bool:
    """One try at one delivery. Anything but a 2xx answer is a failure; the pause grows until a day has gone."""
    delivery = WebhookDelivery.objects.select_related("webhook").get(pk=delivery_id)
    webhook, body = delivery.webhook, json.dumps(delivery.payload, sort_keys=True).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Genepool/{VERSION}",
        "X-Genepool-Event": "job.state",
        "X-Genepool-Delivery": str(delivery.pk),
        "X-Genepool-Timestamp": timestamp,
        "X-Genepool-Signature": signature_make(secret=webhook.secret, timestamp=timestamp, body=body),
    }
    try:
        status: int | None = post_json(webhook.url, body=body, headers=headers, allowed_hosts=settings.WEBHOOK_HOSTS)
        error = "" if status is not None and 200 <= status < 300 else f"The receiver answered {status}."
    except HttpError as problem:
        status, error = None, str(problem)
    changes: dict[str, object] = {"last_status": status, "last_error": error[:300]}
    if not error:
        changes["delivered_at"] = Now()
    elif timezone.now() - delivery.created_at >= GIVE_UP_AFTER or not webhook.is_active:
        changes["gave_up_at"] = Now()
    else:
        changes["next_try_at"] = database_time(PAUSES_S[min(delivery.tries, len(PAUSES_S)) - 1])
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**changes)
    return not error
