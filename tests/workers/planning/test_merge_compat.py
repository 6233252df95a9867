from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, found, vit

BASE, A, B = vit("base"), vit("a"), vit("b")


def merge(
    method: str, base: str | None = "demo/base", sources: Any = ("demo/a", "demo/b"), **more: Any
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "kind": "merge",
        "method": method,
        "sources": list(sources),
        "compat": "mergekit",
        **more,
    }
    return document if base is None else document | {"base": base}


def test_the_plan_says_how_to_compute() -> None:
    plan = checked(merge("ties", input_dtype="bfloat16"), BASE, A, B).plan
    assert plan is not None
    assert (plan.compat, plan.input_dtype) == ("mergekit", "BF16")


def test_the_default_is_ours() -> None:
    plan = checked(merge("ties") | {"compat": None}, BASE, A, B).plan
    assert plan is not None
    assert plan.compat is None


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        ("ties", "scope", "global"),
        ("ties", "vote", "raw"),
        ("della", "reduce", "count"),
        ("dare_linear", "rescale", "inverse"),
    ],
)
def test_options_that_mergekit_lacks_are_refused(method: str, name: str, value: str) -> None:
    document = merge(method, **{"rescale": "l1", name: value})
    finding = found(checked(document, BASE, A, B), "not_in_mergekit")
    assert (finding.severity, finding.where) == ("error", name)
    assert all(checked(patched(document, repair), BASE, A, B).ok for repair in finding.repair)


def test_the_papers_rescaling_is_no_default_there() -> None:
    assert found(checked(merge("dare_ties"), BASE, A, B), "not_in_mergekit").where == "rescale"


def test_a_method_that_mergekit_lacks_is_refused() -> None:
    document = merge("tsv_m")
    finding = found(checked(document, BASE, A, B), "not_in_mergekit")
    assert finding.where == "compat"
    assert checked(patched(document, finding.repair[0]), BASE, A, B).ok


@pytest.mark.parametrize("method", ["linear", "karcher"])
def test_a_base_that_would_be_merged_there_is_refused(method: str) -> None:
    document = merge(method)
    finding = found(checked(document, BASE, A, B), "base_would_be_merged")
    assert checked(patched(document, finding.repair[0]), BASE, A, B).ok


def test_what_differs_there_is_said() -> None:
    assert "sce_weights_uniform" in codes(checked(merge("sce"), BASE, A, B))
    assert "draws_differ" in codes(checked(merge("dare_linear", rescale="l1"), BASE, A, B))
    assert codes(checked(merge("ties"), BASE, A, B)) == set()


def test_rounding_the_inputs_alone_is_said() -> None:
    document = merge("ties", input_dtype="bfloat16")
    del document["compat"]
    assert found(checked(document, BASE, A, B), "inputs_rounded").severity == "info"


def test_mixed_formats_are_computed_in_the_one_that_holds_them() -> None:
    mixed = vit("base", dtype="BF16")
    assert "in the format that holds them all" in found(checked(merge("ties"), mixed, A, B), "dtype_mixed").consequence
    rounded = merge("ties", input_dtype="bfloat16")
    assert "in bfloat16, which all are rounded to" in found(checked(rounded, mixed, A, B), "dtype_mixed").consequence
