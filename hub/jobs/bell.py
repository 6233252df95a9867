"""The doorbell. A message only says that there may be work: lost, doubled and late ones do no harm."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def _send(name: str, args: list[str], queue: str) -> None:
    try:
        current_app.send_task(name, args=args, queue=queue, ignore_result=True, expires=60)
    except (OperationalError, OSError) as error:
        # The row is the job. Beat rings every queue again within seconds, so a broker that is away only costs time.
        logger.warning("bell not rung: %s", error, extra={"task": name, "queue": queue})


def ring(queue: str) -> None:
    """Once the running transaction is committed, tells the workers of `queue` that there may be work."""
    transaction.on_commit(lambda: _send("workers.ring", [queue], queue), robust=True)


def send_after_commit(name: str, *args: str) -> None:
    """Starts a housekeeping task by name once the running transaction is committed."""
    transaction.on_commit(lambda: _send(name, list(args), "default"), robust=True)
