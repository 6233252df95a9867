"""Entries side by side, and claims beside measurements, from a terminal."""

import json

import pytest
from django.core.cache import cache

from hub.cli import compare, main
from hub.evals import tasks
from tests.factories.benchmarks import make_benchmark, make_entry
from tests.factories.evals import make_model

pytestmark = pytest.mark.usefixtures("hub_here")
BETTER, WORSE, LIKE = [1] * 90 + [0] * 10, [1] * 60 + [0] * 40, [1] * 89 + [0] * 11


@pytest.fixture
def three(alice, monkeypatch):
    """On one benchmark. While the command waits, a worker goes through the answers."""
    cache.clear()
    version = make_benchmark(alice, "mine")
    rows = {}
    for name, answers in (("better", BETTER), ("worse", WORSE), ("like", LIKE)):
        repo, _ = make_model(alice, name)
        repo.refresh_from_db()
        rows[name] = make_entry(alice, version, repo, answers)

    def works(_: float) -> None:
        for name in ("worse", "like"):
            tasks.pair(str(rows["better"].pk), str(rows[name].pk))

    monkeypatch.setattr(compare.against_get, "__kwdefaults__", {"sleep": works})
    return rows


def test_says_which_is_better_and_whether_that_is_noise(three, capsys):
    assert main(["compare", "alice/worse", "alice/better", "alice/like"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[:3] == ["1  alice/worse", "2  alice/better", "3  alice/like"]
    assert "60.0 % (" in said
    assert "2 is better than 1: +30.0 points, paired 95 % interval +" in said
    assert "2 and 3 cannot be told apart: +1.0 points" in said
    assert said.rstrip().endswith("/compare?models=alice/worse,alice/better,alice/like")


def test_prints_it_as_json(three, capsys):
    assert main(["compare", "alice/worse", "alice/better", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (against,) = found["against"]
    assert (against["best"], against["others"], against["note"]) == (1, [0], "")
    assert against["pairs"][0]["flips"]["gained"] == 30


def test_does_not_wait_for_ever(three, alice, monkeypatch, capsys):
    monkeypatch.setattr(compare.against_get, "__kwdefaults__", {"sleep": lambda _: None})
    assert main(["compare", "alice/worse", "alice/better"]) == 0
    assert "a worker still goes through the answers" in capsys.readouterr().out


def test_what_was_measured_apart_is_not_held_together(alice, capsys):
    for name in ("one", "two"):
        make_model(alice, name)
    assert main(["compare", "alice/one", "alice/two"]) == 0
    assert "Nothing of them was measured here" in capsys.readouterr().out


@pytest.mark.parametrize("names", [["alice/one"], ["alice/one", "alice/nothing"]])
def test_too_few_and_what_is_not_there(alice, names, capsys):
    make_model(alice, "one")
    assert main(["compare", *names]) == 1
    assert capsys.readouterr().err.startswith("genepool: ")


CARD = """---
model-index:
- name: m
  results:
  - task: {type: image-classification}
    dataset: {type: mine, name: mine, split: test}
    metrics:
    - {type: accuracy, value: 99.0}
    - {type: telepathy, value: 1.0}
---
"""


def test_claims_stand_beside_what_was_measured(alice, capsys):
    from hub.blobs.services import blob_put
    from hub.catalog.operations import AddFile
    from hub.catalog.services import commit_create

    version = make_benchmark(alice, "mine")
    repo, _ = make_model(alice, "m")
    card = AddFile("README.md", blob_put(chunks=[CARD.encode()], user=alice), is_lfs=False)
    commit_create(repo=repo, branch="main", user=alice, operations=[card], title="Claim")
    repo.refresh_from_db()
    make_entry(alice, version, repo, WORSE)
    assert main(["claims", "alice/m"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("contradicted   mine, test: ")
    assert "the card says better than it is" in first
    assert second.startswith("not confirmed  mine, test: telepathy")
    assert main(["claims", "alice/m", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["results"]) == 2


def test_a_card_without_claims_says_so(alice, capsys):
    make_model(alice, "m")
    assert main(["claims", "alice/m"]) == 0
    assert "claims no numbers" in capsys.readouterr().err
