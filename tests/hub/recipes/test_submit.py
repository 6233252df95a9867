"""From a recipe to a job: refused as a whole, submitted once, measured afterwards."""

import threading

import pytest
from django.db import connection

from hub.catalog.models import Repo
from hub.core.errors import Refused
from hub.jobs.models import Job
from hub.jobs.services import job_publish
from hub.recipes.services import recipe_submit
from hub.recipes.titles import title_make
from tests.factories.jobs import claim, key_of, make_repo, make_result
from workers.contracts.jobs import JobRequest
from workers.contracts.parsing import parse
from workers.contracts.plans import Check, Estimate
from workers.planning import check as planning

pytestmark = pytest.mark.django_db


def test_job_holds_the_recipe_as_written_and_the_request_at_commits(alice, family, document):
    job, created = recipe_submit(user=alice, document=document())
    assert created
    assert job.title == "TIES of 2 models → alice/merged"
    assert (job.kind, job.method, job.queue, job.state) == ("merge", "ties", "cpu", "queued")
    assert job.recipe == document()
    request = JobRequest.model_validate(job.request)
    assert request.plan is not None
    assert [entry.reference for entry in request.inputs] == ["alice/base", "alice/one", "alice/two@main"]
    assert all(entry.facts.commit and entry.files for entry in request.inputs)
    assert job.inputs.count() == 3
    assert job.needs_memory_bytes > 0
    assert "plan" not in job.check_report


def test_a_search_is_called_so_while_nobody_knows_what_wins():
    search = {"open": {"method": ["ties", "dare_ties"]}, "data": [{"data": "demo/digits"}]}
    document = {
        "kind": "merge",
        "base": "a/base",
        "sources": ["a/one", "a/two"],
        "search": search,
        "output": {"repo": "a/merged"},
    }
    assert title_make(parse(document).recipe) == "Search over 2 methods of 2 models → a/merged"
    search["open"] = {"density": {}}
    assert title_make(parse(document | {"method": "ties"}).recipe) == "Search over TIES of 2 models → a/merged"


def test_a_base_that_is_merged_counts_in_the_title(alice, family, document):
    job, _ = recipe_submit(user=alice, document=document(method="slerp", sources=[{"model": "alice/one"}]))
    assert job.title == "Slerp of 2 models → alice/merged"


def test_refuses_with_all_findings_and_leaves_no_row(alice, family, document):
    with pytest.raises(Refused) as caught:
        recipe_submit(user=alice, document=document(sources=[{"model": "alice/none"}], output={"repo": "nobody/x"}))
    assert caught.value.message == "2 errors stop this recipe. Fix them to submit."
    assert len(caught.value.findings) >= 2
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "bad", ["- : {", "a: &x [*x]", 7, None, [], "", {"kind": "none"}, {"kind": "merge", "method": "ties", "sources": [{"model": "a/b"}] * 10_000}]
)  # fmt: skip
def test_refuses_what_is_no_recipe(alice, bad):
    with pytest.raises(Refused) as caught:
        recipe_submit(user=alice, document=bad)
    assert caught.value.findings
    assert not Job.objects.exists()


@pytest.mark.parametrize("change", [{"method": "tise"}, {"dtype": "int4"}, {"lambda": float("nan")}, {"lambd": 1.0}])
def test_refuses_bad_values(alice, family, document, change):
    with pytest.raises(Refused):
        recipe_submit(user=alice, document=document(**change))
    assert not Job.objects.exists()


def test_repeated_key_answers_with_the_job_whatever_changed_since(alice, family, document):
    job, _ = recipe_submit(user=alice, document=document(), idempotency_key="k")
    Repo.objects.filter(full_name="alice/one").update(full_name="alice/renamed")
    again, created = recipe_submit(user=alice, document=document(), idempotency_key="k")
    assert (again, created) == (job, False)


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_it_makes_one_job(alice, family, document):
    barrier, found = threading.Barrier(3), []

    def press():
        barrier.wait()
        found.append(recipe_submit(user=alice, document=document(), idempotency_key="form-1"))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(created for _, created in found) == [False, False, True]
    assert Job.objects.count() == 1


def finish(job, tmp_path):
    out = tmp_path / f"out-{job.number}"
    out.mkdir()
    (out / "README.md").write_text("# Merged\n")
    return job_publish(**key_of(job), result=make_result(out), folder=out)


def test_identical_recipe_is_offered_its_result_unless_forced(alice, family, document, tmp_path):
    recipe_submit(user=alice, document=document())
    done = finish(claim(), tmp_path)
    sources = [{"model": "alice/one@main", "density": 0.5}, {"model": "alice/two", "density": 0.5}]
    assert recipe_submit(user=alice, document=document(sources=sources)) == (done, False)
    assert recipe_submit(user=alice, document=document(), force=True)[1]
    assert recipe_submit(user=alice, document=document(seed=1))[1]


def test_merge_is_measured_beside_its_parents(alice, family, document, tmp_path, monkeypatch):
    make_repo(alice, "digits", type="dataset", visibility="public")
    recipe_submit(user=alice, document=document(evaluate=[{"data": "alice/digits"}]))
    real = planning.check

    def lenient(recipe, facts):
        """The tiny models here are no classifiers; whether they are is the planner's affair."""
        return real(recipe, facts) if recipe.kind == "merge" else Check(estimate=Estimate(memory_bytes=1))

    monkeypatch.setattr(planning, "check", lenient)
    merge = finish(claim(), tmp_path)
    evaluation = Job.objects.get(kind="evaluate")
    assert (evaluation.parent, evaluation.owner, evaluation.state) == (merge, alice, "queued")
    assert evaluation.title == "Evaluation of alice/merged on 1 dataset"
    commit = merge.outputs.get().commit.oid
    models = evaluation.request["recipe"]["models"]
    assert models[0] == f"alice/merged@{commit}"
    assert [model.partition("@")[0] for model in models[1:]] == ["alice/base", "alice/one", "alice/two"]
    assert all(len(model.partition("@")[2]) == 40 for model in models)


def test_merge_stands_when_it_cannot_be_measured(alice, family, document, tmp_path):
    data = make_repo(alice, "digits", type="dataset", visibility="public")
    recipe_submit(user=alice, document=document(evaluate=[{"data": "alice/digits"}]))
    job = claim()
    Repo.objects.filter(pk=data.pk).update(full_name="alice/elsewhere", name="elsewhere")
    done = finish(job, tmp_path)
    assert done.state == "succeeded"
    assert not Job.objects.filter(kind="evaluate").exists()
    assert "was not measured" in done.log_lines.get().message


def test_a_default_written_out_is_the_same_request_whatever_the_order(alice, family, document, tmp_path):
    plain = document(sources=[{"model": "alice/one"}, {"model": "alice/two", "weight": 0.5}])
    recipe_submit(user=alice, document=plain)
    done = finish(claim(), tmp_path)
    text = (
        "output: {visibility: private, repo: alice/merged}\nseed: 0\nlambda: 1\n"
        "sources:\n- {density: 0.3, weight: 1, model: alice/one}\n- {weight: 0.5, model: alice/two@main}\n"
        "density: 0.3\nnormalize: true\nbase: alice/base@main\nmethod: ties\nkind: merge\n"
    )
    for same in (text, plain | {"density": 0.3}, plain | {"lambda": 1}, dict(reversed(plain.items()))):
        assert recipe_submit(user=alice, document=same) == (done, False)
    assert recipe_submit(user=alice, document=plain | {"density": 0.4})[1]
    assert recipe_submit(user=alice, document=plain | {"sources": plain["sources"][::-1]})[1]
