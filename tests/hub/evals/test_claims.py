"""Cards beside measurements: confirmed, contradicted, or nothing that could say."""

import json

import pytest

from hub.catalog.models import Commit
from hub.evals.claims import claims_of
from hub.evals.models import Evaluation
from hub.imports.models import Import
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.catalog import make_commit, make_repo

pytestmark = pytest.mark.django_db
# what was measured: 0.8 [0.7, 0.9]
EIGHT_OF_TEN = [1] * 8 + [0] * 2


def readme(value=0.8, metric="accuracy", task="image-classification", data="alice/letters", split="test", **dataset):
    result = {
        "task": {"type": task},
        "dataset": {"type": data, "name": "L", "split": split, **dataset},
        "metrics": [{"type": metric, "value": value}],
    }
    return f"---\nmodel-index: {json.dumps([{'name': 'm', 'results': [result]}])}\n---\n# M\n"


@pytest.fixture
def version(alice):
    make_dataset(alice, "alice/letters", rows=10)
    return make_benchmark(alice, "letters", data="alice/letters")


@pytest.fixture
def model(alice):
    return make_repo(alice, "m", files={"README.md": readme()})


def claim_with(alice, model, version, text, user=None, **row):
    commit = make_commit(model, alice, {"README.md": text})
    model.refresh_from_db()
    if version is not None:
        make_entry(alice, version, model, EIGHT_OF_TEN, oid=commit.oid, **row)
    (found,) = claims_of(model, commit, user)
    return found


@pytest.mark.parametrize(
    ("value", "badge", "is_flattering"),
    [(0.8, "confirmed", False), (0.7, "confirmed", False), (0.9, "confirmed", False), (0.97, "contradicted", True), (0.5, "contradicted", False),
     ("97 %", "contradicted", True), (0.91, "contradicted", True), ("90.4", "contradicted", True), ("90", "confirmed", False)],
)  # fmt: skip
def test_a_claim_is_held_against_the_interval(alice, model, version, value, badge, is_flattering):
    found = claim_with(alice, model, version, readme(value))
    assert (found.badge, found.is_flattering) == (badge, is_flattering)


def test_the_difference_has_the_interval_of_the_measurement(alice, model, version):
    found = claim_with(alice, model, version, readme(0.97))
    assert found.difference.value == pytest.approx(-0.17)
    assert (found.difference.low, found.difference.high) == (pytest.approx(-0.27), pytest.approx(-0.07))
    assert found.evaluation == Evaluation.objects.get()


def test_rounding_is_no_contradiction(alice, model, version):
    assert claim_with(alice, model, version, readme("94")).badge == "contradicted"
    metrics = {"accuracy": {"value": 0.9236, "low": 0.9233, "high": 0.9239, "n": 10**6}}
    assert claim_with(alice, model, version, readme("92.4"), metrics=metrics).badge == "confirmed"


def test_where_lower_is_better_a_lower_claim_flatters(alice, model, version):
    metrics = {"nll": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}}
    assert claim_with(alice, model, version, readme(0.1, "nll"), metrics=metrics).is_flattering


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"metric": "wer"}, "does not measure wer"),
        ({"metric": "rmse"}, "not its root mean squared error"),
        ({"data": "alice/other"}, "Nothing was measured"),
        ({"split": "validation"}, "Nothing was measured"),
        ({"task": "text-classification"}, "Nothing was measured"),
        ({"config": "hard"}, "Nothing was measured"),
        ({"revision": "e" * 40}, "Nothing was measured"),
    ],
)
def test_what_was_not_measured_is_not_confirmed_and_says_why(alice, model, version, change, reason):
    found = claim_with(alice, model, version, readme(**change))
    assert found.badge == "not_confirmed"
    assert reason in found.reason


def test_without_any_measurement(alice, model):
    assert claim_with(alice, model, None, readme()).badge == "not_confirmed"


def test_a_measurement_without_an_interval_contradicts_nothing(alice, model, version):
    metrics = {"ece": {"value": 0.05, "low": None, "high": None, "n": 10}}
    assert claim_with(alice, model, version, readme("0.050", "ece"), metrics=metrics).badge == "confirmed"
    assert claim_with(alice, model, version, readme("0.010", "ece"), metrics=metrics).badge == "not_confirmed"


@pytest.mark.parametrize("name", ["letters", "Alice/Letters", "other/letters-upstream"])
def test_data_is_known_by_its_benchmark_and_by_where_it_came_from(alice, model, version, name):
    Import.objects.create(
        owner=alice, type="dataset", mode="mirror", endpoint="https://example.org", remote="other/letters-upstream", revision="main",
        target="alice/letters", repo=version.data_repo,
    )  # fmt: skip
    assert claim_with(alice, model, version, readme(data=name)).badge == "confirmed"


def test_invalid_numbers_confirm_nothing(alice, model, version):
    assert claim_with(alice, model, version, readme(), invalid="Wrong.").badge == "not_confirmed"


def test_the_whole_split_goes_before_a_part_of_it(alice, model, version):
    part = make_benchmark(alice, "part", data="alice/letters", limit=5)
    commit = Commit.objects.get(oid=model.head)
    make_entry(alice, version, model, EIGHT_OF_TEN)
    make_entry(alice, part, model, [1] * 5)
    assert claims_of(model, commit, None)[0].measured.value == 0.8


def test_what_was_measured_on_closed_data_is_for_its_readers(alice, charlie, model):
    make_dataset(alice, "alice/closed", visibility="private")
    closed = make_benchmark(alice, "alice.closed", data="alice/closed")
    make_entry(alice, closed, model, EIGHT_OF_TEN)
    commit = make_commit(model, alice, {"README.md": readme(data="alice/closed")})
    make_entry(alice, closed, model, EIGHT_OF_TEN, oid=commit.oid)
    model.refresh_from_db()
    assert [claims_of(model, commit, user)[0].badge for user in (alice, charlie)] == ["confirmed", "not_confirmed"]


def test_an_older_card_is_read_from_its_own_commit(alice, model, version):
    older = Commit.objects.get(oid=model.head)
    make_commit(model, alice, {"README.md": readme(0.1)})
    model.refresh_from_db()
    assert claims_of(model, older, None)[0].claim.value == 0.8


def test_a_card_without_claims(alice):
    repo = make_repo(alice, "plain", files={"README.md": "# Plain\n"})
    assert claims_of(repo, Commit.objects.get(oid=repo.head), None) == []


def test_over_rest(api, alice, model, version):
    make_entry(alice, version, model, EIGHT_OF_TEN)
    (row,) = api.get("/api/v1/models/alice/m/claims").json()["results"]
    assert (row["badge"], row["metric"], row["claimed"], row["measured"]["value"]) == (
        "confirmed",
        "accuracy",
        0.8,
        0.8,
    )
    assert api.get("/api/v1/models/alice/none/claims").status_code == 404
