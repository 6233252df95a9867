"""What is left of a recipe with errors: its models at their places, its sound values, nothing of its own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.parsing import parse
from workers.contracts.recipes import EvaluateRecipe, MergeRecipe, TrainRecipe

SOURCES = [{"model": "demo/a", "weight": 0.5}, {"model": "demo/b"}]


def salvaged(**document: Any) -> Any:
    parsed = parse({"kind": "merge", "method": "ties", "base": "demo/base", "sources": SOURCES} | document)
    assert parsed.recipe is None
    assert any(finding.severity == "error" for finding in parsed.findings)
    return parsed.salvaged


def test_a_good_recipe_is_not_salvaged() -> None:
    parsed = parse({"kind": "merge", "method": "ties", "base": "demo/base", "sources": SOURCES})
    assert parsed.salvaged is None
    assert parsed.readable is parsed.recipe is not None


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"}, {"density": 2.0}, {"density": float("nan")}, {"lambda": "much"}, {"seed": -1}, {"dtype": "int4"},
        {"max_shard_bytes": 0}, {"parameters": 3}, {"evaluate": "demo/data"}, {"normalize": 1},
    ],
)  # fmt: skip
def test_what_is_wrong_gives_way_to_its_default_and_the_rest_stays(change: dict[str, Any]) -> None:
    expected = parse({"kind": "merge", "method": "ties", "base": "demo/base", "sources": SOURCES}).recipe
    assert salvaged(**change) == expected


def test_sound_values_beside_wrong_ones_stay() -> None:
    recipe = salvaged(
        density=0.4, colour=1, sources=[{"model": "demo/a", "weight": 0.5, "density": 3}, {"model": "demo/b", "x": 1}]
    )
    assert recipe.parameters == {"density": 0.4}
    assert [source.parameters for source in recipe.sources] == [{"weight": 0.5}, {}]


def test_a_source_that_cannot_be_read_keeps_its_place_and_gets_no_name() -> None:
    recipe = salvaged(sources=[{"modle": "demo/a"}, 12, {"model": ["demo/a"]}, {"model": "demo/b", "weight": 0.5}])
    assert [source.model for source in recipe.sources] == ["", "", "", "demo/b"]
    assert recipe.sources[3].parameters == {"weight": 0.5}


@pytest.mark.parametrize("sources", [..., [], "demo/a", None])
def test_without_readable_sources_there_are_none(sources: Any) -> None:
    document = {"kind": "merge", "method": "ties", "base": "demo/base", "sources": sources}
    parsed = parse({key: value for key, value in document.items() if value is not ...})
    assert isinstance(parsed.salvaged, MergeRecipe)
    assert parsed.salvaged.sources == ()
    assert parsed.salvaged.base == "demo/base"


@pytest.mark.parametrize("output", [12, {}, {"repo": 3}, {"visibility": "public"}])
def test_an_output_without_a_name_is_none(output: Any) -> None:
    assert salvaged(output=output).output is None


def test_an_output_with_a_name_loses_only_what_is_wrong() -> None:
    recipe = salvaged(output={"repo": "alice/x", "visibility": "secret", "brnch": "x"})
    assert (recipe.output.repo, recipe.output.visibility) == ("alice/x", "private")


def test_evaluations_and_trainings_too() -> None:
    evaluation = parse({"kind": "evaluate", "models": ["demo/a", 3], "data": [{"data": "demo/d", "split": "tset"}, 1]})
    assert isinstance(evaluation.salvaged, EvaluateRecipe)
    assert evaluation.salvaged.models == ("demo/a", "")
    assert [(item.data, item.split) for item in evaluation.salvaged.data] == [("demo/d", "test"), ("", "test")]
    training = parse({"kind": "train", "architecture": 3, "epochs": 0, "data": [], "lora": {"rank": 0, "alpha": 4.0}})
    assert isinstance(training.salvaged, TrainRecipe)
    assert (training.salvaged.architecture, training.salvaged.epochs, training.salvaged.data) == ({}, 5, ())
    assert training.salvaged.lora is not None
    assert training.salvaged.lora.alpha == 4.0


@pytest.mark.parametrize("text", ["- a", "kind: merg", "a: &x [*x]", "kind: merge\nkind: merge\n", "{", 7, None])
def test_where_not_even_the_kind_is_known_nothing_is_salvaged(text: Any) -> None:
    assert parse(text).readable is None


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["ties", "slerp", "demo/a", "linear"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["model", "weight", "repo", "data", "split", "parameters", "rank"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_keys = st.sampled_from(
    ["method", "base", "sources", "models", "model", "data", "output", "seed", "dtype", "density", "parameters", "evaluate", "lora", "architecture"]
) | st.text(max_size=4)  # fmt: skip


@given(st.dictionaries(_keys, _values, max_size=8), st.sampled_from(["merge", "evaluate", "train"]))
def test_something_is_left_of_every_object_of_a_known_kind(document: dict[str, Any], kind: str) -> None:
    parsed = parse(document | {"kind": kind})
    unreadable = {"bad_text", "out_of_range"} & {finding.code for finding in parsed.findings}
    assert parsed.readable is not None or unreadable
