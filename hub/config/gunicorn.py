"""How gunicorn serves the hub, here and in containers. Its threaded worker keeps `%2F` in RAW_URI and streams a large PUT in flat memory."""

import os

from hub.config import logging as log_setup

os.environ.setdefault("DATABASE_POOL", "1")
bind = os.environ.get("BIND", "0.0.0.0:8000")
worker_class = "hub.config.web_worker.WebWorker"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 8
timeout = 60
graceful_timeout = 20
keepalive = 5
# A client that says nothing for so long, or takes longer than this for a megabyte, is gone: it would keep one of the threads for ever.
IDLE_S = 120
max_requests = 2000
max_requests_jitter = 200
control_socket_disable = True  # it would be written into the home folder
accesslog = None
errorlog = "-"
_logging = log_setup.settings_for("INFO")
logconfig_dict = {
    **_logging,
    "loggers": {**_logging["loggers"], "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True}},
}


def post_worker_init(worker):
    """The first visitor need not wait for the routes to be imported."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 asking is what loads them


def pre_request(worker, req):
    """Threads wait for bodies on the bare connection, without an end: a client that vanished in the middle of an upload would keep its
    place among those that may send at once."""
    req.unreader.sock.settimeout(IDLE_S)


def child_exit(server, worker):
    """A web process that ends takes its gauges out of /metrics; what it counted stays."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
