"""Devices: where somebody is signed in. One row per session, so that it can be shown and ended from elsewhere."""

import hashlib
import logging
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError

from hub.accounts.audit import audit
from hub.accounts.models import Device, User
from hub.core.errors import NotFound

SEEN_STEP = timedelta(minutes=5)
BROWSER_LENGTH = 200
log = logging.getLogger(__name__)


def device_seen(request: HttpRequest, address: str | None) -> None:
    """Notes that a session is in use, at most once every five minutes. Never stands in the way of an answer."""
    key = request.session.session_key if hasattr(request, "session") else None
    user: Any = getattr(request, "user", None)
    if not key or not isinstance(getattr(user, "pk", None), int) or "HTTP_AUTHORIZATION" in request.META:
        return
    if not _is_due(key, address):
        return
    seen = {
        "user_id": user.pk, "address": address, "seen_at": timezone.now(),
        "browser": _printable(request.META.get("HTTP_USER_AGENT", ""))[:BROWSER_LENGTH],
    }  # fmt: skip
    try:
        with transaction.atomic():
            Device.objects.update_or_create(session_key=key, defaults=seen)
    except DatabaseError as error:
        log.warning("a device is not noted: %s", type(error).__name__)


def _is_due(key: str, address: str | None) -> bool:
    name = hashlib.sha256(f"{key} {address}".encode()).hexdigest()[:32]
    try:
        return bool(cache.add(f"device:{name}", 1, timeout=int(SEEN_STEP.total_seconds())))
    except RedisError:
        return False


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def sessions_of(user: User) -> list[Device]:
    """Those that are still good, the latest used first."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return list(Device.objects.filter(user=user, session_key__in=live).order_by("-seen_at", "id"))


@transaction.atomic
def session_end(*, user: User, ident: UUID | str) -> None:
    """That device has to sign in again."""
    device = Device.objects.filter(user=user, pk=ident).first()
    if device is None:
        raise NotFound()
    _end(device)
    audit("user.sign_out", actor=user, subject=user.username, sessions=1)


@transaction.atomic
def sessions_end(*, user: User, but: str | None = None) -> int:
    """All of them, but for the session key `but`: that of who asks."""
    devices = [device for device in Device.objects.filter(user=user) if device.session_key != but]
    for device in devices:
        _end(device)
    if devices:
        audit("user.sign_out", actor=user, subject=user.username, sessions=len(devices))
    return len(devices)


def sessions_drop(user: User) -> None:
    """Ends them all, for a service that writes its own line in the log."""
    for device in Device.objects.filter(user=user):
        _end(device)


def devices_forget() -> int:
    """Rows of sessions that have ended."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return Device.objects.exclude(session_key__in=live).delete()[0]


def _end(device: Device) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    store(device.session_key).delete()
    device.delete()
