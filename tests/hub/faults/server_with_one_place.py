"""The real configuration of the server, for tests: one upload at a time, and nobody waits long for a client that is gone."""

from threading import BoundedSemaphore

from hub.config import gunicorn as real
from hub.config.gunicorn import *  # noqa: F403 every setting of the real one

real.IDLE_S = 1
workers = 1


def post_worker_init(worker):
    from hub.hfapi import places

    real.post_worker_init(worker)
    places._PLACES = BoundedSemaphore(1)
