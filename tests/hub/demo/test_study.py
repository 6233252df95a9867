"""The first merge as jobs: asked for once, taken up again, and reported when it fails."""

import pytest

from hub.catalog.selectors import commit_resolve, entry_get, repo_get
from hub.demo import catalogue, loading, study
from hub.jobs.models import Job


@pytest.fixture
def published(admin, zoo, zoo_cache):
    catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)


def quiet(done, total, message):
    pass


def test_asks_for_one_merge_per_seed_on_its_own_branch(published, admin, zoo):
    jobs = study.merges_submit(user=admin, zoo=zoo)
    assert [job.recipe["output"]["branch"] for job in jobs] == ["main", "seed-1"]
    assert {job.recipe["output"]["repo"] for job in jobs} == {"demo/digits-merged"}


def test_asking_again_finds_the_same_jobs(published, admin, zoo):
    first = study.merges_submit(user=admin, zoo=zoo)
    again = study.merges_submit(user=admin, zoo=zoo)
    assert [job.pk for job in first] == [job.pk for job in again]


def test_a_job_that_ended_badly_is_put_back(published, admin, zoo):
    job = study.merges_submit(user=admin, zoo=zoo)[0]
    Job.objects.filter(pk=job.pk).update(state="errored", attempt=1)
    again = study.merges_submit(user=admin, zoo=zoo)[0]
    assert (again.pk, again.state) == (job.pk, "queued")


def test_failure_names_the_job_and_its_reason(published, admin, zoo):
    job = study.merges_submit(user=admin, zoo=zoo)[0]
    Job.objects.filter(pk=job.pk).update(state="failed", error={"message": "The disk is full."})
    with pytest.raises(study.StudyFailed, match=rf"Job {job.number} .* failed: The disk is full\."):
        study.jobs_wait([job], quiet)


def test_patience_ends(published, admin, zoo):
    jobs = study.merges_submit(user=admin, zoo=zoo)
    with pytest.raises(study.StudyFailed, match="Is a worker running"):
        study.jobs_wait(jobs, quiet, patience_s=0)


def test_tells_how_far_the_jobs_are(published, admin, zoo, monkeypatch):
    one, two = study.merges_submit(user=admin, zoo=zoo)
    Job.objects.filter(pk=one.pk).update(state="succeeded")
    Job.objects.filter(pk=two.pk).update(progress={"done": 1, "total": 4})
    heard = []
    monkeypatch.setattr(study.time, "sleep", lambda seconds: Job.objects.filter(pk=two.pk).update(state="succeeded"))
    study.jobs_wait([one, two], lambda *note: heard.append(note))
    assert heard == [(1.25, 2, "waiting for a worker"), (2.0, 2, "waiting for a worker")]


def test_nothing_is_loaded_in_an_empty_hub(admin):
    assert loading.demo_comparison(admin) is None


@pytest.mark.journey
@pytest.mark.timeout(300)
def test_loads_merges_and_measures(admin, zoo, zoo_cache, monkeypatch, settings, tmp_path):
    """The whole loader but for the training, with a worker in this process."""
    from workers.runtime.claim import Ledger
    from workers.runtime.gpu import Device
    from workers.runtime.tasks import claim_all

    settings.SCRATCH_DIR = tmp_path / "scratch"
    worker = Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40)
    monkeypatch.setattr(loading, "zoo_train", lambda cache, tell, processes: zoo)
    monkeypatch.setattr(loading, "cache_folder", lambda: zoo_cache)
    monkeypatch.setattr(study.time, "sleep", lambda seconds: claim_all(worker))

    found = loading.demo_load(user=admin, steps=Heard())

    assert [model.reference for model in found.parents] == ["demo/digits-vit-noisy", "demo/digits-vit-rotated"]
    assert [row.name for row in found.seeds] == ["seed-0", "seed-1"]
    assert found.domains == ("demo/digits-clean", "demo/digits-noisy")
    assert sorted(job.kind for job in Job.objects.all()) == ["evaluate", "merge", "merge"]
    repo = repo_get(user=None, full_name="demo/digits-merged")
    for branch in ("main", "seed-0", "seed-1"):
        assert entry_get(commit_resolve(repo, branch), "sweep.json") is not None
    jobs = set(Job.objects.values_list("pk", flat=True))

    again = loading.demo_load(user=admin, steps=Heard())
    assert again == found
    assert set(Job.objects.values_list("pk", flat=True)) == jobs
    assert study._text_of(commit_resolve(repo, "main"), "README.md").count("How it was chosen") == 1


class Heard:
    def begin(self, title):
        pass

    def tell(self, done, total, message):
        pass
