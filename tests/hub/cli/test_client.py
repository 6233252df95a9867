import json

import httpx
import pytest

from hub.cli.client import DEFAULT_URL, Hub, HubError, hub_url


def _hub(handler, monkeypatch, *, token="hub_x"):
    monkeypatch.setenv("GENEPOOL_TOKEN", token)
    return Hub("http://hub.example", transport=httpx.MockTransport(handler))


def _problem(status: int, detail: str, **extra):
    body = {"type": "about:blank", "title": "x", "status": status, "detail": detail, "code": "x", **extra}
    return httpx.Response(status, text=json.dumps(body), headers={"Content-Type": "application/problem+json"})


def test_sends_the_token_and_leaves_empty_parameters_out(monkeypatch):
    seen = []

    def handler(request):
        seen.append(request)
        return httpx.Response(200, json={})

    _hub(handler, monkeypatch).get("/jobs", state=None, kind="", limit=3)
    assert str(seen[0].url) == "http://hub.example/api/v1/jobs?limit=3"
    assert seen[0].headers["Authorization"] == "Bearer hub_x"


def test_without_a_token_none_is_sent(monkeypatch):
    seen = []

    def handler(request):
        seen.append(request)
        return httpx.Response(200, json={})

    _hub(handler, monkeypatch, token="").get("/models")
    assert "Authorization" not in seen[0].headers


def test_a_problem_becomes_its_sentence_with_findings(monkeypatch):
    finding = {"code": "unknown_key", "severity": "error", "message": "densty is not a key."}
    hub = _hub(lambda request: _problem(422, "1 error stops this recipe.", findings=[finding]), monkeypatch)
    with pytest.raises(HubError, match="1 error stops this recipe") as caught:
        hub.post("/jobs", {})
    assert caught.value.findings == [finding]
    assert not caught.value.is_outage


def test_field_errors_are_named(monkeypatch):
    hub = _hub(
        lambda request: _problem(400, "Some fields are not right.", errors=[{"where": "force", "message": "no"}]),
        monkeypatch,
    )
    with pytest.raises(HubError, match="force: no"):
        hub.post("/jobs", {})


@pytest.mark.parametrize(("token", "words"), [("", "needs an access token"), ("hub_x", "token of the hub at")])
def test_says_what_to_do_about_a_token(monkeypatch, token, words):
    with pytest.raises(HubError, match=words):
        _hub(lambda request: _problem(401, "Not valid."), monkeypatch, token=token).get("/me")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("refused"), "Nothing answers at http://hub.example"),
        (httpx.ReadTimeout("slow"), "did not answer in time"),
    ],
)
def test_an_outage_is_told_as_one(monkeypatch, error, words):
    def handler(request):
        raise error

    with pytest.raises(HubError, match=words) as caught:
        _hub(handler, monkeypatch).get("/me")
    assert caught.value.is_outage


def test_nothing_listens_there():
    with pytest.raises(HubError, match="genepool up"):
        Hub("http://127.0.0.1:1").get("/me")


@pytest.mark.parametrize("url", ["not an address", "ftp://x", "http://"])
def test_an_address_that_is_none_is_said_to_be_none(url):
    with pytest.raises(HubError, match="not an address"):
        Hub(url).get("/me")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>", headers={"Content-Type": "text/html"}),
        httpx.Response(404, text="nope"),
        httpx.Response(500, json=[1]),
    ],
)
def test_another_server_is_not_taken_for_a_hub(monkeypatch, answer):
    with pytest.raises(HubError, match="GENEPOOL_URL"):
        _hub(lambda request: answer, monkeypatch).get("/me")


def test_waits_when_asked_to(monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    answers = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={"name": "alice"})]
    assert _hub(lambda request: answers.pop(0), monkeypatch).get("/me") == {"name": "alice"}
    assert pauses == [7.0]


def test_the_address_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("GENEPOOL_URL", raising=False)
    assert hub_url() == DEFAULT_URL
    monkeypatch.setenv("GENEPOOL_URL", "https://models.example.org/")
    assert hub_url() == "https://models.example.org"
