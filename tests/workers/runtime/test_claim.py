"""The worker's side of the ledger: jobs it cannot read, and a database that is away."""

import pytest
from django.db import OperationalError

from hub.jobs import services
from hub.jobs.models import Job
from tests.factories.accounts import make_user
from tests.factories.jobs import make_job
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.ledger import LeaseGone, LedgerAway
from workers.runtime.tasks import claim_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40)


@pytest.mark.parametrize("change", [{"schema": 2}, {"seed": "none"}], ids=["newer", "broken"])
def test_job_of_another_release_is_refused_and_the_next_taken(worker, change):
    alice = make_user("alice")
    strange, plain = make_job(alice), make_job(alice)
    Job.objects.filter(pk=strange.pk).update(request=strange.request | change)
    assert worker.claim().job_id == plain.pk
    strange.refresh_from_db()
    assert strange.state == "errored"
    assert "another release" in strange.error["message"]


def test_job_of_an_unknown_kind_is_refused(worker):
    job = make_job(make_user("alice"))
    Job.objects.filter(pk=job.pk).update(kind="alchemy")
    assert worker.claim() is None
    job.refresh_from_db()
    assert job.state == "errored"


def test_lost_lease_is_told_apart_from_a_database_that_is_away(worker, monkeypatch):
    make_job(make_user("alice"))
    claim = worker.claim()
    Job.objects.update(attempt=2)
    with pytest.raises(LeaseGone):
        worker.release(claim, {})

    def away(**_):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(services, "job_watch", away)
    with pytest.raises(LedgerAway):
        worker.watch(claim)


def test_bell_while_the_database_is_away_is_harmless(worker, scratch, monkeypatch):
    def away(**_):
        raise OperationalError("the database system is starting up")

    monkeypatch.setattr(services, "worker_seen", away)
    assert claim_all(worker) == 0
