"""Tensors that not every model holds, by the rule of each method."""

from typing import Any

import pytest

from tests.workers.planning.zoo import checked, codes, facts_make, found
from workers.contracts.facts import RepoFacts
from workers.contracts.plans import TensorStep


def small(name: str, *keys: str) -> RepoFacts:
    return facts_make(name, {key: (2,) for key in keys})


def step_of(method: str, base: RepoFacts | None, *sources: RepoFacts) -> tuple[TensorStep | None, set[str]]:
    """How tensor c is made, and the codes of what was found."""
    document: dict[str, Any] = {"kind": "merge", "method": method, "sources": [source.repo for source in sources]}
    if base is not None:
        document["base"] = base.repo
    result = checked(document, *sources, *([] if base is None else [base]))
    steps = [] if result.plan is None else [step for step in result.plan.steps if step.name == "c"]
    return (steps[0] if steps else None), codes(result)


FULL, OTHER, LACKING, POOR = (
    small(name, *keys) for name, keys in (("f", "abc"), ("o", "abc"), ("l", "ab"), ("p", "ab"))
)


def test_model_stock_copies_the_base_where_fewer_than_two_sources_are_left() -> None:
    step, found_codes = step_of("model_stock", small("base", *"abc"), FULL, LACKING)
    assert step is not None
    assert (step.operation, [item.source for item in step.inputs]) == ("copy", [0])
    assert "tensor_copied_alone" in found_codes


def test_nuslerp_copies_what_one_model_alone_holds() -> None:
    step, found_codes = step_of("nuslerp", None, FULL, LACKING)
    assert step is not None
    assert (step.operation, [item.source for item in step.inputs]) == ("copy", [0])
    assert "tensor_copied_alone" in found_codes


def test_nuslerp_refuses_a_tensor_that_the_base_and_one_source_hold() -> None:
    document = {"kind": "merge", "method": "nuslerp", "base": "demo/base", "sources": ["demo/f", "demo/l"]}
    result = checked(document, small("base", *"abc"), FULL, LACKING)
    assert result.plan is None
    assert "first c. NuSLERP needs 2 sources" in found(result, "tensor_too_few").message


@pytest.mark.parametrize("method", ["slerp", "nearswap", "arcee_fusion"])
def test_methods_of_two_models_copy_what_the_base_alone_holds(method: str) -> None:
    step, _ = step_of(method, small("base", *"abc"), LACKING)
    assert step is not None
    assert (step.operation, [item.source for item in step.inputs]) == ("copy", [0])


@pytest.mark.parametrize("method", ["ties", "sce", "ram", "della"])
def test_others_merge_what_there_is(method: str) -> None:
    step, _ = step_of(method, small("base", *"abc"), FULL, LACKING, OTHER)
    assert step is not None
    assert (step.operation, [item.source for item in step.inputs]) == ("merge", [0, 1, 3])
