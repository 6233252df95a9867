"""Claiming: who comes first, who may not, and that two workers never get the same job."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from hub.catalog.services import repo_delete
from hub.jobs.models import Job
from hub.jobs.services.leases import database_time
from hub.jobs.states import ACTIVE
from tests.factories.jobs import claim, make_job, make_repo

pytestmark = pytest.mark.django_db


def test_leases_the_job_by_the_clock_of_the_database(alice, settings):
    settings.LEASE_S = 90
    made = make_job(alice)
    job = claim()
    assert job.pk == made.pk
    assert (job.state, job.attempt) == ("running", 1)
    assert Job.objects.filter(pk=job.pk, lease_until__gt=database_time(80), lease_until__lt=database_time(91)).exists()
    assert job.lease_pid
    assert job.lease_started
    assert claim() is None


def test_takes_only_from_its_queues(alice):
    job = make_job(alice)
    Job.objects.filter(pk=job.pk).update(queue="gpu")
    assert claim("cpu", "io") is None
    assert claim("gpu").pk == job.pk


def test_priority_first_then_the_owner_with_fewest_running_then_age(alice, bob):
    busy, first, other = make_job(alice), make_job(alice), make_job(bob)
    urgent = make_job(alice)
    assert claim().pk == busy.pk
    Job.objects.filter(pk=urgent.pk).update(priority=1)
    assert [claim().pk for _ in range(3)] == [urgent.pk, other.pk, first.pk]


def test_waiting_long_enough_beats_a_busy_owner(alice, bob):
    busy, old, fresh = make_job(alice), make_job(alice), make_job(bob)
    assert claim().pk == busy.pk
    Job.objects.filter(pk=old.pk).update(created_at=F("created_at") - timedelta(hours=2))
    assert claim().pk == old.pk
    assert claim().pk == fresh.pk


def test_not_before_its_time(alice):
    job = make_job(alice)
    Job.objects.filter(pk=job.pk).update(not_before=database_time(60))
    assert claim() is None
    Job.objects.filter(pk=job.pk).update(not_before=database_time(-1))
    assert claim().pk == job.pk


def test_not_more_memory_than_the_worker_has(alice):
    make_job(alice, memory_bytes=8 * 2**30)
    small = make_job(alice, memory_bytes=2**30)
    assert claim(memory_bytes=4 * 2**30).pk == small.pk
    assert claim(memory_bytes=4 * 2**30) is None


def test_memory_of_jobs_that_run_on_the_same_host_is_taken(alice):
    make_job(alice, memory_bytes=3 * 2**30), make_job(alice, memory_bytes=3 * 2**30)
    assert claim(memory_bytes=4 * 2**30) is not None
    assert claim(memory_bytes=4 * 2**30) is None
    assert claim(memory_bytes=8 * 2**30) is not None


def test_quota_of_running_jobs_holds(alice, bob, settings):
    settings.RUNNING_PER_OWNER = 1
    make_job(alice), make_job(alice)
    other = make_job(bob)
    assert claim().owner == alice
    assert claim().pk == other.pk
    assert claim() is None


def test_fails_a_job_whose_input_is_no_longer_visible(alice, charlie):
    repo = make_repo(alice, "digits", visibility="public")
    job = make_job(charlie, inputs=(repo,))
    repo.visibility = "private"
    repo.save()
    following = make_job(charlie)
    assert claim().pk == following.pk
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error["findings"][0]["code"] == "input_not_visible"
    assert "you may not see it" in job.error["message"]


def test_fails_a_job_whose_input_is_deleted(alice):
    repo = make_repo(alice, "digits")
    job = make_job(alice, inputs=(repo,))
    repo_delete(user=alice, repo=repo)
    assert claim() is None
    job.refresh_from_db()
    assert job.state == "failed"


def claim_together(number: int) -> list[Job]:
    barrier, found = threading.Barrier(number), []

    def run():
        barrier.wait()
        job = claim()
        if job is not None:
            found.append(job)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return found


@pytest.mark.django_db(transaction=True)
def test_two_claimers_at_once_get_different_jobs(alice, bob):
    jobs = {make_job(alice).pk, make_job(bob).pk}
    assert {job.pk for job in claim_together(2)} == jobs


@pytest.mark.django_db(transaction=True)
def test_four_claimers_never_exceed_a_quota_of_one_in_thirty_rounds(alice, settings):
    settings.RUNNING_PER_OWNER = 1
    settings.QUEUED_PER_OWNER = 1000
    for _ in range(4):
        make_job(alice)
    for _ in range(30):
        assert len(claim_together(4)) == 1
        assert Job.objects.filter(state__in=ACTIVE).count() == 1
        Job.objects.update(state="queued", lease_until=None)
