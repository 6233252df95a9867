"""What goes by itself: every chore exists, takes what it says and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.accounts.models import AccessToken, Invitation
from hub.accounts.services import token_create
from hub.config import housekeeping
from hub.jobs.models import Job, JobOutput
from hub.jobs.selectors import commits_in_use
from hub.jobs.services import job_cancel
from hub.jobs.services.forgetting import jobs_forget
from tests.factories.catalog import make_repo
from tests.factories.jobs import make_job

pytestmark = pytest.mark.django_db
LONG = timedelta(days=181)


def ended(owner, days: int) -> Job:
    job = job_cancel(user=owner, job=make_job(owner))
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=days))
    return job


@pytest.mark.parametrize("chore", housekeeping.CHORES, ids=lambda chore: chore.name)
def test_every_chore_runs_on_an_empty_hub(chore):
    assert chore.load()() == 0


def test_a_chore_that_fails_does_not_stop_the_others(monkeypatch):
    def fail() -> int:
        raise OSError("the disk is gone")

    monkeypatch.setattr(housekeeping, "scratch_forget", fail)
    done = {chore.name: count for chore, count in housekeeping.chores_run()}
    assert done.pop("scratch") is None
    assert set(done.values()) == {0}


def test_the_nightly_task_runs_the_chores_and_then_collects(alice, monkeypatch):
    asked = []
    monkeypatch.setattr(housekeeping.collect_garbage, "delay", lambda: asked.append(1))
    old = ended(alice, 181)
    housekeeping.housekeeping()
    assert not Job.objects.filter(pk=old.pk).exists()
    assert asked == [1]


@pytest.mark.parametrize(("complete", "backup", "again"), [(True, False, 0), (False, False, 1), (False, True, 0)])
def test_collecting_goes_on_while_there_is_more_but_not_during_a_backup(monkeypatch, complete, backup, again):
    asked = []
    found = housekeeping.Collected(is_complete=complete, has_backup=backup)
    monkeypatch.setattr(housekeeping, "collect", lambda **_: found)
    monkeypatch.setattr(housekeeping.collect_garbage, "delay", lambda: asked.append(1))
    housekeeping.collect_garbage()
    assert len(asked) == again


def test_jobs_go_after_half_a_year_unless_they_left_something(alice):
    old, recent, useful = ended(alice, 181), ended(alice, 179), ended(alice, 181)
    repo = make_repo(alice)
    JobOutput.objects.create(job=useful, repo=repo, commit=repo.commits.get())
    parent, child = ended(alice, 181), ended(alice, 10)
    Job.objects.filter(pk=child.pk).update(parent=parent)
    assert jobs_forget() == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {recent.pk, useful.pk, parent.pk, child.pk}
    assert not Job.objects.filter(pk=old.pk).exists()


def test_running_and_waiting_jobs_keep_the_commits_they_read(alice):
    repo = make_repo(alice)
    waiting, over = make_job(alice), make_job(alice)
    for job in (waiting, over):
        job.inputs.all().delete()
        job.inputs.create(repo=repo, commit_oid=job.pk.hex[:32] + "0" * 8, role="source")
    job_cancel(user=alice, job=over)
    assert commits_in_use() == {(repo.pk, waiting.pk.hex[:32] + "0" * 8)}


def test_tokens_and_invitations_go_a_month_after_their_end(alice):
    then = timezone.now() - timedelta(days=31)
    good, expired, revoked = (token_create(user=alice, name=name, scopes=["read"])[0] for name in "abc")
    AccessToken.objects.filter(pk=expired.pk).update(expires_at=then)
    AccessToken.objects.filter(pk=revoked.pk).update(revoked_at=then)
    Invitation.objects.create(digest="a" * 64, expires_at=then)
    Invitation.objects.create(digest="b" * 64, expires_at=then, accepted_at=then)
    counts = {chore.name: count for chore, count in housekeeping.chores_run()}
    assert (counts["tokens"], counts["invitations"]) == (2, 1)
    assert AccessToken.objects.get() == good
    assert Invitation.objects.get().digest == "b" * 64
