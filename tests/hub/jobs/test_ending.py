"""How attempts end: whose fault it was decides the state, and a late attempt changes nothing."""

import pytest
from django.db import IntegrityError

from hub.core.errors import Conflict
from hub.jobs.models import Job, JobEvent, JobLog
from hub.jobs.services import (
    LeaseLost,
    job_cancel,
    job_events_append,
    job_fail,
    job_heartbeat,
    job_release,
    job_transition,
    job_watch,
)
from hub.jobs.services.leases import database_time
from hub.jobs.states import ALLOWED, FINAL, State
from tests.factories.jobs import claim, expire, key_of, make_job, make_running
from workers.contracts.events import CheckpointEvent, LogEvent, MetricEvent, ProgressEvent, StepEvent
from workers.contracts.findings import Finding

pytestmark = pytest.mark.django_db


def fail(job, code, **options):
    return job_fail(**key_of(job), code=code, message=f"It was {code}.", **options)


def due_now(job):
    Job.objects.filter(pk=job.pk).update(not_before=None)


def test_user_error_fails_at_once_with_its_findings(alice):
    finding = Finding(code="nan", severity="error", message="NaN in layer 0.", stage="run")
    job = fail(make_running(alice), "user_error", findings=(finding,))
    assert job.state == "failed"
    assert job.error["findings"][0]["code"] == "nan"
    assert job.finished_at is not None
    assert job.lease_until is None


def test_transient_error_waits_longer_each_time_then_errors(alice):
    make_job(alice)
    for attempt, pause in ((1, 10), (2, 60)):
        job = fail(claim(), "transient")
        assert (job.state, job.attempt) == ("queued", attempt)
        assert Job.objects.filter(
            pk=job.pk, not_before__gt=database_time(pause - 3), not_before__lt=database_time(pause * 1.25 + 3)
        ).exists()
        assert claim() is None
        due_now(job)
    assert fail(claim(), "transient").state == "errored"


def test_lack_of_memory_is_tried_once_more_with_half_of_it(alice):
    job = fail(make_running(alice, memory_bytes=8 * 2**30), "resource", cost={"peak_memory_bytes": 2**30})
    assert job.state == "queued"
    again = claim()
    assert again.request["memory_bytes"] == 4 * 2**30
    assert fail(again, "resource").state == "errored"


def test_the_second_attempt_is_allowed_what_the_run_needs_at_least(alice):
    job = make_running(alice, memory_bytes=300 * 2**20)
    job.check_report = {"estimate": {"least_memory_bytes": 250 * 2**20}}
    job.save()
    fail(job, "resource")
    assert claim().request["memory_bytes"] == 250 * 2**20


@pytest.mark.parametrize("code", ["killed", "hung"])
def test_lost_process_is_tried_again_at_once(alice, code):
    make_job(alice)
    for _ in range(2):
        assert fail(claim(), code).state == "queued"
    assert fail(claim(), code).state == "errored"


@pytest.mark.parametrize("code", ["bug", "limit"])
def test_errors_of_ours_are_not_repeated(alice, code):
    job = fail(make_running(alice), code, traceback="Traceback: /srv/worker/secret/file.py")
    assert job.state == "errored"
    assert "/srv/worker" not in job.traceback


def test_costs_add_up_over_attempts_and_memory_is_the_peak(alice):
    fail(make_running(alice), "killed", cost={"wall_s": 2.0, "cpu_s": 1.0, "peak_memory_bytes": 10})
    job = fail(claim(), "killed", cost={"wall_s": 3.0, "cpu_s": 1.5, "peak_memory_bytes": 7})
    assert job.cost == {"wall_s": 5.0, "cpu_s": 2.5, "peak_memory_bytes": 10}


def test_release_gives_the_job_back_without_using_up_an_attempt(alice):
    job = make_running(alice)
    released = job_release(**key_of(job))
    assert (released.state, released.max_attempts) == ("queued", job.max_attempts + 1)


def test_cancelled_whatever_else_went_wrong(alice):
    job = make_running(alice)
    job_cancel(user=alice, job=job)
    assert fail(job, "resource").state == "cancelled"


