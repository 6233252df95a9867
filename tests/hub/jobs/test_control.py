"""Cancel, retry, reproduce: by the owner, and by nobody else."""

import pytest

from hub.core.errors import Conflict, NotFound
from hub.jobs.models import Job
from hub.jobs.services import job_cancel, job_fail, job_publish, job_retry
from tests.factories.jobs import claim, key_of, make_job, make_result, make_running

pytestmark = pytest.mark.django_db


@pytest.fixture
def succeeded(alice, tmp_path):
    job = make_running(alice, output="alice/merged")
    (tmp_path / "README.md").write_text("# Merged\n")
    return job_publish(**key_of(job), result=make_result(tmp_path, digest="a" * 64), folder=tmp_path)


def test_cancels_a_queued_job_at_once(alice):
    assert job_cancel(user=alice, job=make_job(alice)).state == "cancelled"
    assert claim() is None


def test_asks_a_running_job_to_stop(alice):
    job = job_cancel(user=alice, job=make_running(alice))
    assert job.state == "cancelling"
    assert job.lease_until is not None
    assert job_cancel(user=alice, job=job).state == "cancelling"


def test_cancels_children_along(alice):
    parent = make_running(alice)
    child = make_job(alice, parent=parent)
    job_cancel(user=alice, job=parent)
    child.refresh_from_db()
    assert child.state == "cancelled"


def test_does_not_cancel_what_has_ended(alice, succeeded):
    with pytest.raises(Conflict, match="ended already"):
        job_cancel(user=alice, job=succeeded)


@pytest.mark.parametrize("act", [job_cancel, job_retry])
def test_strangers_find_no_job(alice, charlie, act):
    with pytest.raises(NotFound):
        act(user=charlie, job=make_job(alice))


def test_staff_may_cancel(alice, root):
    assert job_cancel(user=root, job=make_job(alice)).state == "cancelled"


def test_retry_queues_the_same_row_with_fresh_attempts(alice):
    job = make_running(alice)
    failed = job_fail(**key_of(job), code="user_error", message="No.")
    again = job_retry(user=alice, job=failed)
    assert (again.pk, again.state, again.error, again.finished_at) == (job.pk, "queued", {}, None)
    assert again.max_attempts == job.attempt + 3
    assert claim().attempt == job.attempt + 1


def test_retry_after_cancel_is_not_still_cancelled(alice):
    job = job_retry(user=alice, job=job_cancel(user=alice, job=make_job(alice)))
    assert job.cancel_requested_at is None
    assert claim().pk == job.pk


@pytest.mark.parametrize("make", [make_job, make_running])
def test_does_not_retry_what_has_not_ended(alice, make):
    with pytest.raises(Conflict, match="not ended"):
        job_retry(user=alice, job=make(alice))


def test_retry_of_a_success_points_to_reproduce(alice, succeeded):
    with pytest.raises(Conflict, match="Reproduce"):
        job_retry(user=alice, job=succeeded)


@pytest.mark.parametrize(("digest", "is_equal"), [("a" * 64, True), ("b" * 64, False)])
def test_reproduction_records_the_verdict_and_publishes_nothing(alice, succeeded, tmp_path, digest, is_equal):
    head = succeeded.outputs.get().commit
    made = job_retry(user=alice, job=succeeded, reproduce=True)
    assert (made.state, made.reproduces, made.recipe) == ("queued", succeeded, succeeded.recipe)
    job = claim()
    done = job_publish(**key_of(job), result=make_result(tmp_path, digest=digest), folder=tmp_path)
    assert done.state == "succeeded"
    assert done.metrics["reproduction"] == {
        "of": succeeded.number, "expected_digest": "a" * 64, "digest": digest, "is_equal": is_equal,
    }  # fmt: skip
    assert not done.outputs.exists()
    assert head.repo.commits.order_by("-pk").first() == head


def test_does_not_reproduce_what_has_no_weights(alice):
    failed = job_fail(**key_of(make_running(alice)), code="user_error", message="No.")
    with pytest.raises(Conflict, match="no weights"):
        job_retry(user=alice, job=failed, reproduce=True)
    assert Job.objects.count() == 1
