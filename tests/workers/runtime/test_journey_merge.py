"""A whole merge: submitted, claimed, run in a child process, published."""

import pytest

from hub.catalog.selectors import commit_resolve, entries_of, facts_of, repo_get
from hub.jobs.models import JobEvent
from hub.jobs.services import job_retry
from hub.recipes.services import recipe_submit
from tests.workers.runtime.conftest import recipe
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.tasks import claim_all

pytestmark = pytest.mark.journey


@pytest.fixture
def worker(scratch):
    return Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40)


def test_merge_from_recipe_to_catalogue_and_again(family, worker, scratch):
    alice = family()
    job, created = recipe_submit(user=alice, document=recipe())
    assert created
    assert claim_all(worker) == 1
    job.refresh_from_db()
    assert job.state == "succeeded", (job.error, job.traceback)
    assert job.title == "TIES of 2 models → alice/merged"
    repo = repo_get(user=alice, full_name="alice/merged")
    commit = commit_resolve(repo, "main")
    paths = {entry.path for entry in entries_of(commit)}
    assert {"README.md", "config.json", "genepool.json", "recipe.yaml", "report.json"} <= paths
    assert facts_of(commit).tensors.keys() == {"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"}
    assert {edge.parent_name for edge in commit.parent_edges.all()} == {"alice/base", "alice/one", "alice/two"}
    assert job.cost["wall_s"] > 0
    assert job.progress["done"] == job.progress["total"]
    assert JobEvent.objects.filter(job=job, type="checkpoint").exists()
    assert not (scratch / str(job.pk)).exists()

    again = job_retry(user=alice, job=job, reproduce=True)
    claim_all(worker)
    again.refresh_from_db()
    assert again.metrics["reproduction"]["is_equal"] is True
    assert commit_resolve(repo, "main") == commit
