"""What a check calls enough memory for a merge is what its execution counts, to the byte."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters import Net, adapter_folder
from tests.builders import model_folder
from tests.workers.engine.plans import ROWS
from tests.workers.planning.zoo import checked, codes, dataset, found, vit
from workers.contracts.errors import UserError
from workers.contracts.facts import TensorFact
from workers.contracts.methods import method_get
from workers.contracts.parsing import parse
from workers.contracts.plans import Check, TensorInput, TensorStep
from workers.engine import execute
from workers.engine.make import merger_of
from workers.engine.merge import compat, step
from workers.planning import merge_memory as memory
from workers.planning.allowed import enough_text, within
from workers.planning.check import check
from workers.planning.folder import facts_of_folder
from workers.planning.merge_memory import least_memory, step_memory
from workers.planning.references import references_of

FORMATS = ("F32", "F16", "BF16", "F64", "I64")
MERGES = [row for row in ROWS.values() if row.takes == "model" and not row.learn]


def inputs(count: int, shape: tuple[int, ...], formats: list[str]) -> tuple[TensorInput, ...]:
    facts = [TensorFact(dtype=formats[at % len(formats)], shape=shape, file="m", begin=0, end=1) for at in range(count)]
    return tuple(TensorInput(source=at, key="w", fact=fact) for at, fact in enumerate(facts))


def test_the_figures_are_those_of_the_engine() -> None:
    assert (memory.STRETCH, memory.REDUCTION) == (step.STRETCH, step.REDUCTION)
    assert set(compat.NATIVE) == memory.NATIVE


def plan(method: str, *, width: int = 8, **more: Any) -> Check:
    row = ROWS[method]
    family = [vit("base", width=width)] + [vit(name, width=width, base=("demo/base",)) for name in "abc"]
    sources = [f"demo/{name}" for name in "abc"[: row.maximum_sources]]
    document = {"kind": "merge", "method": method, "sources": sources} | (
        {"base": "demo/base"} if row.takes_base else {}
    )
    own = {"slerp": {"t": 0.5}, "nearswap": {"t": 0.1}, "layer_swap": {"bottom": 0, "top": 0, "transition": 0}}
    return checked(document | own.get(method, {}) | more, *family)


@pytest.mark.parametrize("width", [8, 1024])
@pytest.mark.parametrize("row", MERGES, ids=lambda row: row.name)
def test_what_is_estimated_is_never_refused(row: Any, width: int) -> None:
    for more in ({}, {"compat": "mergekit"}, {"dtype": "bfloat16"}, {"input_dtype": "float16", "compat": "mergekit"}):
        result = plan(row.name, width=width, **more)
        if result.plan is None:
            assert "compat" in more, result.findings
            continue
        least, name = least_memory(result.plan, row)
        merger = merger_of(result.plan)
        needed = {each.name: execute._memory_of(result.plan, merger, each) for each in result.plan.steps}
        assert least == execute.PROCESS_BYTES + max(needed.values()) == execute.PROCESS_BYTES + needed[name]
        assert execute._in_flight(result.plan, merger, 4, least) == 1
        assert least <= result.estimate.memory_bytes


@pytest.mark.parametrize("method", ["task_arithmetic", "adapter_cat", "adapter_ties_svd"])
def test_adapters_are_counted_as_the_products_that_are_formed(method: str, tmp_path: Path) -> None:
    base = str(model_folder(tmp_path / "base", Net().state_dict(), config={"model_type": "net"}))
    sources = [str(adapter_folder(tmp_path / name, seed=1)) for name in ("one", "two")]
    document = {"kind": "merge", "method": method, "sources": sources}
    recipe = parse(document | ({"base": base} if method == "task_arithmetic" else {}), local=True).recipe
    assert recipe is not None
    result = check(recipe, {text: facts_of_folder(text) for _, _, text, _ in references_of(recipe)})
    assert result.plan is not None, result.findings
    least, _ = least_memory(result.plan, ROWS[method])
    assert execute._in_flight(result.plan, merger_of(result.plan), 4, least) == 1
    with pytest.raises(UserError, match="are allowed"):
        execute._in_flight(result.plan, merger_of(result.plan), 4, least - 1)
    assert least <= result.estimate.memory_bytes


def test_less_than_the_largest_tensor_takes_is_an_error_and_no_plan() -> None:
    result = plan("tsv_m", width=256)
    assert result.plan is not None
    least, name = least_memory(result.plan, ROWS["tsv_m"])
    assert within(result, least) == within(result, None) == result
    refused = within(result, least - 1)
    told = found(refused, "memory_too_small")
    assert (told.severity, told.where, refused.plan) == ("error", name, None)
    assert f"Allow {enough_text(least)} or more." in told.consequence


@pytest.mark.parametrize("size", [1, 999, 1000, 210_000_001, 999_900_001, 12_345_678_901, 200 << 20])
def test_what_is_written_is_enough(size: int) -> None:
    number, unit = enough_text(size).split()
    written = round(float(number) * 1000 ** ("B", "kB", "MB", "GB").index(unit))
    assert size <= written <= size * 1.01 + 1


def test_what_is_not_kept_within_a_limit_is_warned_about() -> None:
    document = {"kind": "evaluate", "models": ["demo/a"], "data": [{"data": "demo/digits"}]}
    result = checked(document, vit("a"), dataset("digits"))
    assert result.ok
    enough = result.estimate.memory_bytes
    assert within(result, enough) == result
    told = found(within(result, enough - 1), "memory_above_limit")
    assert (told.severity, told.where) == ("warning", "")
    learned = {"kind": "merge", "method": "fisher", "sources": ["demo/a", "demo/b"], "data": [{"data": "demo/digits"}]}
    merge = checked(learned, vit("a"), vit("b"), dataset("digits"))
    method = method_get("merge", "fisher")
    assert merge.plan is not None
    assert method is not None
    less = within(merge, least_memory(merge.plan, method)[0])
    assert less.ok
    assert less.plan is not None
    assert "memory_above_limit" in codes(less)


def test_inputs_across_the_boundaries_of_their_numbers_are_counted_as_copies() -> None:
    facts = [TensorFact(dtype="BF16", shape=(50,), file="m", begin=begin, end=begin + 100) for begin in (8, 9, 11)]
    taken = tuple(TensorInput(source=at, key="w", fact=fact) for at, fact in enumerate(facts))
    apart = TensorStep(name="w", operation="merge", inputs=taken, shape=(50,), dtype="BF16", parameters={})
    even = apart.model_copy(update={"inputs": (taken[0],) * 3})
    assert step_memory(apart, "stretch") - step_memory(even, "stretch") == 200
