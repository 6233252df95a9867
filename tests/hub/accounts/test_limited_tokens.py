import pytest
from rest_framework.test import APIClient

from hub.accounts.granting import token_create
from hub.catalog.models import Repo
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db


def client_with(user, *, scopes=("write", "submit"), **limits) -> APIClient:
    client = APIClient()
    _, raw = token_create(user=user, name="limited", scopes=scopes, **limits)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    return client


@pytest.fixture
def repos(alice, lab):
    make_model(alice, "lab/secret", visibility="private")
    make_model(alice, "alice/mine", visibility="private", seed=1)
    make_model(alice, "alice/other", visibility="private", seed=2)
    make_model(alice, "lab/open", seed=3)


def test_reads_what_is_public_and_what_it_is_for(alice, repos):
    client = client_with(alice, repos=["alice/mine"])
    statuses = {
        name: client.get(f"/api/v1/models/{name}").status_code
        for name in ("alice/mine", "alice/other", "lab/secret", "lab/open")
    }
    assert statuses == {"alice/mine": 200, "alice/other": 404, "lab/secret": 404, "lab/open": 200}
    listed = {row["id"] for row in client.get("/api/models").json()}
    assert listed == {"alice/mine", "lab/open"}


def test_makes_repos_only_where_it_is_for(alice, repos):
    within, without = client_with(alice, namespaces=["lab"]), client_with(alice, repos=["lab/secret"])
    made = {"type": "model", "organization": "lab", "name": "new"}
    assert without.post("/api/repos/create", made, format="json").status_code == 403
    assert within.post("/api/repos/create", made, format="json").status_code == 200
    assert within.post("/api/repos/create", {"type": "model", "name": "new"}, format="json").status_code == 403
    assert not Repo.objects.filter(full_name="alice/new").exists()


def test_moves_and_deletes_nothing_outside(alice, repos):
    client = client_with(alice, namespaces=["alice"])
    moved = client.post(
        "/api/repos/move", {"fromRepo": "alice/mine", "toRepo": "lab/mine", "type": "model"}, format="json"
    )
    assert moved.status_code == 403
    gone = client.delete("/api/repos/delete", {"type": "model", "organization": "lab", "name": "open"}, format="json")
    assert gone.status_code in (403, 404)
    assert Repo.objects.filter(full_name__in=["alice/mine", "lab/open"]).count() == 2


def test_makes_only_tokens_that_reach_no_further(alice, repos):
    client = client_with(alice, repos=["alice/mine"])
    asked = {"name": "x", "scopes": ["read"]}
    made = client.post("/api/v1/tokens", asked, format="json").json()
    assert made["repos"] == ["alice/mine"]
    for wider in (
        {"repos": ["alice/other"]},
        {"namespaces": ["alice"]},
        {"repos": ["alice/mine"], "namespaces": ["lab"]},
    ):
        assert client.post("/api/v1/tokens", asked | wider, format="json").status_code == 400


def test_knows_of_no_token_that_reaches_further(alice, repos):
    wide, _ = token_create(user=alice, name="wide", scopes=["write"])
    client = client_with(alice, repos=["alice/mine"])
    assert {row["name"] for row in client.get("/api/v1/tokens").json()["results"]} == {"limited"}
    assert client.delete(f"/api/v1/tokens/{wide.pk}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "me/export", None),
        ("get", "me/sessions", None),
        ("delete", "me/sessions", None),
        ("patch", "me", {"full_name": "x"}),
        ("post", "me/password", {"old": "a", "new": "b"}),
        ("delete", "me", {"password": "x"}),
        ("post", "organizations", {"name": "other"}),
        ("post", "webhooks", {"url": "https://example.org/x"}),
    ],
)
def test_stays_away_from_the_account(alice, repos, method, path, body):
    client = client_with(alice, namespaces=["lab"])
    assert getattr(client, method)(f"/api/v1/{path}", body, format="json").status_code == 403


def test_sees_only_organisations_it_is_for(alice, lab, repos):
    client = client_with(alice, namespaces=["alice"])
    assert client.get("/api/v1/organizations").json()["results"] == []
    assert client.get("/api/v1/organizations/lab").status_code == 404
    assert client.put("/api/v1/organizations/lab/members/bob", {"role": "owner"}, format="json").status_code in (
        403,
        404,
    )
    assert client.get("/api/v1/me").json()["namespaces"] == ["alice"]


def test_sees_and_submits_only_jobs_within(alice, repos):
    outside = make_job(alice)
    outside.request = {**outside.request, "recipe": {"output": {"repo": "lab/result"}}}
    outside.save()
    client = client_with(alice, namespaces=["alice"])
    assert client.get(f"/api/v1/jobs/{outside.pk}").status_code == 404
    recipe = {
        "kind": "merge",
        "method": "linear",
        "sources": [{"model": "alice/mine"}, {"model": "lab/secret"}],
        "output": {"repo": "lab/x"},
    }
    answer = client.post("/api/v1/jobs", {"recipe": recipe}, format="json")
    assert answer.status_code == 422
    assert {"output_not_writable", "not_found"} <= {row["code"] for row in answer.json()["findings"]}


def test_says_all_at_once_what_it_cannot_be_limited_to(alice, bob, lab):
    make_model(bob, "bob/secret", visibility="private")
    from hub.core.errors import Invalid

    with pytest.raises(Invalid) as raised:
        token_create(user=alice, name="x", scopes=["read"], repos=["bob/secret", "no/such"], namespaces=["bob"])
    assert {error["where"] for error in raised.value.errors} == {"repos[0]", "repos[1]", "namespaces[0]"}
