import uuid

import pytest
from rest_framework.test import APIClient

from hub.accounts.models import AccessToken, Namespace
from tests.factories.accounts import make_token

pytestmark = pytest.mark.django_db
TOKENS, ORGANIZATIONS = "/api/v1/tokens", "/api/v1/organizations"


def test_me_says_who_asks_and_where_they_may_write(api_as, bob, lab):
    me = api_as(bob, "read").get("/api/v1/me").json()
    assert me["name"] == "bob"
    assert me["namespaces"] == ["bob", "lab"]
    assert me["organizations"] == [{"name": "lab", "role": "contributor"}]
    assert me["token"]["scopes"] == ["read"]


def test_a_new_token_is_shown_once(api_as, alice):
    client = api_as(alice)
    made = client.post(TOKENS, {"name": "laptop", "scopes": ["read", "submit"]}, format="json")
    assert made.status_code == 201
    body = made.json()
    assert body["token"].startswith(body["display"])
    shown = client.get(made["Location"]).json()
    assert "token" not in shown
    assert "digest" not in str(client.get(TOKENS).json())
    mine = APIClient()
    mine.credentials(HTTP_AUTHORIZATION=f"Bearer {body['token']}")
    assert mine.get("/api/v1/me").json()["token"]["id"] == body["id"]


def test_a_revoked_token_stops_working(api_as, alice):
    client = api_as(alice)
    made = client.post(TOKENS, {"name": "laptop", "scopes": ["read"]}, format="json").json()
    assert client.delete(f"{TOKENS}/{made['id']}").status_code == 204
    mine = APIClient()
    mine.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
    refused = mine.get("/api/v1/me")
    assert refused.status_code == 401
    assert refused["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert refused["Content-Type"] == "application/problem+json"
    assert client.get(f"{TOKENS}/{made['id']}").status_code == 404


def test_a_token_cannot_make_a_stronger_or_longer_one(api_as, alice, root):
    assert api_as(alice, "write").post(TOKENS, {"name": "x", "scopes": ["submit"]}, format="json").status_code == 403
    assert api_as(root, "write").post(TOKENS, {"name": "x", "scopes": ["admin"]}, format="json").status_code == 403
    made = api_as(alice, "write").post(
        TOKENS, {"name": "x", "scopes": ["read"], "expires_in_days": None}, format="json"
    )
    assert made.status_code == 201
    assert made.json()["expires_at"] is not None


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["fly"]}, "scopes[0]"),
        ({"scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": ["read"], "expires_in_days": 0}, "expires_in_days"),
        ({"name": "x", "scopes": ["read"], "expires": 3}, "expires"),
    ],
)
def test_says_which_field_is_not_right(api_as, alice, body, where):
    answer = api_as(alice).post(TOKENS, body, format="json")
    assert answer.status_code == 400
    assert where in [error["where"] for error in answer.json()["errors"]]
    assert AccessToken.objects.count() == 1


def test_somebody_elses_token_is_not_there(api_as, alice, bob):
    make_token(alice)
    token = alice.access_tokens.get()
    for method in ("get", "delete"):
        assert getattr(api_as(bob), method)(f"{TOKENS}/{token.pk}").status_code == 404
    assert api_as(bob).get(f"{TOKENS}/{uuid.uuid4()}").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_session_needs_the_csrf_token_to_change_anything(alice):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get(TOKENS).status_code == 200
    refused = client.post(TOKENS, {"name": "x", "scopes": ["read"]}, format="json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    assert not AccessToken.objects.exists()


def test_cookies_do_not_help_a_wrong_token(alice):
    client = APIClient()
    client.force_login(alice)
    client.credentials(HTTP_AUTHORIZATION="Bearer hub_wrong")
    assert client.get("/api/v1/me").status_code == 401


def test_organisations_are_made_filled_and_hidden_from_strangers(api_as, alice, bob, charlie):
    owner = api_as(alice)
    assert owner.post(ORGANIZATIONS, {"name": "lab"}, format="json").status_code == 201
    assert owner.put(f"{ORGANIZATIONS}/lab/members/bob", {"role": "contributor"}, format="json").status_code == 200
    assert api_as(bob).get(f"{ORGANIZATIONS}/lab").json()["members"] == [
        {"user": "alice", "role": "owner"},
        {"user": "bob", "role": "contributor"},
    ]
    assert api_as(charlie).get(f"{ORGANIZATIONS}/lab").status_code == 404
    assert api_as(bob).put(f"{ORGANIZATIONS}/lab/members/bob", {"role": "owner"}, format="json").status_code == 403
    assert owner.delete(f"{ORGANIZATIONS}/lab/members/bob").status_code == 204
    assert owner.delete(f"{ORGANIZATIONS}/lab/members/alice").status_code == 409


def test_a_taken_or_reserved_name_is_refused(api_as, alice, bob):
    client = api_as(alice)
    assert client.post(ORGANIZATIONS, {"name": "BOB"}, format="json").status_code == 409
    assert client.post(ORGANIZATIONS, {"name": "api"}, format="json").status_code == 400
    assert not Namespace.objects.filter(kind="organisation").exists()
