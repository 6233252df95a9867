"""The real configuration of the server, for tests: few threads, one upload at a time, and nobody waits long for a client that is gone."""

from threading import BoundedSemaphore

from hub.config import gunicorn as real
from hub.config.gunicorn import *  # noqa: F403 every setting of the real one
from hub.config.web_worker import WebWorker

real.IDLE_S = 1
WebWorker.head_s = 1
workers = 1
threads = 2


def post_worker_init(worker):
    from hub.hfapi import places

    real.post_worker_init(worker)
    places._PLACES = BoundedSemaphore(1)
