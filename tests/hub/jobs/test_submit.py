"""Submitting: once per key, once per finished result, never more than the cap."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from hub.catalog.services import repo_delete
from hub.core.errors import Conflict, Invalid, TooMany
from hub.jobs.models import Job, JobEvent
from hub.jobs.services import job_submit
from hub.jobs.services.submitting import request_hash_make
from tests.factories.jobs import claim, key_of, make_job, make_repo, make_request, make_result, make_running
from workers.contracts.plans import Check

pytestmark = pytest.mark.django_db


def submit(owner, request, **options):
    return job_submit(owner=owner, request=request, title="Linear", check=Check(), **options)


def test_writes_the_row_its_inputs_and_its_first_event(alice):
    repo = make_repo(alice, "digits")
    job, created = submit(alice, make_request(inputs=(repo,), output="alice/merged", method="linear"))
    assert created
    assert (job.state, job.attempt, job.method) == ("queued", 0, "linear")
    assert [(row.repo, row.role) for row in job.inputs.all()] == [(repo, "source")]
    assert [(event.type, event.data["state"]) for event in job.events.all()] == [("state", "queued")]


def test_rings_the_queue_only_after_commit(alice, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        make_job(alice)
        assert bells == []
    assert ("workers.ring", ["cpu"], "cpu") in bells


def test_numbers_follow_each_other(alice):
    first, second = make_job(alice), make_job(alice)
    assert second.number == first.number + 1


def test_same_key_gives_the_same_job(alice):
    first, _ = submit(alice, make_request(), idempotency_key="k")
    again, created = submit(alice, make_request(), idempotency_key="k")
    assert (again.pk, created) == (first.pk, False)


def test_same_key_for_another_recipe_is_refused(alice):
    submit(alice, make_request(), idempotency_key="k")
    with pytest.raises(Conflict, match="another recipe"):
        submit(alice, make_request(seed=1), idempotency_key="k")


def test_a_key_answered_with_a_job_that_was_there_belongs_to_its_recipe(alice):
    first, _ = submit(alice, make_request())
    assert submit(alice, make_request(), idempotency_key="k") == (first, False)
    assert submit(alice, make_request(), idempotency_key="k") == (first, False)
    with pytest.raises(Conflict, match="another recipe"):
        submit(alice, make_request(seed=1), idempotency_key="k")
    first.delete()
    again, created = submit(alice, make_request(seed=1), idempotency_key="k")
    assert (created, again.idempotency_key) == (True, "k")


@pytest.mark.parametrize("key", ["x" * 129, "a\0b", "a\nb"])
def test_refuses_a_key_that_cannot_be_kept(alice, key):
    with pytest.raises(Invalid):
        submit(alice, make_request(), idempotency_key=key)


def test_same_key_of_another_owner_is_another_job(alice, bob):
    first, _ = submit(alice, make_request(), idempotency_key="k")
    other, created = submit(bob, make_request(), idempotency_key="k")
    assert created
    assert other.pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_job(alice):
    barrier, found = threading.Barrier(4), []

    def click():
        barrier.wait()
        found.append(submit(alice, make_request(), idempotency_key="twice"))
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len({job.pk for job, _ in found}) == 1
    assert sorted(created for _, created in found) == [False, False, False, True]
    assert Job.objects.count() == 1


def finish(job, tmp_path):
    from hub.jobs.services import job_publish

    out = tmp_path / str(job.number)
    out.mkdir()
    (out / "README.md").write_text(f"# {job.number}\n")
    return job_publish(**key_of(job), result=make_result(out), folder=out)


def test_the_same_request_without_a_key_is_under_way_once(alice, bob):
    repo = make_repo(alice, "digits", visibility="public")
    request = make_request(inputs=(repo,), output="alice/merged")
    job, _ = submit(alice, request)
    assert submit(alice, request) == (job, False)
    assert submit(alice, request, force=True)[1]
    assert submit(bob, request)[1]


def test_a_request_whose_job_is_being_cancelled_is_made_again(alice):
    request = make_request(inputs=(make_repo(alice, "digits"),), output="alice/merged")
    job, _ = submit(alice, request)
    Job.objects.filter(pk=job.pk).update(state="cancelling", lease_until=timezone.now())
    assert submit(alice, request)[1]


def test_offers_the_result_of_an_identical_finished_job(alice, tmp_path):
    done = finish(make_running(alice, output="alice/merged"), tmp_path)
    again, created = submit(alice, make_request(output="alice/merged"))
    assert (again.pk, created) == (done.pk, False)
    forced, created = submit(alice, make_request(output="alice/merged"), force=True)
    assert created
    assert forced.pk != done.pk


def test_does_not_offer_a_result_whose_repo_is_gone(alice, tmp_path):
    done = finish(make_running(alice, output="alice/merged"), tmp_path)
    repo_delete(user=alice, repo=done.outputs.get().repo)
    _, created = submit(alice, make_request(output="alice/merged"))
    assert created


def test_does_not_offer_the_result_of_a_job_one_may_not_see(alice, charlie, tmp_path):
    finish(make_running(alice, output="alice/merged"), tmp_path)
    other, created = submit(charlie, make_request(output="alice/merged"))
    assert created
    assert other.owner == charlie


def test_request_hash_follows_the_commit_not_the_name_of_the_branch(alice):
    repo = make_repo(alice, "digits")
    request = make_request(inputs=(repo,))
    entry = request.inputs[0]
    at_main = request.model_copy(
        update={
            "recipe": {**request.recipe, "sources": [{"model": "alice/digits@main"}]},
            "inputs": (entry.model_copy(update={"reference": "alice/digits@main"}),),
        }
    )
    assert request_hash_make(request) == request_hash_make(at_main)
    moved = entry.model_copy(update={"facts": entry.facts.model_copy(update={"commit": "f" * 40})})
    assert request_hash_make(request) != request_hash_make(request.model_copy(update={"inputs": (moved,)}))
    assert request_hash_make(request) != request_hash_make(request.model_copy(update={"revision": 2}))


def test_caps_the_waiting_jobs_of_one_owner(alice, bob, settings):
    settings.QUEUED_PER_OWNER = 2
    make_job(alice), make_job(alice)
    with pytest.raises(TooMany, match="2 of your jobs are waiting"):
        make_job(alice)
    make_job(bob)
    assert claim() is not None
    make_job(alice)


def test_follow_up_jobs_are_not_counted(alice, settings):
    settings.QUEUED_PER_OWNER = 1
    parent = make_job(alice)
    assert make_job(alice, parent=parent).parent == parent


def test_waits_for_jobs_it_depends_on(alice):
    first = make_job(alice)
    second = make_job(alice, depends_on=[first])
    assert second.state == "waiting"
    assert JobEvent.objects.get(job=second).data["state"] == "queued"


def test_leaves_no_row_when_the_transaction_fails(alice):
    with transaction.atomic():
        make_job(alice)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_request_hash_follows_what_a_merge_means_not_what_it_leaves_out():
    def hashed(**recipe):
        return request_hash_make(make_request(kind="merge", **{"method": "ties", "base": "a/base"} | recipe))

    one, other = {"model": "a/b", "parameters": {}}, {"model": "a/c", "parameters": {"density": 0.3}}
    plain = hashed(sources=[one, {"model": "a/c", "parameters": {}}])
    assert hashed(sources=[one, other]) == plain
    assert hashed(sources=[one, other], parameters={"density": 0.3, "lambda": 1}) == plain
    assert hashed(sources=[one, other], parameters={"density": 0.4}) != plain
    assert hashed(sources=[other, one]) != plain
    assert hashed(sources=[one, other], seed=1) != plain
