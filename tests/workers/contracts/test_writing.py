from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.methods import METHODS
from workers.contracts.parsing import parse, recipe_to_document, recipe_to_yaml
from workers.contracts.writing import document_ordered

_names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]/[a-z][a-z0-9]{0,8}(@[a-z0-9]{1,8})?", fullmatch=True).filter(
    lambda name: "--" not in name
)
_weights = st.floats(-10, 10)


@st.composite
def _merges(draw: st.DrawFn) -> dict[str, Any]:
    method = draw(st.sampled_from(METHODS))
    least = method.minimum_sources
    count = draw(st.integers(least, min(least + 3, method.maximum_sources or least + 3)))
    has_weight = method.parameter("weight") is not None
    sources = [
        {"model": draw(_names), **({"weight": draw(_weights)} if has_weight and draw(st.booleans()) else {})}
        for _ in range(count)
    ]
    document: dict[str, Any] = {
        "kind": "merge",
        "method": method.name,
        "sources": sources,
        "seed": draw(st.integers(0, 2**63 - 1)),
    }
    if draw(st.booleans()):
        document["base"] = draw(_names)
    if draw(st.booleans()):
        document["output"] = {
            "repo": draw(_names).partition("@")[0],
            "message": draw(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C",)), max_size=20)),
        }
    return document


@given(_merges())
def test_a_written_recipe_reads_back(document: dict[str, Any]) -> None:
    recipe = parse(document).recipe
    assert recipe is not None
    assert parse(recipe_to_yaml(recipe)).recipe == recipe
    assert parse(recipe_to_document(recipe)).recipe == recipe


def test_text_that_looks_like_a_number_keeps_being_text() -> None:
    for message in ("1e-3", "0o17", "true", "~", "no", "1.", ".nan", "", " a", "a: b", "line\nline"):
        recipe = parse(
            {"kind": "merge", "method": "linear", "sources": ["a/b"], "output": {"repo": "a/c", "message": message}}
        ).recipe
        assert recipe is not None
        assert parse(recipe_to_yaml(recipe)).recipe == recipe


def test_writes_as_a_person_would() -> None:
    document = {
        "kind": "merge", "method": "ties", "base": "demo/base", "density": 0.3,
        "sources": [{"model": "demo/a", "weight": 1.0}, {"model": "demo/b", "weight": 0.7}], "output": {"repo": "alice/x"},
    }  # fmt: skip
    recipe = parse(document).recipe
    assert recipe is not None
    assert recipe_to_yaml(recipe) == (
        "kind: merge\nmethod: ties\nbase: demo/base\nsources:\n- {model: demo/a, weight: 1.0}\n- {model: demo/b, weight: 0.7}\n"
        "density: 0.3\nseed: 0\noutput: {repo: alice/x}\n"
    )


def test_the_splits_of_a_training_are_always_written_out() -> None:
    document = {"kind": "train", "model": "a/b", "data": [{"data": "a/d"}], "validation": {"data": "a/d"}}
    recipe = parse(document).recipe
    assert recipe is not None
    written = recipe_to_document(recipe)
    assert written["data"] == [{"data": "a/d", "split": "train"}]
    assert written["validation"] == {"data": "a/d", "split": "test"}
    assert parse(written).recipe == recipe


def test_keys_come_back_in_reading_order_and_nothing_else_changes() -> None:
    document = {
        "output": {"message": "", "repo": "a/c"}, "x": 1, "seed": 0, "normalize": True, "density": 0.3, "evaluate": [{"split": "test", "data": "a/d"}],
        "sources": [{"density": 1, "weight": 2, "model": "a/b"}, "a/e"], "method": "ties", "kind": "merge",
    }  # fmt: skip
    ordered = document_ordered(document)
    assert ordered == document
    assert list(ordered) == ["kind", "method", "sources", "density", "normalize", "x", "evaluate", "seed", "output"]
    assert list(ordered["sources"][0]) == ["model", "weight", "density"]
    assert list(ordered["output"]) == ["repo", "message"]
    assert list(ordered["evaluate"][0]) == ["data", "split"]


def test_a_models_own_config_keeps_its_order() -> None:
    architecture = {"patch_size": 4, "model_type": "vit", "data": 1}
    ordered = document_ordered({"architecture": architecture, "kind": "train"})
    assert list(ordered["architecture"]) == list(architecture)
