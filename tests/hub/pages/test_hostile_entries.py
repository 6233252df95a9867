"""Files of a repo are anybody's: whatever a card, a manifest or a report says, its pages stand and the hub's do."""

import json

import pytest

from tests.factories.catalog import make_model

pytestmark = pytest.mark.hostile

PAGES = ["/alice/odd", "/alice/odd/result", "/alice/odd/lineage", "/alice/odd/evaluations", "/alice", "/models", "/"]
MANIFEST = {"artifact": "model", "kind": "merge", "method": "ties"}
TENSOR = "layer.weight"
REPORTS = {
    "tensors are no table": {"tensors": "x"},
    "a row is no row": {"tensors": {TENSOR: 1}},
    "cost is a list": {"cost": [1]},
    "inputs are a number": {"inputs": 5},
    "findings are text": {"findings": "abc"},
    "a finding of no severity": {"findings": [{"code": "x", "message": "y"}]},
    "numbers that overflow": {"vectors": ["a/b"], "tensors": {TENSOR: {"norms": [1e308]}}},
    "not a number": {"vectors": ["a/b"], "tensors": {TENSOR: {"norms": ["x"], "agreement": "y"}}},
    "dropped without a name": {"tensors": {}, "dropped": [1]},
    "a list": [1],
    "negative bytes": {"cost": {"read_bytes": -5, "wall_s": 1e300}},
}
RECIPES = [
    {"sources": 5, "base": ["x"]},
    {"base": {"a": 1}, "sources": {"a": 1}},
    {"base": "a/b/../c?x=<script>", "sources": [1]},
    {"base": "/x"},
    {"base": "a\n/b@x"},
    {"a": [[[[[[[[1]]]]]]]]},
]
CARDS = [
    "base_model: /",
    "base_model: a/",
    "base_model: ['a/b/c', '../x', 'a b/c', x/..]",
    "base_model: '<script>alert(1)</script>/x'",
    "library_name: '<img src=x onerror=alert(1)>'",
    "pipeline_tag: '<svg/onload=alert(1)>'",
]


def _stands(browser, *pages: str) -> None:
    for path in pages:
        answer = browser().get(path)
        assert answer.status_code in (200, 404), path
        text = answer.content.decode()
        assert not [mark for mark in ("<script>alert", "onerror=alert(1)>", "<svg/onload") if mark in text]


def _manifest(**rest) -> str:
    return json.dumps({**MANIFEST, **rest})


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_any_form(alice, browser, odd, name):
    odd({"report.json": json.dumps(REPORTS[name]), "genepool.json": _manifest()})
    _stands(browser, "/alice/odd/result", "/alice/odd/result/layers.csv")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_manifest_of_any_recipe(alice, browser, odd, recipe):
    odd({"genepool.json": _manifest(recipe=recipe)})
    _stands(browser, *PAGES)


@pytest.mark.parametrize("line", CARDS)
def test_a_card_of_any_words(alice, browser, odd, line):
    odd({"README.md": f"---\n{line}\n---\n# <script>alert(3)</script>\n"})
    _stands(browser, *PAGES)


def test_a_good_report_is_shown(alice, browser, odd):
    odd({"report.json": json.dumps({"cost": {"read_bytes": 2048, "wall_s": 3.0}}), "genepool.json": _manifest()})
    assert "Read" in browser().get("/alice/odd/result").content.decode()


@pytest.fixture
def odd(alice):
    from tests.factories.catalog import make_commit

    repo = make_model(alice, "odd")
    return lambda files: make_commit(repo, alice, files)
