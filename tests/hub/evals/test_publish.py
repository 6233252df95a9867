"""From an evaluate job's report to rows."""

import pytest

from hub.blobs.services import blob_put
from hub.evals.models import Evaluation
from hub.evals.services import evaluation_publish
from hub.jobs.models import JobInput
from tests.factories.evals import make_model
from tests.factories.jobs import make_job, make_repo
from workers.contracts.jobs import JobResult

METRICS = {
    "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10},
    "nll": {"value": 1.0, "low": 0.9, "high": 1.1, "n": 10},
}


def row(model, data, reference="", split="test"):
    name = {"index": data, "reference": reference, "repo": "", "commit": ""}
    return {
        "model": {"index": model, "reference": "alice/m", "repo": "alice/m", "commit": ""}, "data": name | {"split": split},
        "metrics": METRICS, "examples": 10, "predictions": f"predictions/{model}-{data}.parquet",
    }  # fmt: skip


@pytest.fixture
def job(alice):
    job = make_job(alice, kind="evaluate")
    repo, commit = make_model(alice, "m")
    data = make_repo(alice, "d", type="dataset")
    JobInput.objects.create(job=job, repo=repo, commit_oid=commit.oid, role="model", position=0)
    JobInput.objects.create(job=job, repo=data, commit_oid=data.head, role="data", position=0)
    return job


@pytest.fixture
def files(alice):
    return {f"predictions/0-{index}.parquet": blob_put(chunks=[bytes([index])], user=alice) for index in range(2)}


def publish(job, files, *rows):
    evaluation_publish(job=job, result=JobResult(report={"results": list(rows)}), files=files, commit=None)


def test_makes_a_row_per_model_and_split_with_its_answers(job, files):
    publish(job, files, row(0, 0), row(0, 1, "builtin:digits"))
    on_repo, built_in = Evaluation.objects.order_by("-data_name").all()[::-1]
    assert (on_repo.repo.full_name, on_repo.data_name, on_repo.split, on_repo.examples) == (
        "alice/m",
        "alice/d",
        "test",
        10,
    )
    assert on_repo.data_repo.full_name == "alice/d"
    assert on_repo.data_commit == on_repo.data_repo.head
    assert on_repo.metrics == METRICS
    assert on_repo.predictions == files["predictions/0-0.parquet"]
    assert (built_in.data_name, built_in.data_repo, built_in.data_commit) == ("builtin:digits", None, "")


def test_publishing_twice_makes_one_row(job, files):
    publish(job, files, row(0, 0))
    publish(job, files, row(0, 0))
    assert Evaluation.objects.count() == 1


def test_drops_what_was_measured_of_a_repo_that_is_gone(job, files):
    JobInput.objects.filter(role="model").update(repo=None)
    publish(job, files, row(0, 0))
    assert not Evaluation.objects.exists()
