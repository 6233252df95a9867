"""From an evaluate job's report to rows."""

import pytest

from hub.benchmarks.selectors import benchmark_get
from hub.blobs.services import blob_put
from hub.evals.models import Evaluation
from hub.evals.services import evaluation_publish
from hub.jobs.models import JobInput
from tests.factories.benchmarks import make_benchmark
from tests.factories.evals import make_model
from tests.factories.jobs import make_job, make_repo
from workers.contracts.benchmarks import Definition
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
    assert (Evaluation.objects.get().duplicates, Evaluation.objects.get().leakage) == (None, {})
    publish(job, files, row(0, 0) | {"example_hash": "e" * 64, "duplicates": 3, "leakage": {"train": 1}})
    (found,) = Evaluation.objects.values("example_hash", "duplicates", "leakage")
    assert found == {"example_hash": "e" * 64, "duplicates": 3, "leakage": {"train": 1}}
    assert Evaluation.objects.count() == 1


def test_drops_what_was_measured_of_a_repo_that_is_gone(job, files):
    JobInput.objects.filter(role="model").update(repo=None)
    publish(job, files, row(0, 0))
    assert not Evaluation.objects.exists()


def recipe(job, *data, **rest):
    job.request = {"recipe": {"kind": "evaluate", "models": ["alice/m"], "data": list(data), **rest}, "inputs": []}
    job.save()


def test_says_what_the_number_means(job, files):
    publish(job, files, row(0, 0))
    found = Evaluation.objects.get()
    definition = Definition.model_validate(found.definition)
    assert definition.data == f"alice/d@{found.data_commit}"
    assert found.definition_digest == definition.digest
    assert (found.task, found.metric, found.score, found.score_low) == ("image-classification", "accuracy", 0.5, 0.4)


def test_what_was_measured_by_a_benchmark_is_its_number(alice, job, files):
    version = make_benchmark(alice, "mine", columns={"image": "images", "label": "index"})
    recipe(job, {"data": "builtin:digits", "benchmark": "mine@1"})
    JobInput.objects.filter(role="data").delete()
    publish(job, files, row(0, 0, "builtin:digits"))
    found = Evaluation.objects.get()
    assert found.definition_digest == version.digest
    assert found.definition == version.definition


def test_the_same_measured_without_its_name_is_its_number_too(job, files):
    recipe(job, {"data": "builtin:digits", "columns": {"image": "image"}})
    JobInput.objects.filter(role="data").delete()
    publish(job, files, row(0, 0, "builtin:digits"))
    assert Evaluation.objects.get().definition_digest == benchmark_get(user=None, name="digits").digest


@pytest.mark.parametrize("rest", [{"limit": 5}, {}])
def test_fewer_examples_are_another_number(job, files, rest):
    recipe(job, {"data": "builtin:digits", "benchmark": "digits@1", **({} if rest else {"limit": 7})}, **rest)
    JobInput.objects.filter(role="data").delete()
    publish(job, files, row(0, 0, "builtin:digits"))
    is_its = Evaluation.objects.get().definition_digest == benchmark_get(user=None, name="digits").digest
    assert is_its is (not rest)  # beside a benchmark a measure says nothing of its own: recipes are refused that do


def test_keeps_what_it_cost_and_which_run_it_was(job, files):
    cost = {"parameters": 5, "latency_ms": {"p50": 1.5}}
    publish(job, files, row(0, 0) | {"cost": cost, "repeat": 0}, row(0, 0) | {"cost": cost, "repeat": 1})
    assert [found.repeat for found in Evaluation.objects.order_by("repeat")] == [0, 1]
    assert Evaluation.objects.first().cost == cost


def test_other_examples_under_the_same_definition_are_not_put_beside_the_first(alice, job, files):
    recipe(job, {"data": "builtin:digits"})
    JobInput.objects.filter(role="data").delete()
    publish(job, files, row(0, 0, "builtin:digits") | {"example_hash": "a" * 64})
    assert benchmark_get(user=None, name="digits").example_hash == "a" * 64
    publish(job, files, row(0, 0, "builtin:digits") | {"example_hash": "b" * 64, "repeat": 1})
    assert [bool(found.invalid) for found in Evaluation.objects.order_by("repeat")] == [False, True]


def test_a_metric_without_a_value_sorts_nowhere(job, files):
    publish(job, files, row(0, 0) | {"metrics": {"accuracy": {"value": None, "low": None, "high": None, "n": 10}}})
    assert Evaluation.objects.get().score is None
