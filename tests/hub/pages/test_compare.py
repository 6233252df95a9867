"""/compare and GET /api/v1/compare: two to five entries side by side, for who may see them."""

import html
import json
import re
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from hub.catalog.gates import gate_set
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create
from hub.jobs.models import Job, JobOutput
from hub.pages.beside.comparison import SideBySide, side_by_side
from hub.pages.beside.members import members_of, names_of
from hub.pages.entry import head_commit
from tests.factories.catalog import card, make_blob, make_model, make_repo, weights
from tests.factories.evals import make_evaluation, make_result
from tests.factories.jobs import make_job
from workers.contracts.manifests import Manifest, Parent

pytestmark = pytest.mark.django_db
WIDE = {"layer.weight": (8, 2), "layer.bias": (8,), "more": (3,)}
CONFIG = json.dumps({"architectures": ["ViTForImageClassification"], "model_type": "vit"})


@pytest.fixture
def wide(alice):
    """Another shape, one tensor more, another licence."""
    files = {
        "model.safetensors": weights(tensors=WIDE),
        "config.json": CONFIG,
        "README.md": card(license="cc-by-nc-4.0"),
    }
    return make_repo(alice, "wide", files=files)


@pytest.fixture
def three(alice):
    return [make_model(alice, name, fill=place) for place, name in enumerate(("one", "two", "three"))]


def page(client, *names, **more):
    return client.get("/compare?" + urlencode([*(("models", name) for name in names), *more.items()]))


def found(user, *names) -> SideBySide:
    result = side_by_side(list(names), user=user)
    assert isinstance(result, SideBySide)
    return result


def test_names_come_repeated_or_with_commas_each_once():
    assert names_of(["a/b,c/d", " c/d ", "", "e/f@v1"]) == ["a/b", "c/d", "e/f@v1"]


def test_the_page_shows_each_entry_and_says_that_shapes_agree(browser, three):
    text = page(browser(), "alice/one", "alice/two", "alice/three").content.decode()
    assert "Compare three models" in text
    assert "All 2 tensors have the same name, shape and number format in all." in text
    assert "/make/merge?source=alice%2Fone" in text


def test_a_cell_differs_where_it_is_not_what_most_say(alice, three, wide):
    facts = {row.key: row for row in found(alice, "alice/one", "alice/two", "alice/wide").facts}
    assert facts["licence"].differs == (False, False, True)
    assert facts["parameters"].values == ("12", "12", "27")
    assert facts["kind"].is_equal


def test_of_two_that_differ_both_are_marked(alice, three, wide):
    licence = next(row for row in found(alice, "alice/one", "alice/wide").facts if row.key == "licence")
    assert licence.differs == (True, True)


def test_equal_rows_can_be_left_out(browser, three, wide):
    text = page(browser(), "alice/one", "alice/wide", equal="hide").content.decode()
    assert ">Kind<" not in text
    assert ">Parameters<" in text


def test_tensors_are_told_apart_by_what_differs(alice, three, wide):
    structure = found(alice, "alice/one", "alice/wide").structure
    assert (structure.total, structure.same, structure.reshaped, structure.missing, structure.retyped) == (
        3,
        0,
        2,
        1,
        0,
    )
    rows = {row.name: row for row in structure.rows}
    assert rows["more"].cells == (None, "3, float32")
    assert rows["layer.bias"].cells == ("4, float32", "8, float32")


def test_what_does_not_fit_says_why_and_offers_the_form(browser, three, wide):
    text = page(browser(), "alice/one", "alice/wide").content.decode()
    assert "<b>Mergeable.</b>" not in text
    assert "Open the form for a merge of them" in text


def test_scores_of_one_dataset_stand_in_one_row_and_the_best_is_known(alice, three):
    one, two, _ = three
    make_evaluation(alice, one, one.commits.get(oid=one.head), [1] * 90 + [0] * 10)
    make_evaluation(alice, two, two.commits.get(oid=two.head), [1] * 60 + [0] * 40)
    (row,) = found(alice, "alice/one", "alice/two", "alice/three").scores
    assert [score and score.value for score in row.scores] == [0.9, 0.6, None]
    assert (row.best, row.is_clear) == (0, True)


