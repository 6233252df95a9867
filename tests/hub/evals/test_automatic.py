"""What a result is measured on by itself, and beside whom."""

from dataclasses import replace

import pytest

from hub.benchmarks.services import version_retire
from hub.evals import automatic
from hub.evals.automatic import result_measure
from hub.evals.models import Evaluation
from hub.jobs import bell
from hub.jobs.models import Job, JobInput
from hub.recipes import services
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.jobs import make_job
from tests.hub.api.zoo import make_model
from workers.contracts.findings import Finding
from workers.contracts.jobs import JobResult
from workers.contracts.plans import Check, Estimate
from workers.planning import check as planning

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Whether these tiny things can be run is the planner's affair."""
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)

    def lenient(recipe, facts):
        lost = [name for name, held in facts.items() if held is None]
        findings = [
            Finding(code="not_found", severity="error", message=f"There is no {name}.", where="data[0].data")
            for name in lost
        ]
        return Check(findings=tuple(findings), estimate=Estimate(memory_bytes=1))

    monkeypatch.setattr(planning, "check", lenient)


@pytest.fixture
def version(alice):
    return make_benchmark(alice, "mine", limit=9)


@pytest.fixture
def family(alice):
    return {
        name: make_model(alice, f"alice/{name}", seed=seed)
        for seed, name in enumerate(("base", "one", "two", "result"))
    }


def ended(alice, family, kind="merge", **recipe):
    """A job that read base, one and two (a training: base), and has just put its result into the catalogue."""
    body = {
        "method": "linear",
        "base": "alice/base",
        "sources": [{"model": "alice/one"}, {"model": "alice/two"}],
        **recipe,
    }
    inputs = [("base", 0, "base"), ("source", 0, "one"), ("source", 1, "two")]
    if kind == "train":
        body, inputs = (
            {"model": "alice/base", "data": [{"data": "builtin:digits", "split": "train"}], **recipe},
            [("model", 0, "base")],
        )
    job = make_job(alice, kind=kind)
    job.request = {**job.request, "recipe": {"kind": kind, **body}}
    job.save()
    for role, position, name in inputs:
        repo, commit = family[name]
        JobInput.objects.create(job=job, repo=repo, commit_oid=commit.oid, role=role, position=position)
    result_measure(job=job, result=JobResult(), files={}, commit=family["result"][1])
    return job


def followups(job):
    found = []
    for child in Job.objects.filter(parent=job).order_by("number"):
        recipe = child.request["recipe"]
        models = [text.partition("@")[0].removeprefix("alice/") for text in recipe["models"]]
        found.append((models, [row["benchmark"] or row["data"].partition("@")[0] for row in recipe["data"]]))
    return found


def measured(alice, family, version, *names):
    for name in names:
        make_entry(alice, version, family[name][0], [1, 0], oid=family[name][1].oid)


def test_a_result_is_measured_on_what_its_parents_were(alice, family, version):
    measured(alice, family, version, "base", "one", "two")
    assert followups(ended(alice, family)) == [(["result"], ["mine@1"])]


def test_parents_that_lack_the_number_are_measured_beside_it(alice, family, version):
    measured(alice, family, version, "one")
    assert followups(ended(alice, family)) == [(["result", "base", "two"], ["mine@1"])]


def test_what_needs_the_same_models_is_one_job(alice, family, version):
    others = [make_benchmark(alice, f"b{limit}", limit=limit) for limit in (3, 4)]
    measured(alice, family, version, "base", "one", "two")
    for other in others:
        measured(alice, family, other, "one")
    assert followups(ended(alice, family)) == [(["result"], ["mine@1"]), (["result", "base", "two"], ["b3@1", "b4@1"])]


def test_a_definition_without_a_name_is_measured_too(alice, family, version):
    measured(alice, family, version, "one")
    version.benchmark.delete()
    job = ended(alice, family)
    assert followups(job) == [(["result", "base", "two"], ["builtin:digits"])]
    assert Job.objects.get(parent=job).request["recipe"]["data"][0]["task"] == "image-classification"


def test_nothing_measured_before_measures_nothing(alice, family):
    assert followups(ended(alice, family)) == []


