"""What people see of the ledger."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.core.errors import NotFound
from hub.jobs.models import Worker
from hub.jobs.selectors import (
    device_for,
    events_after,
    job_get,
    job_list,
    log_after,
    queue_of,
    running_count,
    workers_seen,
)
from hub.jobs.services import job_events_append, job_fail, worker_seen
from tests.factories.jobs import claim, key_of, make_job, make_repo, make_running
from workers.contracts.events import LogEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(db):
    worker_seen(name="cpu@here/0", host="here", queues=["cpu"], memory_bytes=4 * 2**30, bell=True)
    return Worker.objects.get()


def test_finds_a_job_by_number_and_by_id(alice):
    job = make_job(alice)
    assert (
        job_get(user=alice, ident=job.number)
        == job_get(user=alice, ident=str(job.number))
        == job_get(user=alice, ident=str(job.pk))
        == job
    )


@pytest.mark.parametrize("ident", ["0", "x", "", "9" * 40, "00000000-0000-0000-0000-000000000000", "١"])
def test_unknown_names_are_not_found(alice, ident):
    with pytest.raises(NotFound):
        job_get(user=alice, ident=ident)


def test_jobs_of_others_are_not_there_except_for_staff(alice, charlie, root):
    job = make_job(alice)
    with pytest.raises(NotFound):
        job_get(user=charlie, ident=job.number)
    assert job_get(user=root, ident=job.number) == job
    assert list(job_list(user=charlie)) == []


def test_lists_newest_first_by_public_state_kind_owner_and_repo(alice, root):
    repo = make_repo(alice, "digits")
    first = make_running(alice, inputs=(repo,))
    waiting = make_job(alice, depends_on=[first])
    assert list(job_list(user=alice)) == [waiting, first]
    assert list(job_list(user=alice, state="queued")) == [waiting]
    assert list(job_list(user=alice, state="running")) == [first]
    assert list(job_list(user=alice, kind="merge")) == []
    assert list(job_list(user=root, owner="Alice", repo="ALICE/digits")) == [first]


def test_pages_of_events_and_log_go_on_after_the_last(alice):
    job = make_running(alice)
    job_events_append(**key_of(job), events=[LogEvent(message="one"), LogEvent(message="two")])
    events, lines = events_after(job), log_after(job)
    assert [event.data["state"] for event in events] == ["queued", "running"]
    assert [line.message for line in log_after(job, lines[0].pk)] == ["two"]
    assert events_after(job, events[-1].pk) == []


def test_queue_says_the_place_and_that_no_worker_is_there(alice):
    make_job(alice)
    second = make_job(alice)
    assert queue_of(second) == {"position": 2, "reason": "waits for a worker: none has reported for the queue cpu"}


def test_queue_says_that_it_waits_for_a_slot(alice, worker):
    first, second = make_job(alice), make_job(alice)
    assert queue_of(first)["reason"] == "waits for a free CPU slot"
    assert queue_of(second) == {"position": 2, "reason": "waits for a free CPU slot, 1 before it"}


def test_queue_says_when_it_is_the_quota(alice, worker, settings):
    settings.RUNNING_PER_OWNER = 1
    make_job(alice)
    job = make_job(alice)
    claim()
    assert queue_of(job) == {"position": None, "reason": "waits until one of your 1 running jobs ends"}
    assert running_count(alice) == 1


def test_queue_says_when_no_worker_is_large_enough(alice, worker):
    job = make_job(alice, memory_bytes=8 * 2**30)
    assert queue_of(job)["reason"] == "needs 8.0 GiB of memory, the largest worker has 4.0 GiB"


def test_queue_says_what_it_depends_on_and_when_it_is_tried_again(alice, worker):
    first = make_running(alice)
    assert queue_of(make_job(alice, depends_on=[first]))["reason"] == f"waits for job {first.number}"
    job = job_fail(**key_of(first), code="transient", message="Storage away.")
    assert queue_of(job)["reason"].startswith("tries again in about 1")
    assert queue_of(make_running(alice)) == {"position": None, "reason": ""}


def test_a_worker_is_alive_for_a_minute_after_it_reported(worker):
    assert [seen.is_alive for seen in workers_seen()] == [True]
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    assert [seen.is_alive for seen in workers_seen()] == [False]
    Worker.objects.update(seen_at=timezone.now() - timedelta(days=2))
    assert workers_seen() == []


def test_a_worker_keeps_one_row(worker):
    worker_seen(name="cpu@here/0", host="here", queues=["cpu"])
    assert Worker.objects.get().last_bell_at is not None


def test_a_gpu_is_used_while_a_worker_with_room_on_one_is_alive(worker):
    assert device_for(memory_bytes=0) == "cpu"
    worker_seen(name="gpu@there/0", host="there", queues=["gpu"], device="H100", vram_bytes=80 * 2**30)
    assert device_for(memory_bytes=2**30) == "cuda"
    assert device_for(memory_bytes=81 * 2**30) == "cpu"
    Worker.objects.filter(name="gpu@there/0").update(seen_at=timezone.now() - timedelta(minutes=2))
    assert device_for(memory_bytes=2**30) == "cpu"
