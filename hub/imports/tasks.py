"""Housekeeping of imports, in the `default` queue."""

from celery import shared_task

from hub.imports.refreshing import imports_refresh, tokens_forget


@shared_task(
    name="hub.imports_refresh", acks_late=True, reject_on_worker_lost=True, soft_time_limit=540, time_limit=600, ignore_result=True
)  # fmt: skip
def refresh() -> None:
    """Once a night."""
    tokens_forget()
    imports_refresh()