def test_whether_the_best_is_better_is_said_from_the_answers(browser, alice, three):
    for repo, right in zip(three, (90, 60, 88), strict=True):
        make_evaluation(alice, repo, repo.commits.get(oid=repo.head), [1] * right + [0] * (100 - right))
    text = page(browser(), "alice/one", "alice/two", "alice/three").content.decode()
    assert "Is the best one better?" in text
    assert "+2.0 points" in text
    text = page(browser(), "alice/one", "alice/two").content.decode()
    assert "+30.0 points" in text
    assert "better</span>" in text
    assert "(more than chance)." in text
    assert "Holm" not in text  # one dataset, one test


def test_who_leads_follows_the_paired_test_and_not_the_overlap_of_intervals(browser, alice, three):
    """92 and 84 of 100 overlap, but answer by answer eight are gained and none is lost; a second dataset halves the level."""
    for repo, right in zip(three[:2], (92, 84), strict=True):
        make_evaluation(alice, repo, repo.commits.get(oid=repo.head), [1] * right + [0] * (100 - right))
    text = page(browser(), "alice/one", "alice/two").content.decode()
    (row,) = found(alice, "alice/one", "alice/two").scores
    assert not row.is_clear
    assert "(more than chance)." in text
    assert "intervals overlap" not in text
    for repo, right in zip(three[:2], (91, 85), strict=True):
        answers = [1] * right + [0] * (100 - right)
        make_evaluation(alice, repo, repo.commits.get(oid=repo.head), answers, data="demo/other")
    text = page(browser(), "alice/one", "alice/two").content.decode()
    assert "p is Holm’s over the 2 datasets tested here" in text
    assert ">0.016</td>" in text  # 2 × 2 × 0.5 ** 8


def test_entries_measured_on_different_data_have_no_empty_chart(browser, alice, three):
    for repo, data in zip(three[:2], ("demo/digits", "demo/parity"), strict=True):
        make_evaluation(alice, repo, repo.commits.get(oid=repo.head), [1] * 9 + [0], data=data)
    text = page(browser(), "alice/one", "alice/two").content.decode()
    assert "Measured on different data" in text
    assert re.search(r"<b>one</b><span[^>]*>digits, 90", text)
    assert re.search(r"<b>two</b><span[^>]*>parity, 90", text)
    assert "by dataset" not in text


def test_one_and_its_base_are_combined_as_equals(browser, alice, three, wide):
    """A merge of one source over its base is a copy, and its shapes are compared with nothing."""
    parents = (Parent(repo="alice/one", commit=three[0].head, relation="base"),)
    for repo in (three[1], wide):
        commit_create(
            repo=repo, branch="main", user=alice, title="Base", manifest=Manifest(artifact="model", kind="train", parents=parents), lineage=parents,
            operations=[AddFile("note.txt", make_blob(alice, "from one"), is_lfs=False)],
        )  # fmt: skip
    combination = found(alice, "alice/one", "alice/two").combination
    assert (combination.base, combination.sources) == ("", ("alice/one", "alice/two"))
    text = page(browser(), "alice/one", "alice/two").content.decode()
    assert "<b>Mergeable.</b>" in text
    assert "a copy of it" not in text
    text = page(browser(), "alice/one", "alice/wide").content.decode()
    assert "<b>Mergeable.</b>" not in text


def test_numbers_of_different_definitions_are_never_put_in_one_row(alice, three):
    for repo, digest in zip(three[:2], ("a" * 64, "b" * 64), strict=True):
        row = make_evaluation(alice, repo, repo.commits.get(oid=repo.head), [1] * 9 + [0])
        row.definition_digest = digest
        row.save()
    rows = found(alice, "alice/one", "alice/two").scores
    assert len(rows) == 2
    assert all(row.best is None for row in rows)


def _merge(user, name, one, base):
    """A merge as a job of this hub leaves it, with its report."""
    repo = make_model(user, name, fill=9)
    row = {"norms": [0.2], "norm": 0.1, "agreement": None}
    inputs = [
        {"role": role, "repo": entry.full_name, "commit": entry.head}
        for role, entry in (("base", base), ("source", one))
    ]
    report = {
        "vectors": [one.full_name],
        "relative_to": "base",
        "inputs": inputs,
        "tensors": {"layer.weight": row, "layer.bias": row},
    }
    parents = (Parent(repo=one.full_name, commit=one.head, relation="merge_of"),)
    commit = commit_create(
        repo=repo, branch="main", user=user, title="Merge", manifest=Manifest(artifact="model", kind="merge", parents=parents), lineage=parents,
        operations=[AddFile("report.json", make_blob(user, json.dumps(report)), is_lfs=False)],
    )  # fmt: skip
    repo.refresh_from_db()
    return repo, commit


