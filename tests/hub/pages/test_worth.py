"""What a result is worth stands where it is looked for: with its lineage, and on the page of the job that made it."""

import pytest

from hub.catalog.models import Commit
from hub.evals.models import Evaluation
from hub.jobs.models import Job, JobInput, JobOutput
from tests.factories.jobs import make_job
from tests.hub.pages.test_entry_pages import text_of

pytestmark = pytest.mark.django_db
TITLE = "What it is worth beside its parents"


@pytest.fixture
def job(alice, measured_family):
    merged = measured_family["merged"]
    made = make_job(alice)
    Job.objects.filter(pk=made.pk).update(state="succeeded")
    commit = merged.commits.get(oid=merged.head)
    JobOutput.objects.create(job=made, role="result", position=0, repo=merged, commit=commit)
    return made


@pytest.mark.parametrize("place", ["lineage", "job"])
def test_gains_and_losses_are_signed_and_carry_their_significance(browser, alice, job, place):
    page = text_of(browser, "/alice/merged/lineage" if place == "lineage" else f"/jobs/{job.number}", alice)
    part = page[page.index(TITLE) :]
    assert "mean of 2 datasets" in part
    assert '<span class="ok"><b>+20.0 points</b>, gain</span>' in part
    assert '<span class="warn"><b>−10.0 points</b>, loss</span>' in part
    assert part.index("digits-rotated") < part.index("Every measurement")


def test_what_was_not_measured_beside_a_parent_has_no_such_part(browser, alice, job):
    Evaluation.objects.all().delete()
    assert TITLE not in text_of(browser, "/alice/merged/lineage", alice)
    assert TITLE not in text_of(browser, f"/jobs/{job.number}", alice)


def test_a_job_says_who_measures_its_result_just_now(browser, alice, job):
    Evaluation.objects.all().delete()
    follows = make_job(alice, title="Evaluation of alice/merged", parent=job)
    Job.objects.filter(pk=follows.pk).update(kind="evaluate")
    page = text_of(browser, f"/jobs/{job.number}", alice)
    assert f'It is being measured beside its parents by <a href="/jobs/{follows.number}">' in page


def test_a_parent_with_other_classes_is_not_promised_beside_the_result(browser, alice, job, measured_family):
    """A new head: the parent has no number on the data of the result, whoever measures it."""
    Evaluation.objects.all().delete()
    digest = measured_family["merged"].commits.get(oid=measured_family["merged"].head).manifest.get("tensor_digest", "")
    Job.objects.filter(pk=job.pk).update(tensor_digest=digest)
    merged, parent = measured_family["merged"], next(row for name, row in measured_family.items() if name != "merged")
    follows = make_job(alice, title="Evaluation of alice/merged", parent=job)
    Job.objects.filter(pk=follows.pk).update(kind="evaluate")
    JobInput.objects.create(job=job, repo=parent, commit_oid=parent.head, role="model", position=0)
    for repo, labels in ((merged, ["even", "odd"]), (parent, ["cat", "dog", "owl"])):
        commit = Commit.objects.get(repo=repo, oid=repo.head)
        commit.facts["labels"] = labels
        commit.save()
    page = text_of(browser, f"/jobs/{job.number}", alice)
    assert "It is being measured by" in page
    assert "Parent not measurable: other classes." in page
    assert "Parent not measurable: other classes." in text_of(browser, "/alice/merged/result", alice)
    Commit.objects.filter(repo=parent, oid=parent.head).update(
        facts=Commit.objects.get(repo=merged, oid=merged.head).facts
    )
    assert "Parent not measurable" not in text_of(browser, f"/jobs/{job.number}", alice)
