"""One answer for one document: of its text and of its models, each thing said once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.planning.zoo import codes, vit
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.parsing import parse
from workers.contracts.plans import Check, Estimate
from workers.planning.check import check_parsed
from workers.planning.references import references_of

FACTS = {f"demo/{entry.reference.partition('/')[2]}": entry for entry in (vit("base"), vit("a"), vit("b"), vit("wide", width=12))}  # fmt: skip


def answered(document: Any, **more: Any) -> Check:
    parsed = parse(document)
    names = references_of(parsed.readable) if parsed.readable is not None else []
    facts: dict[str, RepoFacts | None] = {text: FACTS.get(text) for _, _, text, _ in names}
    return check_parsed(parsed, facts, **more)


def merge(**changes: Any) -> dict[str, Any]:
    return {"kind": "merge", "method": "ties", "base": "demo/base", "sources": ["demo/a", "demo/b"]} | changes


def places(check: Check) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in check.findings if finding.severity == "error"]


def test_errors_of_the_text_and_of_the_models_come_in_one_answer() -> None:
    sources = [
        {"model": "demo/a", "density": 2.0}, {"model": "demo/none"}, {"model": "demo/wide"}, {"model": "demo/b", "weight": float("nan")},
    ]  # fmt: skip
    result = answered(merge(colour="red", sources=sources))
    assert sorted(places(result)) == [
        ("not_finite", "sources[3].weight"), ("not_found", "sources[1]"), ("out_of_range", "sources[0].density"),
        ("shape_mismatch", "sources[2]"), ("unknown_key", "colour"),
    ]  # fmt: skip


def test_a_recipe_with_an_error_in_its_text_gets_no_plan_and_no_estimate() -> None:
    good, bad = answered(merge()), answered(merge(density=2.0))
    assert good.plan is not None
    assert good.estimate != Estimate()
    assert (bad.plan, bad.estimate, bad.ok) == (None, Estimate(), False)
    assert places(bad) == [("out_of_range", "density")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"base": "not a name"}, [("bad_reference", "base")]),
        ({"base": 3}, [("wrong_type", "base")]),
        ({"sources": ["demo/a", "not a name"]}, [("bad_reference", "sources[1]")]),
        ({"sources": [{"model": "../up"}, {"model": "../up"}]}, [("bad_reference", "sources[0].model"), ("bad_reference", "sources[1].model")]),
        ({"sources": [{}, {}]}, [("missing_key", "sources[0].model"), ("missing_key", "sources[1].model")]),
        ({"sources": []}, [("missing_key", "sources")]),
        ({"method": "slerp"}, [("too_many_sources", "sources")]),
        ({"method": 3}, [("wrong_type", "method")]),
        ({"kind": "evaluate", "models": []}, None),
    ],
)  # fmt: skip
def test_nothing_is_said_twice(changes: dict[str, Any], expected: list[tuple[str, str]] | None) -> None:
    found = places(answered(merge(**changes)))
    assert len(found) == len(set(found))
    assert expected is None or found == expected


def test_an_unknown_method_does_not_hide_what_is_wrong_with_the_models() -> None:
    found = places(answered(merge(method="tise", sources=["demo/wide", "demo/none", "demo/a", "demo/a"])))
    assert {code for code, _ in found} == {"unknown_method", "shape_mismatch", "not_found", "duplicate_source"}
    assert not {"missing_base", "base_not_needed"} & codes(answered(merge(method="tise", base=None)))


def test_what_rests_on_a_value_that_gave_way_is_not_said() -> None:
    """With its default in place of the text the weights would sum to zero; nobody wrote that."""
    sources = [{"model": "demo/a", "weight": -1.0}, {"model": "demo/b", "weight": "1.0"}]
    assert places(answered(merge(method="linear", base=None, sources=sources))) == [("wrong_type", "sources[1].weight")]
    sources[1]["weight"] = 1.0
    zero = answered(merge(method="linear", base=None, sources=sources, colour="red"))
    assert {code for code, _ in places(zero)} == {"unknown_key", "weights_sum_to_zero"}


def test_findings_of_a_mergekit_recipe_keep_the_places_it_was_written_with() -> None:
    text = "merge_method: ties\nbase_model: demo/base\nmodels:\n- {model: demo/a, parameters: {weight: 1, density: 2.0}}\n- {model: demo/wide, parameters: {weight: 1}}\n"
    result = answered(text)
    assert places(result) == [("out_of_range", "models[0].parameters.density"), ("shape_mismatch", "models[1]")]
    assert [finding.line for finding in result.findings if finding.severity == "error"] == [4, 5]


def test_a_folder_that_could_not_be_read_is_not_called_missing() -> None:
    unreadable = Finding(code="folder_unreadable", severity="error", message="It is torn.", where="sources[1].model")
    found = places(answered(merge(sources=["demo/a", {"model": "demo/torn"}]), unreadable=[unreadable]))
    assert found == [("folder_unreadable", "sources[1].model")]


def test_rights_are_not_asked_about_an_output_without_a_name() -> None:
    missing = Finding(code="output_missing", severity="error", message="No output.", where="output")
    assert places(answered(merge(output={"repo": "alice"}), more=[missing])) == [("bad_reference", "output.repo")]
    assert places(answered(merge(density=3), more=[missing])) == [
        ("out_of_range", "density"),
        ("output_missing", "output"),
    ]


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.sampled_from(["ties", "slerp", "demo/a", "demo/wide", "linear", ""]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["model", "weight", "repo", "data", "split", "model_type", "rank", "image_size", "hidden_size"]), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
_keys = st.sampled_from(
    [
        "method",
        "base",
        "sources",
        "models",
        "model",
        "data",
        "output",
        "seed",
        "density",
        "evaluate",
        "lora",
        "architecture",
        "limit",
    ]
)


@given(st.dictionaries(_keys, _values, max_size=8), st.sampled_from(["merge", "evaluate", "train"]))
def test_never_raises_on_what_was_salvaged(document: dict[str, Any], kind: str) -> None:
    parsed = parse(document | {"kind": kind})
    result = answered(document | {"kind": kind})
    assert parsed.recipe is not None or result.plan is None