def test_distances_are_taken_from_the_report_of_a_merge(browser, alice, bob, three):
    one, two, _ = three
    repo, commit = _merge(alice, "merged", one, base=two)
    JobOutput.objects.create(job=make_job(alice), repo=repo, commit=commit)
    distances = found(bob, "alice/one", "alice/merged").distances
    assert distances.base == "alice/two"
    # two tensors of 8 and 4 values, a norm of 0.2 each: sqrt(2 × 0.04 / 12) × 1000
    assert distances.whole == pytest.approx([81.6496580927726, 40.8248290463863])
    assert "lies farthest from the base" in page(browser(bob), "alice/one", "alice/merged").content.decode()


def test_a_report_that_no_job_wrote_is_not_believed(alice, three):
    _merge(alice, "forged", three[0], base=three[1])
    assert found(alice, "alice/one", "alice/forged").distances is None


def test_what_is_not_there_and_what_may_not_be_seen_read_alike(browser, bob, zoo):
    answers = [page(browser(bob), "alice/open", name) for name in ("alice/secret", "alice/absent")]
    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [answer.content.decode() for answer in answers]
    assert "There is no entry alice/secret, or you may not see it." in texts[0]
    assert "There is no entry alice/absent, or you may not see it." in texts[1]


def test_behind_a_gate_no_tensor_is_told(browser, alice, bob, three):
    gate_set(user=alice, repo=three[1], gated="manual")
    text = page(browser(bob), "alice/one", "alice/two").content.decode()
    assert "layer.weight" not in text
    assert "Tensors of two are behind a gate" in text
    assert "Not checked: the files of two are behind a gate." in text
    assert found(alice, "alice/one", "alice/two").structure.total == 2


@pytest.mark.parametrize("names", [["nonsense"], ["hf:org/name", "alice/one"], ["a/b@c d"]])
def test_what_is_no_name_is_said(browser, three, names):
    answer = page(browser(), *names)
    assert answer.status_code == 400
    assert "no name of an entry" in answer.content.decode()


def test_six_are_too_many(browser, three):
    answer = page(browser(), *(f"alice/m{number}" for number in range(6)))
    assert answer.status_code == 400
    assert "At most 5" in answer.content.decode()


def test_one_or_none_asks_for_more(browser, three):
    assert "Name two to five entries." in page(browser()).content.decode()
    text = page(browser(), "alice/one", "alice/one@main").content.decode()
    assert "one stands alone. Choose another to put beside it." in text
    assert "/compare?models=alice%2Fone&amp;models=alice%2Ftwo" in text  # the others of its kind, one click away


def test_of_two_each_can_be_left_out(browser, three):
    text = page(browser(), "alice/one", "alice/two").content.decode()
    assert 'href="/compare?models=alice%2Ftwo" aria-label="Leave out one"' in text


def test_what_was_typed_and_is_no_entry_is_said_at_the_field_and_the_others_stay(browser, three):
    answer = page(browser(), "alice/one", "alice/two", add="alice/nothing")
    text = answer.content.decode()
    assert answer.status_code == 404
    assert "Compare two models" in text
    assert 'role="alert">There is no entry alice/nothing, or you may not see it.' in text
    assert 'value="alice/nothing"' in text


def test_what_is_not_known_is_no_agreement(browser, alice, three, wide):
    make_repo(alice, "bare", files={"model.safetensors": weights(tensors=WIDE), "config.json": CONFIG})
    make_repo(alice, "bald", files={"model.safetensors": weights(tensors=WIDE), "config.json": CONFIG})
    text = page(browser(), "alice/bare", "alice/bald").content.decode()
    assert "no licence known" in text
    assert "one licence" not in text
    assert "one licence (one not known)" in page(browser(), "alice/bare", "alice/wide").content.decode()


