"""A notice when a job ends: in the app, and by mail once where mail is configured."""

import pytest
from django.core import mail

from hub.jobs.models import Notice
from hub.jobs.selectors import notices_of
from hub.jobs.services import job_cancel, job_fail, notice_mail, notices_read
from tests.factories.jobs import key_of, make_job, make_running

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_mail(settings, alice):
    settings.HAS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alice.email = "alice@example.org"
    alice.save()


def end(owner, **options):
    return job_fail(**key_of(make_running(owner, **options)), code="bug", message="It broke.")


def test_one_notice_when_a_job_ends(alice, bob):
    job = end(alice, title="TIES of 3 models → alice/merged")
    (notice,) = notices_of(alice)
    assert notice.text == f"Job {job.number} stopped with an error of ours: TIES of 3 models → alice/merged"
    assert notices_of(bob) == []
    assert notices_read(user=alice) == 1
    assert notices_of(alice, unread_only=True) == []


def test_follow_up_jobs_are_quiet_when_they_go_well(alice):
    parent = make_job(alice)
    job_cancel(user=alice, job=make_job(alice, parent=parent))
    assert notices_of(alice) == []


def test_a_try_says_nothing(alice):
    end(alice, kind="try")
    assert notices_of(alice) == []


def test_mail_goes_out_once(alice, with_mail, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = end(alice)
    notice = Notice.objects.get()
    assert ("hub.mail", [str(notice.pk)], "default") in bells
    assert notice_mail(notice_id=notice.pk)
    assert not notice_mail(notice_id=notice.pk)
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "It broke." in message.body
    assert f"/jobs/{job.number}" in message.body


def test_no_mail_for_those_who_want_none(alice, with_mail, bells, django_capture_on_commit_callbacks):
    alice.wants_mail = False
    alice.save()
    with django_capture_on_commit_callbacks(execute=True):
        end(alice)
    assert not [bell for bell in bells if bell[0] == "hub.mail"]


def test_no_mail_where_none_is_configured(alice, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        end(alice)
    assert not [bell for bell in bells if bell[0] == "hub.mail"]
