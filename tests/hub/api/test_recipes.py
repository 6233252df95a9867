import json

import pytest

from hub.jobs.models import Job
from tests.hub.api.zoo import make_model
from workers.contracts.writing import document_to_yaml

pytestmark = pytest.mark.django_db
CHECK, JOBS = "/api/v1/recipes/check", "/api/v1/jobs"


@pytest.fixture
def zoo(alice):
    make_model(alice, "alice/base")
    make_model(alice, "alice/one", seed=1, base="alice/base")
    make_model(alice, "alice/two", seed=2, base="alice/base")
    make_model(alice, "alice/wide", width=8)


def _recipe(**changes):
    recipe = {
        "kind": "merge", "method": "ties", "base": "alice/base",
        "sources": [{"model": "alice/one", "weight": 1.0}, {"model": "alice/two", "weight": 0.5, "density": 0.3}],
        "output": {"repo": "alice/merged"},
    }  # fmt: skip
    return recipe | changes


YAML = """
kind: merge
method: linear
sources:
  - model: alice/one
  - model: alice/two
    densty: 0.5
output: {repo: alice/merged}
"""


def test_a_good_recipe_gets_licence_and_estimate(api_as, alice, zoo):
    answer = api_as(alice, "read").post(CHECK, {"recipe": _recipe()}, format="json")
    body = answer.json()
    assert answer.status_code == 200, body
    assert body["ok"] is True, body["findings"]
    assert body["licence"]["licence"] == "Apache-2.0"
    assert body["estimate"]["memory_bytes"] > 0
    assert not Job.objects.exists()


def test_a_bad_recipe_gets_all_findings_at_once(api_as, alice, zoo):
    bad = _recipe(method="tiez", colour="red", output={"repo": "alice/merged", "visibility": "secret"})
    bad["sources"][0]["model"] = "alice/nothing"
    body = api_as(alice).post(CHECK, {"recipe": bad}, format="json").json()
    assert body["ok"] is False
    assert {"method", "colour", "output.visibility"} <= {finding["where"] for finding in body["findings"]}


def test_yaml_text_keeps_its_lines(api_as, alice, zoo):
    for answer in (
        api_as(alice).post(CHECK, {"recipe": YAML}, format="json"),
        api_as(alice).post(CHECK, data=YAML, content_type="application/yaml"),
    ):
        finding = next(row for row in answer.json()["findings"] if row["where"].endswith("densty"))
        assert finding["code"] == "unknown_key"
        assert finding["line"] == 7