def test_the_page_looks_again_while_a_job_measures_one_of_them(browser, alice, bob, three):
    job = make_job(alice, kind="evaluate", inputs=(three[0],))
    job.inputs.update(role="model")
    text = page(browser(alice), "alice/one", "alice/two").content.decode()
    assert f">Job {job.number}</a> measures some of them." in text
    address = html.unescape(re.search(r'id="waiting" role="status" hx-get="([^"]+)"', text)[1])
    asks = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "waiting"}
    assert browser(alice).get(address, **asks).status_code == 204
    Job.objects.filter(pk=job.pk).update(state="succeeded")
    assert browser(alice).get(address, **asks)["HX-Refresh"] == "true"
    assert 'id="waiting"' not in page(browser(alice), "alice/one", "alice/two").content.decode()
    assert 'id="waiting"' not in page(browser(bob), "alice/one", "alice/two").content.decode()


def test_the_child_takes_the_first_marker(alice, measured_family):
    members = members_of(["alice/digits-rotated", "alice/merged", "alice/digits-noisy"], user=alice)
    assert [member.series for member in members] == [2, 1, 3]


def test_rest_says_the_same(alice, bob, three, wide):
    answer = APIClient().get("/api/v1/compare?models=alice/one,alice/wide")
    assert answer.status_code == 200
    body = answer.json()
    assert [model["repo"] for model in body["models"]] == ["alice/one", "alice/wide"]
    assert body["structure"]["reshaped"] == 2
    assert body["combination"]["is_possible"] is False
    assert body["distances"] is None


def test_rest_refuses_one_alone(three):
    assert APIClient().get("/api/v1/compare?models=alice/one").status_code == 400
    assert APIClient().get("/api/v1/compare").status_code == 400


def test_scores_as_csv(browser, alice, three):
    for repo, right in zip(three[:2], (9, 6), strict=True):
        make_evaluation(alice, repo, repo.commits.get(oid=repo.head), [1] * right + [0] * (10 - right))
    text = browser().get("/compare/scores.csv?models=alice/one,alice/two").content.decode()
    assert text.splitlines()[0] == "Dataset,split,metric,one,from,to,two,from,to"
    assert browser().get("/compare/distances.csv?models=alice/one,alice/two").status_code == 404


def measured_on(alice, repo, data, right, gold=None):
    gold = gold or [number * 7 % 10 for number in range(100)]
    correct = [number < right for number in range(100)]
    said = [true if hit else -1 for true, hit in zip(gold, correct, strict=True)]
    make_result(alice, repo, head_commit(repo), {"gold": gold, "prediction": said, "correct": correct}, data=data)


def test_the_mean_has_an_interval_that_draws_forms_of_one_example_together(alice, three):
    one, two, _ = three
    for data in ("demo/clean", "demo/noisy"):
        measured_on(alice, one, data, 80)
        measured_on(alice, two, data, 60)
    mean = found(alice, "alice/one", "alice/two").means["accuracy"]
    assert (mean.values, mean.best, mean.found.pooling, mean.found.sources) == ((0.8, 0.6), (0,), "same", 100)
    # both forms of every example are answered alike: two datasets say no more than one
    half = 1.96 * (0.8 * 0.2 / 100) ** 0.5
    assert mean.ends(0) == pytest.approx((0.8 - half, 0.8 + half), abs=0.015)
    assert "each drawn in all 2 datasets at once" in mean.note


def test_the_mean_of_datasets_that_may_hold_the_same_examples_says_so(alice, browser, three):
    one, two, _ = three
    for data, gold in (("demo/clean", None), ("demo/other", [0] * 100)):
        measured_on(alice, one, data, 80, gold)
        measured_on(alice, two, data, 80, gold)
    text = html.unescape(page(browser(), "alice/one", "alice/two").content.decode())
    assert "takes the examples of the 2 datasets for different ones" in text
    assert "Highest mean: one and two" in text
    assert "Level at the top on clean, other." in text
    body = APIClient().get("/api/v1/compare?models=alice/one,alice/two").json()
    (mean,) = [row for row in body["means"] if row["metric"] == "accuracy"]
    assert mean["values"][0]["low"] < 0.8 < mean["values"][0]["high"]
    assert body["scores"][0]["best"] is None


def test_where_the_mean_has_no_interval_the_page_says_why(alice, three):
    for repo in three[:2]:
        for data in ("demo/clean", "demo/noisy"):
            make_evaluation(alice, repo, head_commit(repo), [1, 0, 1], data=data, keeps_answers=False)
    mean = found(alice, "alice/one", "alice/two").means["accuracy"]
    assert (mean.found.intervals, mean.ends(0)) == ((), (None, None))
    assert "were not kept" in mean.note
