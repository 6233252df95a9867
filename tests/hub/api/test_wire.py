import pytest

from hub.core.api import BODY_LIMIT_BYTES

pytestmark = pytest.mark.django_db


def test_an_unknown_route_is_a_problem_document(api):
    for path in ("/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v1/models/a/b/c/d"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
    assert api.post("/api/v1/nothing").status_code == 404


def test_a_wrong_method_says_which_are_right(api_as, alice):
    answer = api_as(alice).put("/api/v1/tokens")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("text", ["{", "[" * 100_000, b"\xff\xfe", '{"name": NaN}'])
def test_what_is_not_json_is_a_parse_error(api_as, alice, text):
    answer = api_as(alice).post("/api/v1/tokens", data=text, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "3"])
def test_json_that_is_no_object_is_refused(api_as, alice, body):
    assert api_as(alice).post("/api/v1/tokens", data=body, content_type="application/json").status_code == 400


def test_another_media_type_is_refused(api_as, alice):
    assert api_as(alice).post("/api/v1/tokens", data="a=b", content_type="text/csv").status_code == 415


def test_a_body_over_the_limit_is_refused_unread(api_as, alice):
    answer = api_as(alice).post("/api/v1/tokens", data=" " * (BODY_LIMIT_BYTES + 1), content_type="application/json")
    assert answer.status_code == 413
    assert str(BODY_LIMIT_BYTES) in answer.json()["detail"]


def test_a_browser_gets_json_too(api_as, alice):
    assert api_as(alice).get("/api/v1/me", HTTP_ACCEPT="text/html")["Content-Type"] == "application/json"


def test_answers_are_not_kept_by_caches(api_as, alice):
    assert api_as(alice).get("/api/v1/me")["Cache-Control"] == "private, no-store"


def test_the_schema_comes_as_json_and_as_yaml(api):
    assert api.get("/api/v1/schema").json()["openapi"].startswith("3.")
    assert b"openapi: 3." in api.get("/api/v1/schema?format=yaml").content


@pytest.mark.parametrize(
    "text", ['{"name": "a\\u0000b", "scopes": ["read"]}', '{"name": "\\ud800", "scopes": ["read"]}']
)
def test_characters_the_database_cannot_hold_are_refused(api_as, alice, text):
    answer = api_as(alice).post("/api/v1/tokens", data=text, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/organizations/a%00b", "/api/v1/tokens?cursor=%00"])
def test_an_address_with_nul_is_refused(api_as, alice, path):
    assert api_as(alice).get(path).status_code == 400


def test_a_body_without_a_length_is_not_taken_for_an_empty_one(api_as, alice):
    answer = api_as(alice).post(
        "/api/v1/tokens", data="", content_type="application/json", headers={"Transfer-Encoding": "chunked"}
    )
    assert answer.status_code == 411
