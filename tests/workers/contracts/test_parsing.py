import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.files import DOCUMENTS
from tests.workers.contracts.patching import patched
from workers.contracts.parsing import Parsed, parse
from workers.contracts.recipes import EvaluateRecipe, MergeRecipe, TrainRecipe

MERGE: dict[str, Any] = {
    "kind": "merge", "method": "ties", "base": "demo/base",
    "sources": [{"model": "demo/a", "weight": 1.0, "density": 0.3}, {"model": "demo/b@main", "weight": 0.7}],
    "output": {"repo": "alice/merged"},
}  # fmt: skip


def codes(parsed: Parsed) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in parsed.findings]


def merge(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (MERGE | changes).items() if value is not ...}


def test_reads_a_merge() -> None:
    parsed = parse(MERGE | {"lambda": 0.8, "dtype": "bfloat16", "evaluate": [{"data": "demo/digits", "split": "test"}]})
    assert parsed.findings == ()
    recipe = parsed.recipe
    assert isinstance(recipe, MergeRecipe)
    assert recipe.parameters == {"lambda": 0.8}
    assert recipe.sources[0].parameters == {"weight": 1.0, "density": 0.3}
    assert recipe.evaluate[0].data == "demo/digits"
    assert recipe.output is not None
    assert recipe.output.visibility == "private"


def test_text_and_data_give_the_same_recipe() -> None:
    assert parse(json.dumps(MERGE)).recipe == parse(MERGE).recipe


def test_a_stored_recipe_reads_back() -> None:
    recipe = parse(MERGE | {"density": 0.5}).recipe
    assert recipe is not None
    assert parse(recipe.model_dump(mode="json")).recipe == recipe


def test_reads_an_evaluation_and_a_training() -> None:
    evaluation = parse({"kind": "evaluate", "models": ["demo/a"], "data": [{"data": "builtin:digits"}]}).recipe
    assert isinstance(evaluation, EvaluateRecipe)
    training = parse(
        {
            "kind": "train",
            "model": "demo/a",
            "data": [{"data": "demo/d", "split": "train"}],
            "lora": {"rank": 4},
            "learning_rate": 1,
        }
    ).recipe
    assert isinstance(training, TrainRecipe)
    assert training.lora is not None


