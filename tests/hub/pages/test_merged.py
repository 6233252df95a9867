"""Heat maps and plain words of a merge, from its report."""

import json
import re

import pytest

from hub.pages.merged.layer_sums import layer_sums
from hub.pages.merged.maps import map_figures
from hub.pages.merged.odd import odd_sentences
from hub.pages.merged.routers import routers_of
from tests.factories.catalog import make_commit, make_repo, weights
from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.manifests import Manifest

FACTS = RepoFacts(
    tensors={
        "layer.0.weight": TensorFact(dtype="BF16", shape=(3, 10), file="m", begin=0, end=60),
        "layer.0.bias": TensorFact(dtype="BF16", shape=(10,), file="m", begin=60, end=80),
        "layer.1.weight": TensorFact(dtype="BF16", shape=(4, 4), file="m", begin=80, end=112),
    }
)


def row(**values):
    return {
        "norms": [1.0, 1.0, 1.0], "norm": 1.0, "cosines": [0.6, 0.5, 0.4], "kept": [0.3, 0.3, 0.3], "agreement": None, "bad_inputs": 0,
        "bad_results": 0, "pairs": [0.1, 0.2, 0.0], "conflict": 0.75, "overruled": [0.2, 0.3, 0.4], "lost": 0.0, "sampled": 1.0,
    } | values  # fmt: skip


def report_of(summary=None, **tensors):
    found = {name.replace("_", "."): values for name, values in tensors.items()} or {"layer.0.weight": row()}
    return {
        "schema": 1, "kind": "merge", "vectors": ["x/a@main", "x/b", "x/c"], "relative_to": "base", "tensors": found,
        "summary": {"norms": [1.0, 1.0, 1.0], "cosines": [0.6, 0.5, 0.4], "pairs": [0.1, 0.2, 0.0]} | (summary or {}),
    }  # fmt: skip


def test_shares_of_a_layer_count_each_tensor_by_its_elements():
    report = report_of(
        layer_0_weight=row(conflict=0.9, kept=[0.5, None, 0.1]), layer_0_bias=row(conflict=0.5, kept=[0.1, 0.3, 0.1])
    )
    (layer,) = layer_sums(report, FACTS)
    assert layer.word == "block 0"
    assert layer.conflict == pytest.approx(0.8)
    assert layer.kept == pytest.approx([0.4, 0.3, 0.1])


def test_the_cosine_of_a_layer_is_that_of_one_long_vector():
    tensors = {"layer_0_weight": row(norms=[3.0, 0.0, 0.0], norm=4.0, cosines=[1.0, None, None])}
    tensors["layer_0_bias"] = row(norms=[4.0, 0.0, 0.0], norm=3.0, cosines=[0.0, None, None])
    (layer,) = layer_sums(report_of(**tensors), FACTS)
    assert layer.cosines == [pytest.approx(12 / 25), None, None]


def test_nothing_odd_says_so():
    assert odd_sentences(report_of(), FACTS) == []


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (report_of({"cosines": [0.01, 0.9, 0.9]}), "a cancels out"),
        (report_of({"cosines": [0.7, -0.4, 0.9]}), "The result goes against b: .* is −0.40"),
        (report_of({"norms": [1.0, 0.0, 1.0]}), "b is equal to the base"),
        (report_of({"norms": [1.0, 12.0, 2.0]}), "The change of b is 6 times as long"),
        (report_of({"pairs": [-0.5, 0.0, 0.0]}), "a and b undo each other"),
        (report_of({"pairs": [0.0, 0.0, 0.99]}), "b and c changed the base alike"),
        (report_of(layer_1_weight=row(conflict=0.96)), "Block 1 is pure conflict: .* 96\u00a0% .* by chance it would be 75\u00a0%"),
        (report_of(layer_1_weight=row(lost=0.4)), "40\u00a0% of the changed values were rounded back to the base: bfloat16"),
    ],
)  # fmt: skip
def test_what_is_odd_is_said_in_plain_words(report, words):
    (sentence,) = odd_sentences(report, FACTS)
    assert re.match(words, sentence), sentence


