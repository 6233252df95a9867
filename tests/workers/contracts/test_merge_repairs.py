"""The pitfalls that a document shows by itself: each has a finding, and where something is probably meant, a repair that leads on."""

from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from workers.contracts.parsing import parse

A, B, C = "demo/a", "demo/b", "demo/c"


def ours(method: str, *sources: str, **more: Any) -> dict[str, Any]:
    return {"kind": "merge", "method": method, "base": "demo/base", "sources": list(sources or (A, B)), **more}


def theirs(method: str, **more: Any) -> dict[str, Any]:
    return {"merge_method": method, "base_model": "demo/base", "models": [{"model": A}, {"model": B}], **more}


@pytest.mark.parametrize(("document", "code", "where"), [
    (theirs("ties"), "missing_key", "models[0].parameters.weight"),
    (theirs("ties", parameters={"density": 0.5}), "missing_key", "models[1].parameters.weight"),
    ({**theirs("slerp"), "models": [{"model": A}]}, "missing_key", "parameters.t"),
    ({**theirs("nearswap"), "models": [{"model": A}]}, "missing_key", "parameters.t"),
    (theirs("ties", parameters={"weight": 1, "densty": 0.3}), "unknown_key", "parameters.densty"),
    (theirs("ties", parameters={"weight": 1, "density": 2.0}), "out_of_range", "parameters.density"),
    (ours("ties", density=0), "out_of_range", "density"),
    (ours("ties", density=-3), "out_of_range", "density"),
    (ours("della", density=0.5, epsilon=-1.0), "out_of_range", "epsilon"),
    (ours("sce", select_topk=-0.5), "out_of_range", "select_topk"),
    (ours("slerp", A, B), "too_many_sources", "sources"),
    (ours("passthrough", A, B, C), "too_many_sources", "sources"),
    ({key: value for key, value in ours("slerp", A, B).items() if key != "base"}, "too_many_sources", "sources"),
    ({**ours("karcher"), "sources": [{"model": A, "weight": 1.0}, B]}, "unknown_key", "sources[0].weight"),
])  # fmt: skip
def test_every_repair_leads_on(document: dict[str, Any], code: str, where: str) -> None:
    findings = parse(document).findings
    finding = next(entry for entry in findings if (entry.code, entry.where) == (code, where))
    assert finding.severity == "error"
    assert finding.repair
    for repair in finding.repair:
        again = parse(patched(document, repair)).findings
        assert (code, where) not in {(entry.code, entry.where) for entry in again}, repair.label


def test_methods_that_have_a_parameter_are_named_briefly() -> None:
    (finding,) = [
        entry for entry in parse(ours("task_arithmetic", density=0.3)).findings if entry.code == "unknown_key"
    ]
    assert "TIES, DARE TIES, DARE linear, Breadcrumbs and" in finding.message
    assert finding.message.endswith("others have.")


@pytest.mark.parametrize(("key", "value", "own", "says"), [
    ("out_dtype", "bfloat16", "dtype", "In a recipe of kind merge dtype sets the number format of the result."),
    ("merge_method", "ties", "method", "method names the method."),
    ("base_model", "demo/base", "base", "base names the base."),
    ("models", [{"model": A, "parameters": {"weight": 0.3}}, B], "sources", "sources lists the models."),
    ("tokenizer_source", "base", "tokenizer", "tokenizer says whose tokenizer the result gets."),
])  # fmt: skip
def test_words_of_mergekit_in_a_native_recipe_name_the_key_that_says_the_same(
    key: str, value: Any, own: str, says: str
) -> None:
    document = ours("ties", A, B) | {key: value}
    without = {name: given for name, given in document.items() if name != own}
    (finding,) = [entry for entry in parse(without).findings if entry.where == key]
    assert (finding.code, finding.severity) == ("unknown_key", "error")
    assert says in finding.message
    assert "mergekit" in finding.message
    meant = patched(without, finding.repair[0])
    assert meant[own] == value
    assert key not in meant
    assert parse(meant).recipe is not None


def test_a_word_of_mergekit_beside_the_key_of_ours_can_only_be_removed() -> None:
    (finding,) = parse(ours("ties", A, B, dtype="float32", out_dtype="bfloat16")).findings
    assert finding.where == "out_dtype"
    assert finding.message.endswith("dtype sets the number format of the result, and it is given too.")
    (repair,) = finding.repair
    mended = parse(patched(ours("ties", A, B, dtype="float32", out_dtype="bfloat16"), repair)).recipe
    assert mended is not None
    assert mended.dtype == "float32"
