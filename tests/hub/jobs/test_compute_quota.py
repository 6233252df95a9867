from datetime import timedelta

import pytest
from django.utils import timezone

from hub.accounts.models import AuditEntry
from hub.accounts.quotas import quota_set
from hub.core.errors import Forbidden
from hub.jobs.compute import ComputeExceeded, compute_check, compute_used
from hub.jobs.states import State
from tests.hub.api.test_jobs import make_job

pytestmark = pytest.mark.django_db


def _ended(owner, *, seconds: float, days_ago: int, charged_to):
    job = make_job(owner, state=State.SUCCEEDED)
    job.charged_to, job.cost = charged_to, {"wall_s": seconds}
    job.finished_at = timezone.now() - timedelta(days=days_ago)
    job.save()


def test_counts_what_ended_within_thirty_days_and_what_runs(alice, lab):
    _ended(alice, seconds=100.5, days_ago=1, charged_to=lab)
    _ended(alice, seconds=1000, days_ago=31, charged_to=lab)
    _ended(alice, seconds=1000, days_ago=1, charged_to=alice.namespace)
    running = make_job(alice, state=State.RUNNING, lease_owner="w", lease_until=timezone.now() + timedelta(minutes=1))
    running.charged_to, running.started_at = lab, timezone.now() - timedelta(hours=1)
    running.save()
    assert 3700 <= compute_used(lab) < 3760


def test_refuses_with_figures_once_it_is_used_up(alice, root, lab, settings):
    _ended(alice, seconds=100, days_ago=1, charged_to=lab)
    compute_check(lab)
    settings.QUOTA_COMPUTE_S = 100
    with pytest.raises(ComputeExceeded, match=r"lab has used 100 s .* its quota is 100 s"):
        compute_check(lab)
    quota_set(asker=root, namespace=lab, quota_bytes=None, quota_compute_s=0)
    compute_check(lab)


def test_only_administrators_set_quotas_and_the_log_says_so(alice, root, lab):
    with pytest.raises(Forbidden):
        quota_set(asker=alice, namespace=lab, quota_bytes=1, quota_compute_s=1)
    quota_set(asker=root, namespace=lab, quota_bytes=5, quota_compute_s=None)
    entry = AuditEntry.objects.get(action="quota.set")
    assert (entry.actor, entry.subject, entry.detail["after"]) == ("root", "lab", {"bytes": 5, "compute_s": None})


def test_a_submission_without_time_left_is_refused(api_as, alice, settings):
    from tests.hub.api.zoo import make_model

    make_model(alice, "alice/one")
    make_model(alice, "alice/two", seed=2)
    _ended(alice, seconds=100, days_ago=1, charged_to=alice.namespace)
    settings.QUOTA_COMPUTE_S = 50
    recipe = {"kind": "merge", "method": "linear", "sources": [{"model": "alice/one", "weight": 1}, {"model": "alice/two", "weight": 1}], "output": {"repo": "alice/x"}}  # fmt: skip
    answer = api_as(alice).post("/api/v1/jobs", {"recipe": recipe}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "compute_quota_exceeded")
