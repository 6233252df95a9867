"""Work of the catalogue that takes longer than a request, in the `default` queue."""

from celery import shared_task


@shared_task(
    name="hub.store", acks_late=True, reject_on_worker_lost=True, soft_time_limit=3300, time_limit=3500, ignore_result=True
)  # fmt: skip
def store(repo_id: str) -> None:
    """Keeps the weights of a repo whole or as differences, as was asked for last."""
    # numpy and the packing are loaded here only: whoever sends the task by its name stays small
    from hub.catalog.storing_work import storing_run

    storing_run(repo_id)


@shared_task(
    name="hub.scan", acks_late=True, reject_on_worker_lost=True, soft_time_limit=3300, time_limit=3500, ignore_result=True
)  # fmt: skip
def scan() -> None:
    """Searches weight files that nobody looked at for NaN and infinity."""
    from hub.catalog.scanning import scans_run

    scans_run()
