"""/benchmarks over REST."""

import pytest

from tests.factories.benchmarks import make_benchmark, make_dataset

pytestmark = pytest.mark.django_db
BODY = {
    "name": "mine",
    "title": "Mine",
    "namespace": "alice",
    "definition": {"task": "image-classification", "data": "builtin:digits"},
}


def test_making_one_and_reading_it(api, api_as, alice):
    answer = api_as(alice).post("/api/v1/benchmarks", BODY, format="json")
    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/benchmarks/mine"
    body = api.get("/api/v1/benchmarks/mine").json()
    assert (body["number"], body["metric"], body["namespace"], body["may_change"]) == (1, "accuracy", "alice", False)
    assert body["definition"]["data"] == "builtin:digits"
    assert body["digest"] == answer.json()["digest"]
    assert api_as(alice).get("/api/v1/benchmarks/mine").json()["may_change"] is True


def test_all_findings_come_at_once(api_as, alice):
    definition = {"task": "telepathy", "data": "alice/none", "colums": {}}
    answer = api_as(alice).post("/api/v1/benchmarks", BODY | {"definition": definition}, format="json")
    assert answer.status_code == 422
    assert {row["code"] for row in answer.json()["findings"]} == {"unknown_key", "unknown_task", "not_found"}


def test_a_change_adds_a_version_and_the_old_one_can_be_asked_for(api, api_as, alice):
    make_benchmark(alice, "mine")
    answer = api_as(alice).post(
        "/api/v1/benchmarks/mine/versions", {"definition": BODY["definition"] | {"limit": 9}}, format="json"
    )
    assert (answer.status_code, answer.json()["number"]) == (201, 2)
    assert [row["number"] for row in answer.json()["versions"]] == [2, 1]
    assert api.get("/api/v1/benchmarks/mine?version=1").json()["definition"]["limit"] is None
    assert api.get("/api/v1/benchmarks/mine?version=3").status_code == 404
    assert api.get("/api/v1/benchmarks/mine?version=x").status_code == 400


def test_a_version_is_retired_with_its_reason(api, api_as, alice):
    make_benchmark(alice, "mine")
    answer = api_as(alice).post("/api/v1/benchmarks/mine/versions/1/retire", {"reason": "It leaked."}, format="json")
    assert (answer.status_code, answer.json()["retired"]) == (200, "It leaked.")


def test_the_list_holds_what_one_may_see(api, api_as, alice, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    make_benchmark(alice, "lab.secret", data="lab/secret", namespace="lab")
    make_benchmark(alice, "open")

    def names(client, query=""):
        return {row["name"] for row in client.get(f"/api/v1/benchmarks?{query}").json()["results"]}

    assert {"lab.secret", "open", "digits"} <= names(api_as(alice))
    assert "lab.secret" not in names(api_as(charlie)) | names(api)
    assert names(api_as(alice), "namespace=lab") == {"lab.secret"}
    assert names(api, "q=ope") == {"open"}
    assert "open" not in names(api, "task=causal-lm")
    assert api.get("/api/v1/benchmarks?task=telepathy").status_code == 400


def test_the_list_goes_page_by_page(api, alice):
    for number in range(3):
        make_benchmark(alice, f"b{number}", limit=number + 1)
    seen, cursor = [], ""
    while cursor is not None:
        body = api.get(f"/api/v1/benchmarks?limit=2&cursor={cursor}").json()
        seen += [row["name"] for row in body["results"]]
        cursor = body["next"]
    assert {"b0", "b1", "b2", "digits"} <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_list_costs_the_same_however_long(api, alice, django_assert_max_num_queries):
    for number in range(5):
        make_benchmark(alice, f"b{number}", limit=number + 1)
    with django_assert_max_num_queries(3):
        api.get("/api/v1/benchmarks")