@pytest.mark.parametrize(
    "text",
    [
        '{"recipe": {"kind": "merge", "method": "linear", "sources": [{"model": "alice/one", "weight": NaN}], "output": {"repo": "alice/m"}}}',
        json.dumps({"recipe": _recipe(sources=[{"model": "alice/one", "density": 2.0}])}),
        json.dumps({"recipe": _recipe(sources=[{"model": f"alice/m{number}"} for number in range(10_000)])}),
        json.dumps({"recipe": "a: &a [x, x]\nb: *a\n"}),
        json.dumps({"recipe": "{unclosed: ["}),
        json.dumps({"recipe": "just words"}),
        json.dumps({"recipe": None}),
        json.dumps({"recipe": 3}),
        json.dumps({"recipe": []}),
        json.dumps({"recipe": {}}),
        json.dumps({"recipe": _recipe(sources=[{"model": "alice/wide"}])}),
        json.dumps({"recipe": _recipe(sources=[{"model": "../etc/passwd"}])}),
        json.dumps({"recipe": _recipe(output={"repo": "bob/merged"})}),
        json.dumps({"recipe": _recipe(output=None)}),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_and_leaves_no_row(api_as, alice, bob, zoo, text):
    answer = api_as(alice).post(JOBS, data=text, content_type="application/json")
    body = answer.json()
    assert answer.status_code == 422, body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["code"] == "refused"
    assert any(finding["severity"] == "error" for finding in body["findings"])
    assert not Job.objects.exists()


@pytest.mark.parametrize("body", [{}, {"recipe": {}, "forse": True}, {"recipe": {}, "force": "perhaps"}])
def test_a_request_of_the_wrong_form_is_no_refused_recipe(api_as, alice, body):
    assert api_as(alice).post(JOBS, body, format="json").status_code == 400


def test_another_users_private_model_reads_like_a_missing_one(api_as, alice, bob, zoo):
    make_model(bob, "bob/secret", visibility="private")
    findings = []
    for name in ("bob/secret", "bob/nothing"):
        recipe = _recipe(sources=[{"model": "alice/one"}, {"model": name}])
        body = api_as(alice).post(JOBS, {"recipe": recipe}, format="json").json()
        findings.append(json.dumps(body["findings"]).replace(name, "NAME"))
    assert findings[0] == findings[1]
    assert not Job.objects.exists()


def test_submitting_answers_with_the_job(api_as, alice, zoo):
    answer = api_as(alice, "submit").post(JOBS, {"recipe": _recipe()}, format="json")
    body = answer.json()
    assert answer.status_code == 201, body
    assert (body["kind"], body["method"], body["state"], body["attempt"]) == ("merge", "ties", "queued", 0)
    assert body["queue"]["position"] == 1
    assert body["queue"]["reason"]
    assert body["result"] is body["error"] is None
    assert answer["Location"].endswith(body["id"])
    assert api_as(alice).get(answer["Location"]).json()["recipe"]["method"] == "ties"


def test_the_same_key_gives_the_same_job(api_as, alice, zoo):
    client = api_as(alice)
    first = client.post(JOBS, {"recipe": _recipe()}, format="json", HTTP_IDEMPOTENCY_KEY="abc")
    again = client.post(JOBS, {"recipe": _recipe()}, format="json", HTTP_IDEMPOTENCY_KEY="abc")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = client.post(
        JOBS,
        {"recipe": _recipe(method="task_arithmetic", sources=[{"model": "alice/one"}])},
        format="json",
        HTTP_IDEMPOTENCY_KEY="abc",
    )
    assert other.status_code == 409
    assert Job.objects.count() == 1


def test_keys_of_two_people_do_not_meet(api_as, alice, bob, zoo):
    mine = api_as(alice).post(JOBS, {"recipe": _recipe()}, format="json", HTTP_IDEMPOTENCY_KEY="abc").json()
    recipe = _recipe(output={"repo": "bob/merged"})
    theirs = api_as(bob).post(JOBS, {"recipe": recipe}, format="json", HTTP_IDEMPOTENCY_KEY="abc").json()
    assert mine["id"] != theirs["id"]


def test_a_key_that_is_too_long_is_refused(api_as, alice, zoo):
    assert (
        api_as(alice).post(JOBS, {"recipe": _recipe()}, format="json", HTTP_IDEMPOTENCY_KEY="x" * 129).status_code
        == 400
    )


def test_a_token_to_read_cannot_submit(api_as, alice, zoo):
    for scope in ("read", "write"):
        assert api_as(alice, scope).post(JOBS, {"recipe": _recipe()}, format="json").status_code == 403
    assert not Job.objects.exists()


def test_methods_come_with_their_json_schema(api):
    rows = api.get("/api/v1/methods", {"kind": "merge"}).json()
    ties = next(row for row in rows if row["name"] == "ties")
    assert ties["needs"] == "base"
    assert ties["source_parameters"]["properties"]["density"]["exclusiveMinimum"] == 0
    assert "lambda" in ties["parameters"]["properties"]
    assert api.get("/api/v1/methods", {"kind": "train"}).json() == []
    assert api.get("/api/v1/methods", {"kind": "dance"}).status_code == 400


@pytest.mark.parametrize("as_text", [False, True])
def test_everything_that_is_wrong_comes_in_one_answer(api_as, alice, zoo, as_text):
    sources = [
        {"model": "alice/one", "density": 2.0}, {"model": "alice/nothing"}, {"model": "alice/wide"},
        {"model": "alice/two", "weight": float("nan")},
    ]  # fmt: skip
    bad = _recipe(colour="red", sources=sources)
    recipe = document_to_yaml(bad) if as_text else bad
    expected = {
        ("unknown_key", "colour"), ("out_of_range", "sources[0].density"), ("not_found", "sources[1]"),
        ("shape_mismatch", "sources[2]"), ("not_finite", "sources[3].weight"),
    }  # fmt: skip
    for url, status in ((CHECK, 200), (JOBS, 422)):
        answer = api_as(alice).post(url, data=json.dumps({"recipe": recipe}), content_type="application/json")
        assert answer.status_code == status, answer.json()
        errors = [row for row in answer.json()["findings"] if row["severity"] == "error"]
        assert {(row["code"], row["where"]) for row in errors} == expected
        assert len(errors) == len(expected)
        assert not as_text or all(row["line"] for row in errors)
    assert not Job.objects.exists()


def test_a_job_gives_its_recipe_back_in_reading_order(api_as, alice, zoo):
    recipe = dict(sorted(_recipe(normalize=False, density=0.4).items()))
    body = api_as(alice).post(JOBS, {"recipe": recipe}, format="json").json()
    assert list(body["recipe"]) == ["kind", "method", "base", "sources", "density", "normalize", "output"]
    assert [list(source) for source in body["recipe"]["sources"]] == [
        ["model", "weight"],
        ["model", "weight", "density"],
    ]
    assert body["recipe"] == recipe