def test_a_source_may_be_a_name_alone() -> None:
    recipe = parse(merge(sources=["demo/a", "demo/b"])).recipe
    assert isinstance(recipe, MergeRecipe)
    assert [source.model for source in recipe.sources] == ["demo/a", "demo/b"]


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (merge(densty=0.3), "unknown_key", "densty"),
        (merge(t=0.3), "unknown_key", "t"),
        (merge(sources=[{"model": "demo/a", "lambda": 1}]), "unknown_key", "sources[0].lambda"),
        (merge(output={"repo": "a/b", "visibilty": "public"}), "unknown_key", "output.visibilty"),
        (merge(parameters={"wieght": 1}), "unknown_key", "parameters.wieght"),
        (merge(density=2.0), "out_of_range", "density"),
        (merge(density=0), "out_of_range", "density"),
        (merge(seed=-1), "out_of_range", "seed"),
        (merge(seed=2**63), "out_of_range", "seed"),
        (merge(seed=10**400), "out_of_range", "seed"),
        (merge(max_shard_bytes=1), "out_of_range", "max_shard_bytes"),
        (merge(density=float("nan")), "not_finite", "density"),
        (merge(density=float("inf")), "not_finite", "density"),
        (merge(sources=[{"model": "demo/a", "weight": float("nan")}]), "not_finite", "sources[0].weight"),
        (merge(density="0.3"), "wrong_type", "density"),
        (merge(density=True), "wrong_type", "density"),
        (merge(normalize="yes"), "wrong_type", "normalize"),
        (merge(normalize=1), "wrong_type", "normalize"),
        (merge(base=12), "wrong_type", "base"),
        (merge(sources="demo/a"), "wrong_type", "sources"),
        (merge(sources=[12]), "wrong_type", "sources[0]"),
        (merge(parameters=[]), "wrong_type", "parameters"),
        (merge(seed=1.5), "wrong_type", "seed"),
        (merge(method="dare_ties", rescale="invers"), "unknown_choice", "rescale"),
        (merge(method="dare_ties", rescale=[]), "unknown_choice", "rescale"),
        (merge(dtype="flaot32"), "unknown_choice", "dtype"),
        (merge(method="tie"), "unknown_method", "method"),
        (merge(method=...), "missing_key", "method"),
        (merge(sources=[]), "missing_key", "sources"),
        (merge(sources=...), "missing_key", "sources"),
        (merge(sources=[{"weight": 1}]), "missing_key", "sources[0].model"),
        (merge(kind=...), "missing_key", "kind"),
        (merge(kind="merg"), "unknown_kind", "kind"),
        (merge(kind=["merge"]), "unknown_kind", "kind"),
        (merge(method="slerp"), "too_many_sources", "sources"),
        (merge(sources=["demo/a"] * 257), "too_many_sources", "sources"),
        (merge(sources=[{"model": "demo/a", "weight": 1}] * 10_000), "too_many_sources", "sources"),
        ({"kind": "evaluate", "models": ["a/b"] * 300, "data": []}, "too_many", "models"),
        ({"kind": "evaluate", "models": ["a/b"], "data": [{"data": "a/b"}] * 65}, "too_many", "data"),
        (merge(base="x" * 600), "too_long", "base"),
        (merge(base="/etc/passwd"), "bad_reference", "base"),
        (merge(base="../up"), "bad_reference", "base"),
        (merge(base=""), "bad_reference", "base"),
        (merge(sources=["not a name"]), "bad_reference", "sources[0]"),
        (merge(output={"repo": "alice"}), "bad_reference", "output.repo"),
        (merge(output={"repo": "alice/x@main"}), "bad_reference", "output.repo"),
        (merge(output={"repo": "alice/x", "branch": "../x"}), "bad_reference", "output.branch"),
        ({"kind": "evaluate", "models": ["a/b"], "data": [{"data": "builtin:digit"}]}, "bad_reference", "data[0].data"),
        (merge(base="demo/a\0b"), "bad_text", "base"),
        (merge(base="\ud800"), "bad_text", "base"),
        (merge(density=0.3, parameters={"density": 0.4}), "duplicate_key", "density"),
        ([1], "not_a_mapping", ""),
        ("", "not_a_mapping", ""),
        (None, "not_a_mapping", ""),
        ({"kind": "train", "data": [{"data": "a/b"}], "learning_rate": 0}, "out_of_range", "learning_rate"),
        ({"kind": "train", "data": [{"data": "a/b"}], "lora": {"dropout": 1}}, "out_of_range", "lora.dropout"),
    ],
)  # fmt: skip
def test_finds(document: Any, code: str, where: str) -> None:
    parsed = parse(document)
    assert (code, where) in codes(parsed)
    assert parsed.recipe is None
    assert all(finding.message.isprintable() for finding in parsed.findings)


def test_gives_all_findings_at_once() -> None:
    parsed = parse(
        "kind: merge\nmethod: ties\nbase: 12\ndensty: 2\nsources:\n"
        "  - {model: ../x, weight: .nan, density: 2.0, lambda: 1}\n  - {modl: demo/a}\ndtype: float33\nseed: -1\noutput: {repo: a}\n"
    )
    assert {code for code, _ in codes(parsed)} == {
        "wrong_type", "unknown_key", "bad_reference", "not_finite", "out_of_range", "missing_key", "unknown_choice",
    }  # fmt: skip
    lines = {finding.where: finding.line for finding in parsed.findings}
    assert (lines["densty"], lines["sources[0].density"], lines["sources[1].model"], lines["seed"]) == (4, 6, 7, 9)


def test_words_name_the_number_the_bound_and_the_way_out() -> None:
    (found,) = parse(merge(density=2.0)).findings
    assert found.message == "density is 2.0, above 1. Did you mean 0.2?"
    (found,) = parse(merge(density=30)).findings
    assert found.message == "density is 30, above 1. Did you mean 0.3?"
    (found,) = parse(merge(densty=0.3)).findings
    assert found.message == "“densty” is not a key here. Did you mean density?"
    (found,) = parse(merge(filter_wise=True)).findings
    assert found.message == "“filter_wise” is not a key here. TIES does not have it, Model stock has."


