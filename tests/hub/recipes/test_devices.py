"""A merge goes to a worker with a GPU where one beats the disk, and the check says why it does or does not."""

import pytest

from hub.jobs.services import worker_seen
from hub.recipes.services import recipe_check, recipe_submit
from workers.planning import estimate
from workers.planning.devices import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def gpu_worker():
    worker_seen(name="gpu@there/0", host="there", queues=["gpu"], device="H100", vram_bytes=80 * 2**30)


@pytest.fixture
def heavy(monkeypatch):
    monkeypatch.setattr(
        estimate, "place_of", lambda *args, **named: Place(learns=False, merges=True, reason="It pays.")
    )


def test_a_small_merge_stays_on_the_cpu_and_says_why(alice, family, document, gpu_worker):
    found = recipe_check(user=alice, document=document()).check.estimate
    assert not found.prefers_gpu
    assert found.device_reason == (
        "The merge runs on the CPU: TIES keeps up with the disk there, and a GPU would wait for it too."
    )
    job, _ = recipe_submit(user=alice, document=document())
    assert (job.queue, job.request["device"]) == ("cpu", "cpu")


def test_a_merge_that_pays_goes_to_the_gpu(alice, family, document, gpu_worker, heavy):
    job, _ = recipe_submit(user=alice, document=document())
    assert (job.queue, job.request["device"]) == ("gpu", "cuda")


def test_without_a_gpu_it_runs_on_the_cpu(alice, family, document, heavy):
    job, _ = recipe_submit(user=alice, document=document())
    assert (job.queue, job.request["device"]) == ("cpu", "cpu")