def test_zombie_attempt_writes_nothing(alice):
    zombie = make_running(alice)
    expire(zombie)
    fail(zombie, "killed")
    current = claim()
    assert current.attempt == 2
    events, lines = JobEvent.objects.count(), JobLog.objects.count()
    assert not job_heartbeat(**key_of(zombie)).is_held
    assert not job_watch(**key_of(zombie)).is_held
    assert not job_events_append(**key_of(zombie), events=[LogEvent(message="late"), ProgressEvent(done=1, total=2)])
    with pytest.raises(LeaseLost):
        fail(zombie, "user_error")
    with pytest.raises(LeaseLost):
        job_release(**key_of(zombie))
    assert (JobEvent.objects.count(), JobLog.objects.count()) == (events, lines)
    current.refresh_from_db()
    assert (current.state, current.progress) == ("running", {})


def test_same_attempt_of_another_owner_is_refused(alice):
    job = make_running(alice)
    assert not job_heartbeat(job_id=job.pk, attempt=job.attempt, lease_owner="elsewhere:1:aa").is_held


def test_heartbeat_renews_and_tells_of_a_cancel(alice):
    job = make_running(alice)
    expire(job)
    assert job_heartbeat(**key_of(job)).is_held
    assert Job.objects.filter(pk=job.pk, lease_until__gt=database_time(5)).exists()
    job_cancel(user=alice, job=job)
    assert job_heartbeat(**key_of(job)).is_cancelled
    assert job_watch(**key_of(job)).is_cancelled


def test_stores_events_in_order_and_the_last_progress_of_a_batch(alice):
    job = make_running(alice)
    events = [
        StepEvent(name="merge", state="started", weight=2),
        ProgressEvent(done=1, total=4, unit="tensors"),
        MetricEvent(name="loss", step=1, value=0.5),
        ProgressEvent(done=3, total=4, unit="tensors"),
        CheckpointEvent(unit="shard-1"),
        StepEvent(name="merge", state="finished", weight=2),
        LogEvent(message="read /var/lib/hub/blobs/ab/cd from https://example.org/a/b for alice/digits"),
    ]
    assert job_events_append(**key_of(job), events=events)
    job.refresh_from_db()
    assert job.progress == {
        "done": 3.0, "total": 4.0, "unit": "tensors", "message": "", "steps": [{"name": "merge", "state": "finished", "weight": 2.0}],
    }  # fmt: skip
    stored = [event.type for event in job.events.exclude(type="state").order_by("pk")]
    assert stored == ["step", "metric", "checkpoint", "step", "progress"]
    assert job.log_lines.get().message == "read …/cd from https://example.org/a/b for alice/digits"


def test_stores_what_the_database_cannot_hold_as_it_can(alice):
    job = make_running(alice)
    events = [
        LogEvent(message="a\0b"),
        MetricEvent(name="loss", step=1, value=float("nan")),
        CheckpointEvent(unit="one", data={"x\0": [float("inf"), "\0"]}),
        StepEvent(name="st\0ep", state="started"),
    ]
    assert job_events_append(**key_of(job), events=events)
    assert job.log_lines.get().message == "ab"
    stored = {event.type: event.data for event in job.events.exclude(type="state")}
    assert stored["metric"]["value"] is None
    assert stored["checkpoint"]["data"] == {"x": [None, ""]}
    assert job_fail(**key_of(job), code="bug", message="\0", traceback="\0").state == "errored"


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_only_the_arrows_of_the_table_are_walked(alice, before, after):
    job = make_job(alice)
    lease = {"lease_until": database_time(60)}
    Job.objects.filter(pk=job.pk).update(state=before, **lease)
    job.refresh_from_db()
    if after in ALLOWED[before]:
        changes = lease if after == State.RUNNING else {}
        assert job_transition(job=job, to=after, **changes).state == after
        assert (job.finished_at is not None) == (after in FINAL)
    else:
        with pytest.raises(Conflict):
            job_transition(job=job, to=after)
        job.refresh_from_db()
        assert job.state == before


def test_database_refuses_a_running_job_without_a_lease(alice):
    job = make_job(alice)
    with pytest.raises(IntegrityError):
        Job.objects.filter(pk=job.pk).update(state="running")
