"""The Celery app and its settings. The database is the ledger and the broker a doorbell: why each value is so, is in the docs.

Tasks are named by string: the web sends them without importing the code that carries them out.
"""

import os
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from celery import Celery, signals
from celery.exceptions import CPendingDeprecationWarning
from celery.platforms import SecurityWarning
from celery.schedules import crontab
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")

from django.conf import settings

from hub.config import logging as log_setup

QUEUES = ("cpu", "default", "gpu", "io")
RUNG_QUEUES = ("cpu", "gpu", "io")  # jobs lie in these; `default` holds housekeeping alone
RING_S = 15
VISIBILITY_S = 3600


def broker_url(redis_url: str) -> str:
    """redis-py writes a socket as unix:///path?db=1, kombu as redis+socket:///path?virtual_host=1."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = dict(parse_qsl(parts.query)).get("db", "0")
    password = f":{parts.password}@" if parts.password else ""
    return f"redis+socket://{password}{parts.path}?virtual_host={database}"


def schedule() -> dict[str, dict[str, Any]]:
    """A ring that nobody answered expires before the next one: bells never pile up."""
    rings = {
        f"ring-{queue}": {
            "task": "workers.ring",
            "schedule": float(RING_S),
            "args": (queue,),
            "options": {"queue": queue, "expires": RING_S - 1},
        }
        for queue in RUNG_QUEUES
    }
    return {
        **rings,
        "sweep": {"task": "hub.sweep", "schedule": float(settings.SWEEP_S), "options": {"expires": settings.SWEEP_S}},
        "housekeeping": {"task": "hub.housekeeping", "schedule": crontab(hour=3, minute=17)},
        "rank-all": {"task": "hub.rank_all", "schedule": crontab(hour=2, minute=41)},
        "imports-refresh": {"task": "hub.imports_refresh", "schedule": crontab(hour=1, minute=23)},
    }


# About pickled messages sent to root: ours are JSON and nothing else is taken. About a default that changes: it is set below.
for warning in (SecurityWarning, CPendingDeprecationWarning):
    warnings.filterwarnings("ignore", category=warning)

app = Celery(
    "genepool",
    include=[
        "workers.runtime.tasks",
        "hub.catalog.tasks",
        "hub.jobs.tasks",
        "hub.imports.tasks",
        "hub.evals.tasks",
        "hub.config.housekeeping",
    ],
)
app.set_default()
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_S,
        "global_keyprefix": "hub:",
        "socket_keepalive": True,
        "health_check_interval": 25,
        "socket_timeout": 30,
        "retry_on_timeout": True,
    },
    visibility_timeout=VISIBILITY_S,
    result_backend=None,  # the job row is the result
    result_backend_transport_options={"visibility_timeout": VISIBILITY_S},
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=False,  # bells; housekeeping tasks say otherwise for themselves
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    task_default_queue="default",
    task_queues=[Queue(name, Exchange("genepool"), routing_key=name) for name in QUEUES],
    task_default_exchange="genepool",
    task_default_routing_key="default",
    task_routes={"hub.*": {"queue": "default"}},
    task_create_missing_queues=False,  # a typo must fail
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=45.0,
    worker_enable_soft_shutdown_on_idle=False,
    worker_max_tasks_per_child=50,
    worker_max_memory_per_child=1_500_000,  # KiB; a supervisor that grows beyond it is replaced between two bells
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_proc_alive_timeout=30,
    task_publish_retry_policy={"max_retries": 3, "interval_start": 0, "interval_max": 1},
    timezone="UTC",
    beat_schedule=schedule(),
)


@signals.setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery leaves logging alone when somebody answers this signal."""
    log_setup.configure(settings.LOG_LEVEL)


@signals.task_prerun.connect
def _bind_task(task: Any = None, task_id: str = "", args: Any = (), **_: object) -> None:
    log_setup.bind(
        task=task.name, task_id=task_id, queue=str(args[0]) if task.name == "workers.ring" and args else None
    )


@signals.task_postrun.connect
def _forget_task(**_: object) -> None:
    log_setup.clear()


@signals.worker_ready.connect
def _say_ready(**_: object) -> None:
    """Whoever started this worker may wait for the file."""
    path = os.environ.get("WORKER_READY_FILE")
    if path:
        Path(path).touch()
