"""Recipes that name benchmarks: replaced by what they mean, refused where they mean nothing."""

import pytest

from hub.benchmarks.selectors import benchmark_get
from hub.benchmarks.services import benchmark_revise, version_retire
from hub.recipes.services import recipe_check, recipe_submit
from tests.factories.benchmarks import make_benchmark, make_dataset
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db


def recipe(*data, **rest):
    return {"kind": "evaluate", "models": ["alice/vit"], "data": list(data), **rest}


def about_benchmarks(report):
    return [
        (finding.code, finding.where)
        for finding in report.check.findings
        if finding.code.startswith(("benchmark", "data_missing"))
    ]


@pytest.fixture(autouse=True)
def model(alice):
    return make_model(alice, "alice/vit")


@pytest.fixture
def letters(alice):
    make_dataset(alice, "alice/letters", rows=7)
    return make_benchmark(alice, "letters", data="alice/letters", limit=3)


def test_a_name_becomes_a_definition_with_pinned_data(alice, letters):
    report = recipe_check(user=alice, document=recipe({"benchmark": "letters"}))
    (measure,) = report.parsed.recipe.data
    assert measure.benchmark == "letters@1"
    assert measure.data == f"alice/letters@{letters.data_commit}"
    assert (measure.task, measure.limit, measure.metrics[0]) == ("image-classification", 3, "accuracy")
    assert [(entry.role, entry.commit.oid) for entry in report.inputs if entry.role == "data"] == [
        ("data", letters.data_commit)
    ]
    assert about_benchmarks(report) == []


def test_what_it_became_can_be_asked_for_again(alice, letters):
    first = recipe_check(user=alice, document=recipe({"benchmark": "letters"})).parsed.recipe
    again = recipe_check(user=alice, document=first.model_dump(mode="json"))
    assert about_benchmarks(again) == []
    assert again.parsed.recipe.data == first.data


def test_a_version_stays_what_it_was_when_there_are_newer_ones(alice, letters):
    benchmark_revise(user=alice, name="letters", definition={"task": "image-classification", "data": "alice/letters"})
    limits = [
        recipe_check(user=alice, document=recipe({"benchmark": name})).parsed.recipe.data[0].limit
        for name in ("letters@1", "letters@2", "letters")
    ]
    assert limits == [3, None, None]


def test_all_that_is_wrong_is_said_at_once_and_once(alice, letters):
    version_retire(user=alice, name="letters", number=1, reason="It leaked.")
    report = recipe_check(
        user=alice, document=recipe({"benchmark": "letters"}, {"benchmark": "none"}, {"split": "test"}, {"benchmark": "digits", "limit": 5, "split": "train"})
    )  # fmt: skip
    assert about_benchmarks(report) == [
        ("benchmark_unusable", "data[0].benchmark"),
        ("benchmark_unknown", "data[1].benchmark"),
        ("data_missing", "data[2]"),
        ("benchmark_decides", "data[3].split"),
        ("benchmark_decides", "data[3].limit"),
    ]
    assert [finding.where for finding in report.check.findings if finding.where.startswith("data[0]")] == [
        "data[0].benchmark"
    ]


def test_missing_and_invisible_read_the_same(alice, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    make_benchmark(alice, "lab.secret", data="lab/secret", namespace="lab")
    report = recipe_check(user=charlie, document=recipe({"benchmark": "lab.secret"}, {"benchmark": "none"}))
    first, second = (finding for finding in report.check.findings if finding.code == "benchmark_unknown")
    assert first.message.replace("lab.secret", "X") == second.message.replace("none", "X")


def test_a_limit_of_the_whole_recipe_is_warned_of(alice):
    report = recipe_check(user=alice, document=recipe({"benchmark": "digits"}, limit=5))
    assert about_benchmarks(report) == [("benchmark_limited", "limit")]


def test_what_a_merge_is_measured_on_may_be_a_benchmark(alice):
    document = {
        "kind": "merge", "method": "linear", "sources": [{"model": "alice/vit"}, {"model": "alice/vit@main"}],
        "output": {"repo": "alice/merged"}, "evaluate": [{"benchmark": "digits"}, {"benchmark": "none"}],
    }  # fmt: skip
    report = recipe_check(user=alice, document=document)
    assert about_benchmarks(report) == [("benchmark_unknown", "evaluate[1].benchmark")]


def test_the_person_finds_the_recipe_as_they_wrote_it(alice, letters, monkeypatch):
    monkeypatch.setattr("hub.jobs.bell._send", lambda name, args, queue: None)
    document = recipe({"benchmark": "digits"})
    report = recipe_check(user=alice, document=document)
    if not report.check.ok:  # the planner has more to say about this model than about its benchmark
        assert about_benchmarks(report) == []
        return
    job, _ = recipe_submit(user=alice, document=document)
    assert job.recipe == document
    assert job.request["recipe"]["data"][0]["benchmark"] == f"digits@{benchmark_get(user=None, name='digits').number}"
