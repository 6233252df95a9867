"""Two results side by side over REST."""

from uuid import uuid4

import pytest
from django.core.cache import cache

from hub.evals import tasks
from hub.evals.models import Evaluation
from tests.factories.evals import make_evaluation, make_model

pytestmark = pytest.mark.django_db
FIRST, SECOND = [1] * 80 + [0] * 20, [1] * 60 + [0] * 30 + [1] * 10


@pytest.fixture
def two(alice):
    """Public, on built-in data."""
    cache.clear()
    return [
        make_evaluation(alice, *make_model(alice, name), answers, data="builtin:digits")
        for name, answers in (("new", FIRST), ("old", SECOND))
    ]


@pytest.fixture
def address(two):
    return f"/api/v1/evaluations/{two[0].pk}/against/{two[1].pk}"


@pytest.fixture
def worked_out(two):
    tasks.pair(*(str(row.pk) for row in two))


def test_is_working_until_a_worker_has_been_there(api, address, two):
    answer = api.get(address)
    assert (answer.status_code, answer.json()) == (202, {"state": "working"})
    assert answer["Retry-After"] == "1"
    tasks.pair(*(str(row.pk) for row in two))
    assert api.get(address).status_code == 200


def test_says_everything(api, address, worked_out):
    body = api.get(address).json()
    assert (body["n"], body["metric"], body["test"]) == (100, "accuracy", "mcnemar")
    assert (body["flips"]["gained"], body["flips"]["lost"]) == (20, 10)
    assert body["flips"]["nfr"]["value"] == pytest.approx(0.1)
    assert body["flips"]["headroom"]["low"] > 0
    assert body["metrics"][0]["difference"]["value"] == pytest.approx(0.1)
    assert body["lost_ids"] == list(range(90, 100))
    assert body["equivalence"] == {"margin": 0.01, "is_same": False, "is_no_worse": True}


def test_the_margin_is_the_askers(api, address, worked_out):
    """+10 points, −0.7 to +20.8 (paired): no worse by more than a point; not within 20, within 25."""
    held = {text: api.get(f"{address}?margin={text}").json()["equivalence"] for text in ("0.5", "20", "25", "")}
    assert [(row["margin"], row["is_same"], row["is_no_worse"]) for row in held.values()] == [
        (0.005, False, held["0.5"]["is_no_worse"]), (0.2, False, True), (0.25, True, True), (0.01, False, True),
    ]  # fmt: skip


@pytest.mark.parametrize("margin", ["0", "0.05", "51", "-1", "nan", "one", "1e400"])
def test_a_margin_out_of_bounds_is_refused_with_its_bounds(api, address, worked_out, margin):
    answer = api.get(address, {"margin": margin})
    assert answer.status_code == 400
    assert "0.1 to 50" in answer.json()["detail"]


def test_pages_through_the_examples(api, address):
    body = api.get(f"{address}/examples?kind=gained&limit=15").json()
    assert (body["count"], [row["example_id"] for row in body["results"]]) == (20, list(range(60, 75)))
    rest = api.get(f"{address}/examples", {"kind": "gained", "limit": 15, "cursor": body["next"]}).json()
    assert ([row["example_id"] for row in rest["results"]], rest["next"]) == (list(range(75, 80)), None)
    assert api.get(f"{address}/examples").json()["results"][0]["kind"] == "lost"


@pytest.mark.parametrize("query", ["kind=worse", "limit=0", "limit=9999", "cursor=abc", "kind=lost&cursor=WzFd:x"])
def test_bad_questions_are_refused(api, address, query):
    assert api.get(f"{address}/examples?{query}").status_code == 400


def test_a_cursor_of_another_kind_is_refused(api, address):
    cursor = api.get(f"{address}/examples?kind=gained&limit=1").json()["next"]
    assert api.get(f"{address}/examples", {"kind": "lost", "cursor": cursor}).status_code == 400


@pytest.mark.parametrize("tail", ["", "/examples"])
def test_different_definitions_are_refused_in_words(api, address, two, tail):
    Evaluation.objects.filter(pk=two[1].pk).update(definition_digest="other")
    answer = api.get(address + tail)
    assert answer.status_code == 400
    assert "different definitions" in answer.json()["detail"]


@pytest.mark.parametrize("tail", ["", "/examples"])
def test_what_one_may_not_see_is_not_there(api_as, alice, charlie, two, address, worked_out, tail):
    """Also when it was worked out for somebody else before."""
    repo = two[1].repo
    repo.visibility = "private"
    repo.save()
    assert api_as(alice).get(address + tail).status_code == 200
    assert api_as(charlie).get(address + tail).status_code == 404
    assert api_as(alice).get(f"/api/v1/evaluations/{two[0].pk}/against/{uuid4()}{tail}").status_code == 404


@pytest.fixture
def third(alice):
    return make_evaluation(alice, *make_model(alice, "third"), [1] * 50 + [0] * 50, data="builtin:digits")


def test_a_result_beside_several_is_adjusted_for_their_number(api, two, third):
    others = f"/api/v1/evaluations/{two[0].pk}/against?others={two[1].pk},{third.pk}"
    assert api.get(others).status_code == 202
    for row in (two[1], third):
        tasks.pair(str(two[0].pk), str(row.pk))
    near, far = api.get(others).json()["results"]
    assert (near["second"], far["second"]) == (str(two[1].pk), str(third.pk))
    assert far["p_adjusted"] == pytest.approx(2 * far["p_value"])
    assert near["p_adjusted"] == pytest.approx(max(near["p_value"], far["p_adjusted"]))


def test_one_that_may_not_be_seen_hides_all(api, two, third):
    repo = third.repo
    repo.visibility = "private"
    repo.save()
    assert api.get(f"/api/v1/evaluations/{two[0].pk}/against?others={two[1].pk},{third.pk}").status_code == 404


@pytest.mark.parametrize("others", ["", "abc", ",".join(["0" * 32] * 2), ",".join(f"{n:032x}" for n in range(17))])
def test_others_are_a_few_different_results(api, two, others):
    assert api.get(f"/api/v1/evaluations/{two[0].pk}/against", {"others": others}).status_code == 400
