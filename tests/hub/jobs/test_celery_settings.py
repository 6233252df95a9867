"""The doorbell's settings that matter: nothing is lost by a late, doubled or missing message."""

import subprocess
import sys

import pytest

from hub.config.celery import app, broker_url


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("redis://redis:6379/0", "redis://redis:6379/0"),
        ("unix:///run/x/redis.sock?db=3", "redis+socket:///run/x/redis.sock?virtual_host=3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix://:word@/run/redis.sock?db=1", "redis+socket://:word@/run/redis.sock?virtual_host=1"),
    ],
)
def test_broker_address_is_respelled_for_sockets(given, wanted):
    assert broker_url(given) == wanted


def test_bells_never_pile_up():
    rings = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == "workers.ring"]
    assert {entry["args"] for entry in rings} == {("cpu",), ("gpu",), ("io",)}
    assert all(entry["options"]["expires"] < entry["schedule"] for entry in rings)
    assert all(entry["options"]["queue"] == entry["args"][0] for entry in rings)


def test_time_of_a_ring_belongs_to_the_supervisor_and_housekeeping_is_short():
    app.loader.import_default_modules()
    ring = app.tasks["workers.ring"]
    assert (ring.time_limit, ring.soft_time_limit, ring.acks_late) == (None, None, False)
    for name in ("hub.sweep", "hub.deliver", "hub.mail"):
        task = app.tasks[name]
        assert task.acks_late
        assert task.reject_on_worker_lost
        assert task.time_limit == 600


def test_no_pickle_no_results():
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_backend is None
    assert app.conf.task_create_missing_queues is False


def test_parent_process_loads_no_torch():
    code = (
        "import sys, hub.config.celery as c; c.app.loader.import_default_modules();"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'triton', 'transformers'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
