"""The housekeeping tasks call what they are named after, and may come at any time."""

import pytest

from hub.jobs import tasks
from hub.jobs.models import Job, Notice
from hub.jobs.services import webhook_create
from hub.jobs.services.leases import database_time
from tests.factories.jobs import make_job, make_running

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(monkeypatch):
    """How often `hub.deliver` was asked for, and with what it is answered."""
    calls = []
    monkeypatch.setattr(tasks.deliver, "delay", lambda: calls.append(1))
    return calls


def test_sweep_frees_lost_jobs_and_asks_for_deliveries_only_when_some_are_due(alice, delivered, settings):
    job = make_running(alice)
    Job.objects.update(lease_until=database_time(-1), lease_host="elsewhere")
    tasks.sweep()
    job.refresh_from_db()
    assert job.state == "queued"
    assert delivered == []
    webhook_create(owner=alice, url="https://example.org/hook")
    make_job(alice)
    tasks.sweep()
    assert delivered == [1]


@pytest.mark.parametrize(("sent", "again"), [(tasks.BATCH, [1]), (3, [])])
def test_deliver_goes_on_while_more_is_due(monkeypatch, delivered, sent, again):
    monkeypatch.setattr(tasks, "deliveries_send", lambda limit: sent)
    tasks.deliver()
    assert delivered == again


def test_mail_of_a_notice_that_is_gone_does_nothing(db):
    tasks.mail("1")
    assert not Notice.objects.exists()
