"""The form for evaluations: what is ticked goes into the recipe, what is known already stands in the matrix."""

import re

import pytest
from django.http import QueryDict

from hub.benchmarks.models import Benchmark
from hub.catalog.models import Commit
from hub.pages.making.matrix import matrix_of, picked
from hub.pages.making.state import draft_posted
from tests.factories.benchmarks import make_benchmark, make_dataset
from tests.factories.evals import make_evaluation, make_model, parent

pytestmark = pytest.mark.django_db


def posted(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return data


def test_what_is_ticked_joins_the_lines_once():
    data = picked(
        posted(f__models="a/b\n", f__data="digits", pick_model=["c/d", "a/b"], pick_benchmark=["digits", "letters"])
    )
    assert data["f-models"].splitlines() == ["a/b", "c/d"]
    assert data["f-data"].splitlines() == ["digits", "letters"]


def test_the_recipe_has_what_was_ticked():
    draft = draft_posted("evaluate", posted(tab="form", f__models="a/b", f__data="", pick_model=["c/d"], pick_benchmark=["digits"]))  # fmt: skip
    assert draft.document["models"] == ["a/b", "c/d"]
    assert draft.document["data"] == [{"benchmark": "digits"}]


@pytest.fixture
def family(alice):
    one = make_model(alice, "one")
    child = make_model(alice, "child", parents=[parent(*one)])
    make_evaluation(alice, *child, [1, 1, 1, 0], data="alice/digits")
    return child, one


def test_known_numbers_stand_in_their_cells(alice, family):
    document = {"models": ["alice/child", "alice/one"], "data": [{"data": "alice/digits"}, {"data": "alice/letters"}]}
    found = matrix_of(document, user=alice)
    assert found.sentence == "2 models × 2 = 4 measurements, 1 of them known already."
    assert [row.cells for row in found.rows] == [("75.0\u00a0%", ""), ("", "")]


def test_parents_are_offered_to_be_measured_beside(alice, family):
    picks = matrix_of({"models": ["alice/child"], "data": []}, user=alice).models
    assert [(pick.value, pick.note) for pick in picks] == [("alice/one", "parent of child")]
    assert matrix_of({"models": ["alice/child", "alice/one"], "data": []}, user=alice).models == ()


def test_benchmarks_are_offered_until_they_are_named(alice, bob):
    make_dataset(alice, "alice/shapes", visibility="private")
    make_benchmark(alice, "alice.shapes", data="alice/shapes")
    assert "alice.shapes" in [pick.value for pick in matrix_of({}, user=alice).benchmarks]
    assert "alice.shapes" not in [
        pick.value for pick in matrix_of({"data": [{"benchmark": "alice.shapes"}]}, user=alice).benchmarks
    ]
    assert "alice.shapes" not in [pick.value for pick in matrix_of({}, user=bob).benchmarks]


def with_facts(repo, **facts):
    commit = Commit.objects.get(repo=repo, oid=repo.head)
    commit.facts = {**commit.facts, **facts}
    commit.save()


def test_only_benchmarks_that_every_named_model_can_be_measured_on_are_offered(alice):
    """Other classes, pictures of another size and other tasks are left out; so is what fits one of two models alone."""
    make_benchmark(alice, "whole")
    animals = make_benchmark(alice, "animals")
    animals.definition = animals.definition | {"labels": ["cat", "dog"]}
    animals.save()
    make_benchmark(alice, "words", data="builtin:python-modules", task="text-classification")
    config = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "num_channels": 1, "image_size": 8}
    digits = {"config": config, "labels": [str(digit) for digit in range(10)], "artifact": "model"}
    for name, changes in (
        ("digits", {}),
        ("large", {"config": config | {"image_size": 16}}),
        ("pets", {"labels": ["cat", "dog"]}),
    ):
        with_facts(make_model(alice, name)[0], **digits | changes)

    def offered(*names):
        picks = matrix_of({"models": [f"alice/{name}" for name in names], "data": []}, user=alice).benchmarks
        return {pick.value for pick in picks} & {"whole", "animals", "words"}

    assert offered("digits") == {"whole"}
    assert offered("pets") == {"animals"}
    assert offered("digits", "pets") == offered("large") == set()
    assert offered() == {"whole", "animals", "words"}


def test_benchmarks_of_one_title_are_told_apart(alice):
    for name in ("first", "second"):
        version = make_benchmark(alice, name)
        Benchmark.objects.filter(pk=version.benchmark_id).update(title="The same")
    picks = [pick for pick in matrix_of({}, user=alice).benchmarks if pick.word == "The same"]
    assert [pick.note.partition(" · ")[0] for pick in picks] == ["first of alice", "second of alice"]


@pytest.mark.parametrize(
    ("path", "fields", "word"),
    [
        ("evaluate?model=alice/one", {"f-models": "alice/one"}, "benchmarks or datasets"),
        ("train?model=alice/one", {"f-model": "alice/one"}, "datasets"),
        ("rank?model=alice/one", {"f-models": "alice/one"}, "your labelled sample"),
    ],
)
def test_what_nobody_has_come_to_yet_is_no_error_until_it_is_asked_for(browser, alice, path, fields, word):
    make_model(alice, "one")
    kind = path.partition("?")[0]
    wrong = re.compile("data is (empty|missing)")
    page = browser(alice).get(f"/make/{path}").content.decode()
    assert not wrong.search(page)
    assert f"Still to fill in: {word}." in page
    fields = {"tab": "form", **fields}
    live = browser(alice).post(f"/make/{kind}/check", fields).content.decode()
    assert not wrong.search(live)
    filled = browser(alice).post(f"/make/{kind}/check", {**fields, "f-data": "alice/x"}).content.decode()
    touched = re.search('name="touched" value="([^"]*)"', filled)[1]
    emptied = browser(alice).post(f"/make/{kind}/check", {**fields, "touched": touched})
    asked = [browser(alice).post(f"/make/{kind}", {**fields, button: "1"}) for button in ("check", "send")]
    for answer in (emptied, *asked):
        assert wrong.search(answer.content.decode())


def test_what_bob_may_not_see_is_not_known_to_him(alice, bob, family):
    child, _ = family[0]
    child.visibility = "private"
    child.save()
    document = {"models": ["alice/child"], "data": [{"data": "alice/digits"}]}
    assert matrix_of(document, user=bob).rows[0].cells == ("",)
    assert matrix_of(document, user=bob).models == ()


@pytest.mark.parametrize("document", [None, [], {"models": "a"}, {"models": [1, None], "data": [3, {"benchmark": []}]}, {"data": {"a": 1}}])  # fmt: skip
def test_any_document_has_a_matrix(alice, document):
    assert matrix_of(document, user=alice).sentence


def test_the_form_shows_them_and_the_check_brings_them_up_to_date(browser, alice, family):
    page = browser(alice).get("/make/evaluate?model=alice/child&data=alice/digits").content.decode()
    assert "1 model × 1 = 1 measurement, 1 of them known already." in page
    assert 'name="pick_model" value="alice/one"' in page
    answer = browser(alice).post("/make/evaluate/check", {"tab": "form", "f-models": "alice/child", "pick_model": "alice/one", "f-data": "alice/digits"})  # fmt: skip
    assert "2 models × 1 = 2 measurements" in answer.content.decode()
