import pytest

from hub.evals.models import Evaluation
from hub.evals.records import Comparison, DomainScore, Flips, Kept, ModelScores
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model
from workers.statistics.interval import Interval
from workers.statistics.normalised import Summary

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/models/alice/child/evaluations"


@pytest.fixture
def measured(alice, lab):
    repo, commit = make_model(alice, "alice/child")
    for name, visibility in (("alice/open", "public"), ("lab/closed", "private")):
        data, data_commit = make_dataset(alice, name, visibility=visibility)
        Evaluation.objects.create(
            repo=repo, commit_oid=commit.oid, data_repo=data, data_name=name, data_commit=data_commit.oid, split="test",
            metrics={"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 100}}, examples=100, job=make_job(alice),
            cost={"parameters": 7, "flops": None, "latency_ms": {"p50": 1.5}}, labels=["no", "yes"], definition_digest="d" * 64,
            example_hash="e" * 64, duplicates=1, leakage={"train": 2},
        )  # fmt: skip
    return commit


def _data(client) -> list[str]:
    return [row["data"] for row in client.get(ADDRESS).json()["results"]]


def test_says_what_was_measured(api_as, alice, measured):
    body = api_as(alice).get(ADDRESS).json()
    assert body["commit"] == measured.oid
    row = body["results"][0]
    assert (row["data"], row["split"], row["examples"]) == ("alice/open", "test", 100)
    assert row["metrics"]["accuracy"]["value"] == 0.9
    assert row["job"] is not None
    assert (row["task"], row["metric"], row["digest"]) == ("image-classification", "accuracy", "d" * 64)
    assert row["cost"] == {"parameters": 7, "latency_ms": {"p50": 1.5}}
    assert (row["labels"], row["repeat"], row["invalid"]) == (["no", "yes"], 0, "")
    assert (row["example_hash"], row["duplicates"], row["leakage"]) == ("e" * 64, 1, {"train": 2})


def test_measurements_on_data_one_may_not_see_are_left_out(api, api_as, alice, bob, charlie, measured):
    assert _data(api_as(alice)) == _data(api_as(bob)) == ["alice/open", "lab/closed"]
    assert _data(api_as(charlie)) == _data(api) == ["alice/open"]


def test_the_job_is_named_only_to_those_who_see_it(api, measured):
    assert api.get(ADDRESS).json()["results"][0]["job"] is None


def _comparison(*domains: str) -> Comparison:
    scores = {name: DomainScore(name, 0.9, 0.8, 0.95, 100) for name in domains}
    interval = Interval(0.01, -0.01, 0.03)
    child = ModelScores("alice/child", "child", "c" * 40, interval, scores)
    parent = ModelScores("alice/parent", "parent", "d" * 40, interval, scores, weight=0.5)
    return Comparison(
        "test", (child, parent), "alice/parent", interval, (), (Flips("alice/parent", 80, 6, 4, 10, 0.1, 0.2),), (), examples=100,
        kept=(Kept("alice/open", "alice/parent", Interval(0.98, 0.9, 1.0), recovered=0.9),), normalised=Summary(0.98, 0.98, 1, 1),
    )  # fmt: skip


def test_a_comparison_is_the_one_for_whoever_asks(api, api_as, alice, measured, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "hub.evals.selectors.comparison_of",
        lambda *_, user: asked.append(user) or _comparison("alice/open", "lab/closed"),
    )
    body = api_as(alice).get(ADDRESS).json()
    assert body["comparison"]["gain"] == {"value": 0.01, "low": -0.01, "high": 0.03}
    assert [model["role"] for model in body["comparison"]["models"]] == ["child", "parent"]
    assert body["comparison"]["models"][1]["weight"] == 0.5
    assert body["comparison"]["metric"] == "accuracy"
    assert body["comparison"]["kept"][0]["normalised"] == {"value": 0.98, "low": 0.9, "high": 1.0}
    assert body["comparison"]["flips"][0]["p_adjusted"] == 0.2
    assert body["comparison"]["normalised"] == {"mean": 0.98, "least": 0.98, "kept": 1, "tasks": 1}
    api.get(ADDRESS)
    assert [user.is_authenticated for user in asked] == [True, False]
