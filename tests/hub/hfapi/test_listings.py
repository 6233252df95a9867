"""What clients ask lists and entries for: filters, details, orders. Nothing is answered with rows that do not fit."""

import pytest

from hub.catalog.gates import gate_set, repo_disable
from hub.catalog.models import Repo
from hub.hfapi.describing import EXPANDABLE
from tests.factories.catalog import card, make_commit, make_model, make_repo


@pytest.fixture
def zoo(alice, bob):
    make_model(alice, "one", readme=card(license="mit", language="de", datasets=["alice/digits"]))
    make_model(bob, "two", fill=1, readme=card(license="mit") + "\nSee arXiv:2306.01708 for the method.\n")
    make_repo(
        alice,
        "digits",
        type="dataset",
        files={"README.md": card(size_categories=["n<1K"], task_categories=["image-classification"])},
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter=language:de", {"alice/one"}), ("language=de", {"alice/one"}), ("filter=dataset:alice/digits", {"alice/one"}),
        ("trained_dataset=alice/digits", {"alice/one"}), ("filter=arxiv:2306.01708", {"bob/two"}), ("apps=vllm", set()), ("inference=warm", set()),
        ("search=alice&search=one", {"alice/one"}), ("search=alice&search=two", set()), ("author=ALICE", {"alice/one"}), ("author=nobody", set()),
        ("filter=", {"alice/one", "bob/two"}), ("filter=license:MIT", set()), ("filter=nothing", set()), ("gated=manual", set()),
    ],
)  # fmt: skip
def test_filters(zoo, anonymous, query, found):
    assert {row["id"] for row in anonymous.get(f"/api/models?{query}").json()} == found


@pytest.mark.parametrize(
    "query",
    ["filter=size_categories:n<1K", "filter=task_categories:image-classification", "search=digits&search=alice"],
)
def test_filters_of_datasets(zoo, anonymous, query):
    assert [row["id"] for row in anonymous.get(f"/api/datasets?{query}").json()] == ["alice/digits"]


def test_gates_can_be_asked_for(zoo, alice, anonymous):
    gate_set(user=alice, repo=Repo.objects.get(full_name="alice/one"), gated="auto")
    found = {
        gate: [row["id"] for row in anonymous.get(f"/api/models?gated={gate}").json()]
        for gate in ("true", "False", "auto", "manual")
    }
    assert found == {"true": ["alice/one"], "False": ["bob/two"], "auto": ["alice/one"], "manual": []}


@pytest.mark.parametrize(
    "query", ["gated=perhaps", "direction=1", "expand=secrets", "filter=x&colour=red", "sort=id", "num_parameters=3B"]
)
def test_what_cannot_be_done_is_said(zoo, anonymous, query):
    answer = anonymous.get(f"/api/models?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == answer.headers["X-Error-Message"]


@pytest.mark.parametrize("name", sorted(EXPANDABLE))
def test_expand_gives_what_was_asked_for_and_no_more(zoo, anonymous, name):
    for path in (f"/api/models/alice/one?expand={name}", f"/api/datasets/alice/digits?expand={name}"):
        assert set(anonymous.get(path).json()) <= {"_id", "id", name}
    for row in anonymous.get(f"/api/models?expand={name}").json():
        assert set(row) <= {"_id", "id", name}


def test_files_of_many_repos_take_one_query(zoo, alice, anonymous, django_assert_max_num_queries):
    for number in range(5):
        make_repo(alice, f"more-{number}", files={"a.txt": str(number)})
    with django_assert_max_num_queries(4):
        rows = anonymous.get("/api/models?full=true&config=true").json()
    files = {row["id"]: [file["rfilename"] for file in row["siblings"]] for row in rows}
    assert files["alice/more-3"] == [".gitattributes", "a.txt"]
    assert {row["id"] for row in rows if row.get("config", {}).get("model_type") == "vit"} == {"alice/one", "bob/two"}


def test_files_in_a_list_are_those_of_the_default_branch(zoo, alice, as_, anonymous):
    client = as_(alice)
    assert client.post("/api/models/alice/one/branch/other", {}).status_code == 201
    make_commit(Repo.objects.get(full_name="alice/one"), alice, {"new.txt": "x"}, branch="other")
    row = next(row for row in anonymous.get("/api/models?full=1").json() if row["id"] == "alice/one")
    assert "new.txt" not in [file["rfilename"] for file in row["siblings"]]


def test_a_popular_repo_trends(zoo, anonymous):
    Repo.objects.filter(full_name="alice/one").update(downloads=500, likes=3)
    rows = anonymous.get("/api/models?expand=trendingScore").json()
    assert [row["id"] for row in rows] == ["alice/one", "bob/two"]
    assert rows[0]["trendingScore"] > rows[1]["trendingScore"] > 0


def test_who_was_taken_down_is_said_to_be(zoo, root, anonymous):
    repo_disable(user=root, repo=Repo.objects.get(full_name="alice/one"), reason="A complaint.")
    assert anonymous.get("/api/models/alice/one").json()["disabled"] is True


def test_scans_are_reported_when_asked_for(zoo, anonymous):
    expected = {"scansDone": True, "filesWithIssues": []}
    assert anonymous.get("/api/models/alice/one?securityStatus=true").json()["securityRepoStatus"] == expected


def test_a_limited_token_says_so(alice, as_):
    from hub.accounts.models import AccessToken

    client, repo = as_(alice), make_repo(alice, "thing")
    AccessToken.objects.filter(user=alice).update(repo_ids=[repo.pk])
    assert client.get("/api/whoami-v2").json()["auth"]["accessToken"]["role"] == "fineGrained"