def test_a_report_of_whole_models_or_of_an_older_version_says_nothing():
    assert odd_sentences(report_of() | {"relative_to": "origin"}, FACTS) is None
    assert odd_sentences(report_of(layer_0_weight={"norms": [1.0, 1.0, 1.0], "norm": 1.0}), FACTS) is None


@pytest.fixture
def merged(alice):
    repo = make_repo(alice, "made")
    files = {
        "model.safetensors": weights(tensors={"layer.0.weight": (4, 4)}),
        "report.json": json.dumps(report_of({"pairs": [-0.9, 0.0, 0.0]})),
    }
    make_commit(repo, alice, files, manifest=Manifest(artifact="model", kind="merge", method="ties"))
    return repo


def test_every_map_has_a_title_a_table_and_csv(browser, merged):
    page = browser().get("/alice/made/result").content.decode()
    assert "a and b undo each other" in page
    for name, head in (
        ("cosine", "Layer,a,b,c"),
        ("kept", "Layer,a,b,c"),
        ("signs", "Layer,a,b,c,at odds"),
        ("pairs", "Source,a,b,c"),
    ):
        assert f"layers.csv?revision={merged.head}&amp;of={name}" in page
        assert browser().get(f"/alice/made/result/layers.csv?of={name}").content.decode().splitlines()[0] == head
    assert browser().get("/alice/made/result/layers.csv?of=nothing").status_code == 404


def test_titles_state_the_finding(merged):
    titles = {name: figure.title for name, figure in map_figures(merged, report_of(), FACTS, "main")}
    assert titles == {
        "cosine": "c shows least, in block 0: cosine 0.40",
        "kept": "30\u00a0% of every source was kept in every layer",
        "signs": "c was overruled most, in block 0: 40\u00a0% of its changes",
        "pairs": "a and c are nearest: cosine 0.20",
    }


@pytest.mark.parametrize(
    "values",
    [
        {"norms": "abc", "cosines": [{}], "kept": 3}, {"norms": ["a", True, None], "norm": "x", "conflict": [], "lost": "much"},
        {"pairs": {"a": 1}, "overruled": [1e400, float("nan"), -5]},
    ],
)  # fmt: skip
def test_a_report_of_senseless_values_breaks_no_page(browser, alice, merged, values):
    report = json.dumps(report_of({"pairs": "x", "norms": 3}, layer_0_weight=row(**values)))
    make_commit(merged, alice, {"report.json": report}, manifest=Manifest(artifact="model", kind="merge"))
    assert browser().get("/alice/made/result").status_code == 200


def test_routers_are_shown_layer_by_layer(browser, alice, merged):
    name = "model.layers.{}.mlp.gate.weight"
    routers = [
        {"tensor": name.format(0), "condition": 1.25, "cosines": [0.1, -0.4]}, {"tensor": name.format(1), "condition": None, "cosines": [1.0]},
        {"tensor": name.format(2), "condition": "x", "cosines": "y"}, {"tensor": 3}, "z", {"tensor": "odd", "condition": 1, "cosines": [0]},
    ]  # fmt: skip
    report = {
        "kind": "merge",
        "method": "mixture_of_experts",
        "tensors": {},
        "made": [name.format(0)],
        "mixture": {"routers": routers},
    }
    rows = routers_of(report)
    assert [(row["layer"], row["apart"], row["closest"], row["is_alike"]) for row in rows] == [
        (0, "1.25", "0.1", False), (1, "not at all", "1", True),
    ]  # fmt: skip
    make_commit(merged, alice, {"report.json": json.dumps(report)}, manifest=Manifest(artifact="model", kind="merge"))
    page = browser().get("/alice/made/result").content.decode()
    assert "How the routers tell experts apart" in page
    assert "1 made" in page


@pytest.mark.parametrize("mixture", [None, 3, {"routers": {"a": 1}}, {"routers": [None]}])
def test_senseless_routers_are_passed_over(mixture):
    assert routers_of({"mixture": mixture}) == []