@pytest.mark.parametrize(
    "document",
    [
        merge(densty=0.3), merge(density=2.0), merge(density=-0.3), merge(density="0.3"), merge(density="30%"), merge(normalize="yes"), merge(method="tie"),
        merge(kind="merg"), merge(kind=...), merge(dtype="flaot32"), merge(method="dare_ties", rescale="invers"), merge(t=0.5),
        merge(sources=[{"model": "demo/a", "lambda": 1}]), merge(sources=[{"modle": "demo/a"}]), merge(base=..., method="slerp", sources=["demo/a", "demo/b"]),
        merge(output={"repo": "a/b", "visibilty": "public"}), {"kind": "evaluate", "models": ["a/b"], "data": [{"data": "builtin:digit"}]},
        {"merge_method": "ties", "base_model": "demo/base", "models": [{"model": "demo/a", "parameters": {"weight": 1, "density": 2.0}}]},
        {"merge_method": "tie", "base_model": "demo/base", "models": [{"model": "demo/a", "parameters": {"weight": 1}}]},
    ],
)  # fmt: skip
def test_the_first_repair_makes_the_recipe_whole(document: dict[str, Any]) -> None:
    parsed = parse(document)
    assert parsed.recipe is None
    repairable = next(finding for finding in parsed.findings if finding.repair)
    repaired = parse(patched(document, repairable.repair[0]))
    assert repaired.recipe is not None, repaired.findings


def test_folders_are_references_on_the_command_line_alone() -> None:
    document = merge(base="./base", sources=["/models/a", "demo/b"])
    assert parse(document, local=True).recipe is not None
    assert ("bad_reference", "base") in codes(parse(document))


def test_lists_a_hundred_findings_and_counts_the_rest() -> None:
    parsed = parse(merge(**{f"key{index}": 1 for index in range(500)}))
    assert len(parsed.findings) == 101
    assert parsed.findings[-1].code == "more_findings"
    assert "400" in parsed.findings[-1].message


@pytest.mark.hostile
@pytest.mark.parametrize("name", DOCUMENTS)
def test_hostile_text_gives_findings(name: str) -> None:
    code, text = DOCUMENTS[name]
    parsed = parse(text)
    assert parsed.recipe is None
    assert code in {finding.code for finding in parsed.findings}


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["merge", "ties", "slerp", "demo/a", "linear"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["model", "weight", "density", "repo", "data", "parameters"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_keys = st.sampled_from(
    ["kind", "method", "base", "sources", "models", "data", "output", "seed", "dtype", "density", "parameters", "evaluate", "lora",
     "merge_method", "base_model", "slices", "architecture", "lambda", "t"]
) | st.text(max_size=4)  # fmt: skip


@given(st.dictionaries(_keys, _values, max_size=8), st.sampled_from(["merge", "evaluate", "train", None]))
def test_never_raises_on_any_object(document: dict[str, Any], kind: str | None) -> None:
    parsed = parse(document | ({"kind": kind} if kind else {}))
    assert (parsed.recipe is None) == any(finding.severity == "error" for finding in parsed.findings)


@given(st.text(max_size=120) | st.binary(max_size=120))
def test_never_raises_on_any_text(text: str | bytes) -> None:
    assert parse(text).recipe is None


@pytest.mark.parametrize(
    ("change", "message", "labels"),
    [
        ({"lambda": -99}, "lambda is -99, below -10.", ["Use 1, the default"]),
        ({"density": -0.5}, "density is -0.5, not above 0.", None),
        ({"evaluate": [{"data": "builtin:nope"}]}, "which is not built in. It can be builtin:digits, ", []),
        ({"evaluate": [{"data": "builtin:digit"}]}, "which is not built in.", ["Use builtin:digits"]),
    ],
)
def test_no_repair_is_guessed_from_nothing(change, message, labels):
    document = {"kind": "merge", "method": "ties", "base": "a/base", "sources": ["a/one", "a/two"], **change}
    (found,) = parse(document).findings
    assert message in found.message
    assert "Did you mean" not in found.message
    assert labels is None or [way.label for way in found.repair] == labels
