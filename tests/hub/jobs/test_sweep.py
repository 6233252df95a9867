"""After a crash: leases go back, waiting jobs wake, folders go."""

import os
import uuid

import pytest

from hub.jobs.models import Job, JobLog
from hub.jobs.services import (
    history_sweep,
    job_cancel,
    job_fail,
    job_publish,
    leases_sweep,
    scratch_sweep,
    waiting_sweep,
)
from hub.jobs.services.leases import database_time
from tests.factories.jobs import claim, expire, key_of, make_job, make_result, make_running

pytestmark = pytest.mark.django_db


def elsewhere(job):
    """As if another host ran it."""
    Job.objects.filter(pk=job.pk).update(lease_host="elsewhere", lease_pid=1)


def test_expired_lease_goes_back_to_the_queue(alice, bells, django_capture_on_commit_callbacks):
    job = make_running(alice)
    elsewhere(job)
    expire(job)
    with django_capture_on_commit_callbacks(execute=True):
        assert leases_sweep() == 1
    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("queued", "lost")
    assert ("workers.ring", ["cpu"], "cpu") in bells
    assert claim().attempt == 2


def test_living_lease_is_left_alone(alice):
    job = make_running(alice)
    assert leases_sweep() == 0
    elsewhere(job)
    assert leases_sweep() == 0
    job.refresh_from_db()
    assert job.state == "running"


@pytest.mark.parametrize(
    "gone", [{"lease_pid": 2**22 - 3}, {"lease_pid": os.getpid(), "lease_started": 1.0}], ids=["pid", "reused pid"]
)
def test_process_that_is_gone_from_this_host_frees_the_job_at_once(alice, gone):
    job = make_running(alice)
    Job.objects.filter(pk=job.pk).update(**gone)
    assert leases_sweep() == 1
    job.refresh_from_db()
    assert job.state == "queued"


def test_errors_when_the_last_attempt_was_lost(alice):
    make_job(alice)
    for _ in range(3):
        job = claim()
        elsewhere(job)
        expire(job)
        leases_sweep()
    job.refresh_from_db()
    assert job.state == "errored"
    assert "lost 3 times" in job.error["message"]


def test_cancelling_job_of_a_lost_worker_is_cancelled(alice):
    job = make_running(alice)
    job_cancel(user=alice, job=job)
    elsewhere(job)
    expire(job)
    leases_sweep()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_waiting_job_is_queued_when_all_it_waits_for_succeeded(alice, tmp_path):
    first, second = make_running(alice, output="alice/a"), None
    second = make_job(alice, depends_on=[first])
    assert claim() is None
    (tmp_path / "README.md").write_text("# A\n")
    job_publish(**key_of(first), result=make_result(tmp_path), folder=tmp_path)
    assert claim().pk == second.pk


def test_waiting_job_fails_when_one_it_waits_for_failed(alice):
    first = make_running(alice)
    second = make_job(alice, depends_on=[first])
    job_fail(**key_of(first), code="bug", message="No.")
    second.refresh_from_db()
    assert second.state == "failed"
    assert f"Job {first.number}" in second.error["message"]


def test_waiting_job_that_nobody_told_is_woken_by_the_sweep(alice):
    first = make_running(alice)
    second = make_job(alice, depends_on=[first])
    Job.objects.filter(pk=first.pk).update(state="succeeded", lease_until=None)
    waiting_sweep()
    second.refresh_from_db()
    assert second.state == "queued"


def test_folders_of_long_ended_jobs_are_deleted(alice, tmp_path):
    running = make_running(alice)
    old, recent = (job_cancel(user=alice, job=make_job(alice)) for _ in range(2))
    Job.objects.filter(pk=old.pk).update(finished_at=database_time(-25 * 3600))
    unknown, other = uuid.uuid4(), tmp_path / "health"
    for name in (running.pk, old.pk, recent.pk, unknown, "health"):
        (tmp_path / str(name)).mkdir()
    assert scratch_sweep(root=tmp_path) == 1
    assert not (tmp_path / str(old.pk)).exists()
    os.utime(tmp_path / str(unknown), (0, 0))
    assert scratch_sweep(root=tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([str(running.pk), str(recent.pk), other.name])


def test_logs_go_after_thirty_days_and_the_job_stays(alice):
    old, recent = make_job(alice), make_job(alice)
    for job in (old, recent):
        JobLog.objects.create(job=job, attempt=0, message="line")
        job_cancel(user=alice, job=job)
    Job.objects.filter(pk=old.pk).update(finished_at=database_time(-31 * 24 * 3600))
    assert history_sweep() == 1
    assert JobLog.objects.get().job == recent
    assert Job.objects.count() == 2