def test_an_empty_list_measures_nothing(alice, family, version):
    measured(alice, family, version, "one")
    assert followups(ended(alice, family, evaluate=[])) == []


def test_what_the_recipe_asks_for_goes_before_what_parents_were_measured_on(alice, family, version):
    measured(alice, family, version, "base", "one", "two")
    make_dataset(alice, "alice/letters")
    job = ended(alice, family, evaluate=[{"data": "alice/letters"}, {"benchmark": "mine"}])
    assert followups(job) == [(["result", "base", "one", "two"], ["alice/letters"]), (["result"], ["mine@1"])]


def test_retired_invalid_and_outdated_numbers_are_not_repeated(alice, family, version):
    others = {limit: make_benchmark(alice, f"b{limit}", limit=limit) for limit in (3, 4, 5)}
    for other in others.values():
        measured(alice, family, other, "base", "one", "two")
    version_retire(user=alice, name="b3", number=1, reason="It leaked.")
    Evaluation.objects.filter(definition_digest=others[4].digest).update(invalid="Wrong.")
    row = Evaluation.objects.filter(definition_digest=others[5].digest).first()
    Evaluation.objects.filter(definition_digest=others[5].digest).update(definition=row.definition | {"protocol": 0})
    assert followups(ended(alice, family)) == []


def test_at_most_so_many_definitions_the_most_shared_first(alice, family, version, monkeypatch):
    monkeypatch.setattr(automatic, "DEFINITIONS", 1)
    other = make_benchmark(alice, "other", limit=3)
    measured(alice, family, other, "one")
    measured(alice, family, version, "one", "two")
    assert followups(ended(alice, family)) == [(["result", "base"], ["mine@1"])]


def test_what_the_owner_may_not_read_is_not_repeated(alice, bob, family):
    make_dataset(bob, "bob/secret", visibility="private")
    closed = make_benchmark(bob, "bob.closed", data="bob/secret")
    measured(bob, family, closed, "base", "one", "two")
    assert followups(ended(alice, family)) == []


def test_a_training_is_measured_on_the_test_split_of_its_data(alice, family):
    make_dataset(alice, "alice/letters")
    data = [{"data": "builtin:digits", "split": "train"}, {"data": "alice/letters", "split": "train"}]
    job = ended(alice, family, kind="train", task="image-classification", data=data)
    assert followups(job) == [(["result", "base"], ["digits@1", "alice/letters"])]
    assert [row["split"] for row in Job.objects.get(parent=job).request["recipe"]["data"]] == ["test", "test"]


def test_parents_that_do_not_fit_leave_the_result_by_itself(alice, family, version, monkeypatch):
    measured(alice, family, version, "one")
    real = services.recipe_check

    def strict(*, user, document):
        report = real(user=user, document=document)
        if len(document["models"]) > 1:
            finding = Finding(code="label_mismatch", severity="error", message="Other labels.", where="models[1]")
            report = replace(report, check=report.check.model_copy(update={"findings": (finding,)}))
        return report

    monkeypatch.setattr(services, "recipe_check", strict)
    job = ended(alice, family)
    assert followups(job) == [(["result"], ["mine@1"])]
    assert not job.log_lines.exists()


def test_the_result_stands_when_nothing_can_be_measured(alice, family, version, monkeypatch):
    measured(alice, family, version, "one")
    make_dataset(alice, "alice/letters")
    job = ended(alice, family, evaluate=[{"benchmark": "none"}, {"data": "alice/none"}])
    assert followups(job) == []
    assert [line.message.partition(".")[0] for line in job.log_lines.order_by("id")] == [
        "The result was not measured on none", "The result was not measured on alice/none, test"
    ]  # fmt: skip


def test_a_mistake_of_the_hub_does_not_undo_the_result(alice, family, monkeypatch):
    def broken(job):
        raise LookupError("boom")

    monkeypatch.setattr(automatic, "parents_of", broken)
    job = ended(alice, family)
    assert "by hand" in job.log_lines.get().message


def test_reproductions_and_results_without_a_commit_are_left_alone(alice, family, version):
    measured(alice, family, version, "one")
    job = make_job(alice, kind="merge")
    result_measure(job=job, result=JobResult(), files={}, commit=None)
    assert not Job.objects.filter(parent=job).exists()
