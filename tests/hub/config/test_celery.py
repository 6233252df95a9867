"""The broker's settings: the values that failures elsewhere taught, and names that lead somewhere."""

import pytest

from hub.config import celery
from hub.config.celery import app, broker_url


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///tmp/a%20b/redis.sock?db=3", "redis+socket:///tmp/a%20b/redis.sock?virtual_host=3"),
    ],
)
def test_a_redis_address_becomes_a_broker_address(redis_url, expected):
    assert broker_url(redis_url) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("broker_connection_max_retries", None),
        ("result_backend", None),
        ("task_serializer", "json"),
        ("accept_content", ["json"]),
        ("task_acks_late", False),
        ("worker_prefetch_multiplier", 1),
        ("worker_disable_prefetch", True),
        ("task_create_missing_queues", False),
        ("task_soft_time_limit", None),
        ("task_time_limit", None),
        ("worker_cancel_long_running_tasks_on_connection_loss", False),
        ("worker_soft_shutdown_timeout", 45.0),
        ("worker_enable_soft_shutdown_on_idle", False),
        ("worker_hijack_root_logger", False),
    ],
)
def test_the_settings_are_those_of_the_design(name, value):
    assert app.conf[name] == value


def test_messages_are_taken_back_no_sooner_than_an_hour_in_every_place_that_says_so():
    assert app.conf.visibility_timeout == 3600
    assert app.conf.broker_transport_options["visibility_timeout"] == 3600
    assert app.conf.result_backend_transport_options["visibility_timeout"] == 3600


def test_it_is_the_app_that_services_send_through():
    from celery import current_app

    assert current_app.main == app.main == "genepool"


def test_rings_expire_before_the_next_one():
    for entry in celery.schedule().values():
        if entry["task"] == "workers.ring":
            assert entry["options"]["expires"] < entry["schedule"]
            assert entry["args"] == (entry["options"]["queue"],)


def test_every_queue_of_a_job_kind_is_rung():
    from workers.contracts.kinds import KINDS

    rung = {entry["args"][0] for entry in celery.schedule().values() if entry["task"] == "workers.ring"}
    assert {kind.queue for kind in KINDS} <= rung
    assert rung < {queue.name for queue in app.conf.task_queues}


def test_every_task_of_the_schedule_is_there():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


# Packing or unpacking a large file takes its time; a lease of its own keeps a second from beginning meanwhile.
LONGER = {"hub.store": 3500, "hub.scan": 3500}


def test_housekeeping_goes_to_its_own_queue_and_has_time_limits():
    app.loader.import_default_modules()
    for name in (name for name in app.tasks if name.startswith("hub.")):
        assert app.amqp.router.route({}, name)["queue"].name == "default"
        task = app.tasks[name]
        assert (task.acks_late, task.reject_on_worker_lost, task.time_limit) == (True, True, LONGER.get(name, 600))


def test_a_ring_has_no_time_limit_and_is_acknowledged_at_once():
    app.loader.import_default_modules()
    ring = app.tasks["workers.ring"]
    assert (ring.acks_late, ring.time_limit, ring.soft_time_limit) == (False, None, None)
