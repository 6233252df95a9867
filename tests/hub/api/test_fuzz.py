"""Whatever is sent, the answer is ours: never a 5xx, and every refusal is a problem document."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.jobs.models import Job
from tests.hub.api.zoo import make_model

pytestmark = [pytest.mark.django_db, pytest.mark.hostile]
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

KEYS = st.sampled_from(
    ["kind", "method", "base", "sources", "model", "models", "data", "weight", "density", "output", "repo", "branch", "seed", "dtype",
     "merge_method", "slices", "parameters", "tokenizer", "compat", "epochs", "lora", "architecture", "limit", "evaluate", "visibility"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["merge", "evaluate", "train", "ties", "linear", "slerp", "alice/one", "alice/two@main", "builtin:digits", "hf:a/b", "main", "public",
     "float32", "alice/new", "../x", "", "💥", "a" * 600]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)
RECIPES = VALUES | st.fixed_dictionaries(
    {"kind": WORDS}, optional={"method": WORDS, "base": WORDS, "sources": VALUES, "output": VALUES, "seed": VALUES}
)


@pytest.fixture
def client(api_as, alice):
    make_model(alice, "alice/one")
    make_model(alice, "alice/two", seed=2)
    return api_as(alice)


def _is_ours(answer) -> bool:
    if answer.status_code < 400:
        return True
    return answer.status_code < 500 and answer["Content-Type"] == "application/problem+json"


@QUIET
@given(document=RECIPES)
def test_any_recipe_is_judged(client, document):
    body = json.dumps({"recipe": document})
    for path in ("/api/v1/recipes/check", "/api/v1/jobs"):
        answer = client.post(path, data=body, content_type="application/json")
        assert _is_ours(answer), answer.content
        if path.endswith("jobs") and answer.status_code == 422:
            assert answer.json()["findings"]


@QUIET
@given(text=st.text(max_size=200) | st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value)))
def test_any_text_is_judged(client, text):
    for kind in ("application/yaml", "application/json"):
        assert _is_ours(client.post("/api/v1/recipes/check", data=text, content_type=kind))
    assert not Job.objects.exists()


@QUIET
@given(
    path=st.sampled_from(["models", "datasets", "jobs", "methods", "models/alice/one/tensors", "models/alice/one/lineage", "models/alice/one"]),
    name=st.sampled_from(["q", "base", "owner", "sort", "cursor", "limit", "fits", "params_min", "kind", "state", "revision", "up", "after", "repo"]),
    value=st.text(max_size=40) | st.integers().map(str) | st.floats().map(str),
)  # fmt: skip
def test_any_question_is_answered(client, path, name, value):
    assert _is_ours(client.get(f"/api/v1/{path}?{name}={quote(value, errors='replace')}"))


@QUIET
@given(
    parts=st.lists(
        st.text(min_size=1, max_size=12) | st.sampled_from(["alice", "one", "jobs", "models", "..", "%00"]),
        min_size=1,
        max_size=5,
    )
)
def test_any_address_is_answered(client, parts):
    address = "/".join(quote(part, safe="", errors="replace") for part in parts)
    for prefix in ("", "models/", "jobs/", "tokens/", "organizations/"):
        assert _is_ours(client.get(f"/api/v1/{prefix}{address}"))


@QUIET
@given(header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80))
def test_any_credentials_are_judged(api, header):
    for value in (header, f"Bearer {header}", f"Basic {header}"):
        answer = api.get("/api/v1/me", HTTP_AUTHORIZATION=value)
        assert answer.status_code == 401
