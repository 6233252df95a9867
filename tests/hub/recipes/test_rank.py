"""A ranking names its models, or is one of every entry that fits and may be read."""

import pytest

from hub.catalog.gates import gate_set
from hub.core.errors import Refused
from hub.evals.models import Ranking
from hub.evals.ranking import ranking_publish
from hub.jobs.models import Job
from hub.recipes import ranking
from hub.recipes.services import recipe_check, recipe_submit
from tests.builders import mlp_state, model_folder
from tests.factories.jobs import make_repo
from tests.hub.api.zoo import make_dataset, make_model
from workers.contracts.jobs import JobResult

pytestmark = pytest.mark.django_db
RECIPE = {"kind": "rank", "data": [{"data": "alice/sample"}]}


@pytest.fixture
def zoo(alice, lab, charlie, tmp_path):
    """Pictures to rank for; three entries that fit, of which one is Charlie's own; one that reads texts."""
    make_dataset(alice, "alice/sample", rows=40)
    made = {
        name: make_model(owner, name, seed=seed, visibility=visibility)[0]
        for seed, (name, owner, visibility) in enumerate(
            [("alice/open", alice, "public"), ("lab/secret", alice, "private"), ("charlie/own", charlie, "private")]
        )
    }
    bert = {"model_type": "bert", "architectures": ["BertForMaskedLM"]}
    make_repo(alice, "reader", visibility="public", folder=model_folder(tmp_path / "bert", mlp_state(), config=bert))
    return made


def chosen(user, **changes):
    report = recipe_check(user=user, document=RECIPE | changes)
    return list(report.parsed.recipe.models), {finding.code: finding for finding in report.check.findings}


def test_without_models_takes_every_entry_that_fits_and_may_be_read(zoo, alice, bob, charlie):
    at = {name: f"{name}@{repo.head}" for name, repo in zoo.items()}
    assert set(chosen(alice)[0]) == {at["alice/open"], at["lab/secret"]}
    assert set(chosen(bob)[0]) == {at["alice/open"], at["lab/secret"]}
    assert set(chosen(charlie)[0]) == {at["alice/open"], at["charlie/own"]}
    assert chosen(bob)[1]["models_chosen"].message == "2 entries fit this data and will be ranked."


def test_says_when_more_fit_than_are_ranked(zoo, alice, monkeypatch):
    monkeypatch.setattr(ranking, "MOST", 1)
    zoo["lab/secret"].likes = 5
    zoo["lab/secret"].save()
    models, findings = chosen(alice)
    assert models == [f"lab/secret@{zoo['lab/secret'].head}"]
    assert "More than 1 entries fit" in findings["models_chosen"].message


def test_leaves_out_what_stands_behind_a_gate(zoo, alice, charlie):
    gate_set(user=alice, repo=zoo["alice/open"], gated="manual")
    assert chosen(charlie)[0] == [f"charlie/own@{zoo['charlie/own'].head}"]


def test_nothing_that_fits_is_said_once(alice):
    make_dataset(alice, "alice/sample", rows=40)
    with pytest.raises(Refused) as caught:
        recipe_submit(user=alice, document=RECIPE)
    assert [finding.code for finding in caught.value.findings] == ["nothing_fits"]


def test_data_that_is_not_there_is_the_reason_given(zoo, bob):
    report = recipe_check(user=bob, document={"kind": "rank", "data": [{"data": "alice/none"}]})
    assert "not_found" in {finding.code for finding in report.check.findings}


def test_becomes_a_job_with_the_models_at_their_commits(zoo, alice):
    job, created = recipe_submit(user=alice, document=RECIPE)
    assert created
    assert job.title == "Ranking of 2 models for alice/sample"
    assert job.recipe == RECIPE, "the recipe as it was written"
    assert len(job.request["recipe"]["models"]) == 2
    assert job.inputs.filter(role="model").count() == 2
    assert recipe_submit(user=alice, document=RECIPE) == (job, False)


def test_a_new_entry_makes_it_another_ranking(zoo, alice):
    first, _ = recipe_submit(user=alice, document=RECIPE)
    make_model(alice, "alice/later", seed=9)
    again, created = recipe_submit(user=alice, document=RECIPE)
    assert created
    assert again != first


def test_chosen_in_few_questions_however_many_entries_there_are(zoo, alice, django_assert_max_num_queries):
    for seed in range(8):
        make_model(alice, f"alice/more-{seed}", seed=10 + seed)
    from workers.contracts.recipes import Measure, RankRecipe

    recipe = RankRecipe(data=(Measure(data="alice/sample"),))
    with django_assert_max_num_queries(12):
        expanded, _ = ranking.models_expand(user=alice, recipe=recipe)
    assert len(expanded.models) == 10


def test_report_is_kept_once(zoo, alice):
    job, _ = recipe_submit(user=alice, document=RECIPE)
    for best in ("first", "second"):
        ranking_publish(job=job, result=JobResult(report={"results": [best]}), files={}, commit=None)
    assert Ranking.objects.get().result == {"results": ["second"]}
    assert Job.objects.get().ranking.result == {"results": ["second"]}
