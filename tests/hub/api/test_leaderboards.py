"""/leaderboards over REST: the boards, one board, and the same as CSV."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.catalog.models import Repo
from hub.evals.models import Evaluation, Standing
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.evals import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(alice):
    return make_benchmark(alice, "mine")


def entry(alice, version, name, right, **rest):
    repo, _ = make_model(alice, name, visibility=rest.pop("visibility", "public"))
    repo.refresh_from_db()
    return make_entry(alice, version, repo, [1] * right + [0] * (10 - right), **rest)


def test_a_board_says_who_is_where_and_what_the_numbers_mean(api, alice, version):
    found = entry(alice, version, "good", 9, cost={"parameters": 7})
    entry(alice, version, "bad", 1)
    Standing.objects.create(evaluation=found, definition_digest=version.digest, rank_low=1, rank_high=1)
    body = api.get("/api/v1/leaderboards/mine").json()
    assert (body["benchmark"], body["version"], body["metric"], body["higher_is_better"]) == (
        "mine",
        1,
        "accuracy",
        True,
    )
    assert body["digest"] == version.digest
    first, second = body["results"]
    assert (first["model"], first["score"], first["rank_low"], first["rank_high"]) == ("alice/good", 0.9, 1, 1)
    assert first["costs"]["parameters"] == 7
    assert "parameters" in first["front"]
    assert (second["model"], second["rank_low"]) == ("alice/bad", None)


def test_filters_and_order(api, alice, version):
    entry(alice, version, "small", 1, cost={"parameters": 10})
    entry(alice, version, "large", 9, cost={"parameters": 1000})

    def names(query):
        return [row["model"] for row in api.get(f"/api/v1/leaderboards/mine?{query}").json()["results"]]

    assert names("params_max=10") == ["alice/small"]
    assert names("sort=parameters") == ["alice/small", "alice/large"]
    assert api.get("/api/v1/leaderboards/mine?sort=luck").status_code == 400


def test_csv_holds_the_same_and_runs_no_formula(api, alice, version):
    found = entry(alice, version, "good", 9)
    Repo.objects.filter(pk=found.repo_id).update(licence="=HYPERLINK()")
    answer = api.get("/api/v1/leaderboards/mine.csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "mine-1.csv" in answer["Content-Disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["model"], row["accuracy"], row["licence"]) == ("alice/good", "0.9", "'=HYPERLINK()")


def test_what_one_may_not_see_is_not_there(api, api_as, alice, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    closed = make_benchmark(alice, "lab.secret", data="lab/secret", namespace="lab")
    entry(alice, closed, "good", 9)
    assert [
        client.get("/api/v1/leaderboards/lab.secret").status_code for client in (api_as(alice), api_as(charlie), api)
    ] == [200, 404, 404]
    assert api.get("/api/v1/leaderboards/lab.secret.csv").status_code == 404
    assert "lab.secret" not in {row["benchmark"] for row in api.get("/api/v1/leaderboards").json()["results"]}


def test_the_list_says_who_leads_as_far_as_one_may_see(api, api_as, alice, version):
    entry(alice, version, "open", 5)
    entry(alice, version, "closed", 9, visibility="private")
    entry(alice, version, "cheat", 10, invalid="It was trained on the test split.")

    def line(client):
        return next(row for row in client.get("/api/v1/leaderboards").json()["results"] if row["benchmark"] == "mine")

    assert (line(api)["entries"], line(api)["leader"]["model"]) == (1, "alice/open")
    assert (line(api_as(alice))["entries"], line(api_as(alice))["leader"]["score"]) == (2, 0.9)


def test_two_hundred_models_on_five_boards_cost_a_dozen_questions(api_as, alice):
    """Rows are made straight away: what is measured is reading."""
    versions = [make_benchmark(alice, f"b{number}", limit=number + 1) for number in range(5)]
    seed = entry(alice, versions[0], "m", 5, keeps_answers=False)
    repos = Repo.objects.bulk_create(
        Repo(type="model", namespace=seed.repo.namespace, name=f"m{number}", full_name=f"alice/m{number}", visibility="public", head="a" * 40)
        for number in range(200)
    )  # fmt: skip
    Evaluation.objects.bulk_create(
        Evaluation(
            repo=repo, commit_oid="a" * 40, data_name="builtin:digits", split="test", definition=version.definition,
            definition_digest=version.digest, examples=10, score=0.5, cost={"parameters": place + 1},
            metrics={"accuracy": {"value": place / 200, "low": 0.1, "high": 0.9, "n": 10}},
        )
        for version in versions for place, repo in enumerate(repos)
    )  # fmt: skip
    Standing.objects.bulk_create(
        Standing(evaluation=row, definition_digest=row.definition_digest, rank_low=1, rank_high=9)
        for row in Evaluation.objects.exclude(pk=seed.pk)
    )
    client = api_as(alice)
    for address in ("/api/v1/leaderboards", "/api/v1/leaderboards/b0"):
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            body = client.get(address).json()
        assert len(asked) <= 12, [query["sql"][:100] for query in asked]
        assert len(body["results"]) >= 6
    assert body["results"][0]["score"] == 199 / 200
    assert body["total"] == 201
