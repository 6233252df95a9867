"""Every night: has the source moved? The look itself is a job, so that it is retried, resumed and cancelled like any other."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from hub.core.errors import ApplicationError
from hub.imports.endpoints import endpoint_choose
from hub.imports.models import Import
from hub.imports.services import import_again
from hub.jobs.states import FINAL

logger = logging.getLogger(__name__)
NIGHTLY_MOST = 500
TOKEN_KEPT = timedelta(days=1)


def imports_refresh(*, limit: int = NIGHTLY_MOST) -> int:
    """Starts a look at the source of every import that asks for it, those longest not looked at first; gives their number.

    Nothing is started where IMPORT_REFRESH is off, the hub is offline, the source is no longer allowed, or one is under way.
    """
    if not settings.IMPORT_REFRESH or settings.OFFLINE:
        return 0
    rows = Import.objects.select_related("repo", "owner", "job").filter(
        refresh=True, repo__isnull=False, owner__is_active=True
    )
    started = 0
    for origin in rows.filter(Q(job=None) | Q(job__state__in=FINAL)).order_by("checked_at", "pk")[:limit]:
        try:
            endpoint_choose(origin.endpoint)
            # Its first job is the parent: a look that finds nothing new tells nobody, and counts against no queue.
            import_again(origin=origin, parent=origin.job.parent or origin.job if origin.job is not None else None)
            started += 1
        except ApplicationError as error:
            logger.warning("import not refreshed: %s", error, extra={"target": origin.target})
    return started


def tokens_forget() -> int:
    """Sealed tokens of imports that ended otherwise than well a day ago, and that nobody refreshes, go. Gives their number."""
    old = timezone.now() - TOKEN_KEPT
    ended = Import.objects.filter(refresh=False, job__state__in=FINAL, job__finished_at__lt=old).exclude(
        sealed_token=""
    )
    return ended.update(sealed_token="")
