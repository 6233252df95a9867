from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.planning.test_merge_check import merge, text_model
from tests.workers.planning.zoo import checked, codes, facts_make, found, vit
from workers.contracts.facts import RepoFacts
from workers.contracts.plans import Plan, TensorStep
from workers.planning import merge as merge_planner

BASE, A, B = vit("base"), vit("a"), vit("b")


def plan_of(document: dict[str, Any], *facts: RepoFacts) -> Plan:
    result = checked(document, *facts)
    assert result.plan is not None, result.findings
    return result.plan


def step_of(plan: Plan, name: str) -> TensorStep:
    return next(step for step in plan.steps if step.name == name)


def small(name: str, *keys: str, dtypes: dict[str, str] | None = None, **more: Any) -> RepoFacts:
    return facts_make(name, dict.fromkeys(keys, (4,)), dtypes=dtypes, config={"model_type": "x"}, **more)


def test_every_tensor_of_the_base_is_made_once() -> None:
    plan = plan_of(merge(), BASE, A, B)
    assert sorted(step.name for step in plan.steps) == sorted(BASE.tensors)
    assert [name for shard in plan.shards for name in shard] == [step.name for step in plan.steps]
    assert plan.dropped == ()


def test_a_step_holds_base_and_sources_with_their_own_values() -> None:
    sources = [{"model": "demo/a", "weight": 0.5}, {"model": "demo/b", "density": 0.9}]
    plan = plan_of(merge(sources=sources) | {"lambda": 0.7, "density": 0.4}, BASE, A, B)
    step = step_of(plan, "classifier.bias")
    assert [item.source for item in step.inputs] == [0, 1, 2]
    assert step.has_base
    given = {"weight": [0.5, 1.0], "density": [0.4, 0.9], "lambda": 0.7, "normalize": True}
    assert given == {name: step.parameters[name] for name in given}
    assert step.inputs[1].fact == A.tensors["classifier.bias"]


def test_a_method_without_base_counts_past_an_unused_one() -> None:
    plan = plan_of(merge("linear"), BASE, A, B)
    step = plan.steps[0]
    assert ([item.source for item in step.inputs], step.has_base) == ([1, 2], False)
    assert all(position != 0 for position, _ in plan.copied_files)


def test_steps_follow_the_file() -> None:
    plan = plan_of(merge(), BASE, A, B)
    places = [BASE.tensors[step.name].begin for step in plan.steps]
    assert places == sorted(places)


@pytest.mark.parametrize(("dtype", "stored"), [(None, "F32"), ("bfloat16", "BF16"), ("float64", "F64")])
def test_the_result_has_the_asked_number_format(dtype: str | None, stored: str) -> None:
    plan = plan_of(merge() | ({"dtype": dtype} if dtype else {}), BASE, A, B)
    assert {step.dtype for step in plan.steps} == {stored}


def test_shards_are_cut_by_size() -> None:
    plan = plan_of(merge(max_shard_bytes=2000), BASE, A, B)
    sizes = {step.name: 4 * BASE.tensors[step.name].elements for step in plan.steps}
    assert len(plan.shards) > 2
    assert all(sum(sizes[name] for name in shard) <= 2000 for shard in plan.shards)


def test_a_plan_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge_planner, "MAX_PLAN_INPUTS", 3 * len(BASE.tensors) - 1)
    result = checked(merge(), BASE, A, B)
    assert found(result, "plan_too_large").severity == "error"
    assert result.plan is None
    assert checked(merge(sources=["demo/a"]), BASE, A).ok


def test_a_tensor_larger_than_a_shard_has_one_of_its_own() -> None:
    shapes = {"a": (4,), "big": (1000,), "z": (4,)}
    plan = plan_of(merge(sources=["demo/a"], max_shard_bytes=1024), facts_make("base", shapes), facts_make("a", shapes))
    assert plan.shards == (("a",), ("big",), ("z",))


def test_a_tensor_that_a_source_lacks_is_made_from_the_others() -> None:
    base, one, two = small("base", "a", "b", "c"), small("a", "a", "b", "c"), small("b", "a", "b")
    document = merge(sources=[{"model": "demo/a", "weight": 0.2}, {"model": "demo/b", "weight": 0.8}])
    result = checked(document, base, one, two)
    assert found(result, "tensor_missing").message == "b lacks 1 of 3 tensors, first c."
    assert result.plan is not None
    step = step_of(result.plan, "c")
    assert [item.source for item in step.inputs] == [0, 1]
    assert step.parameters["weight"] == [0.2]


def test_a_tensor_in_no_source_is_copied_from_the_base() -> None:
    result = checked(merge(), small("base", "a", "b", "c"), small("a", "a", "b"), small("b", "a", "b"))
    assert "tensor_only_in_base" in codes(result)
    assert "tensor_missing" not in codes(result)
    assert result.plan is not None
    step = step_of(result.plan, "c")
    assert (step.operation, [item.source for item in step.inputs]) == ("copy", [0])


def test_a_tensor_that_the_base_lacks_is_dropped_with_a_finding() -> None:
    result = checked(merge(sources=["demo/a"]), small("base", "a", "b"), small("a", "a", "b", "extra"))
    assert result.plan is not None
    assert result.plan.dropped == ((1, "extra"),)
    assert found(result, "tensor_extra").message == "1 tensor of a is not in the base and is left out, first extra."


def test_whole_numbers_are_copied_and_compared_by_the_engine() -> None:
    family = [small(name, "a", "ids", dtypes={"ids": "I64"}) for name in ("base", "a", "b")]
    result = checked(merge(dtype="bfloat16"), *family)
    assert found(result, "integer_tensor_copied").severity == "info"
    assert result.plan is not None
    step = step_of(result.plan, "ids")
    assert (step.operation, step.dtype, len(step.inputs)) == ("copy", "I64", 3)


def test_an_empty_tensor_is_copied() -> None:
    shapes = {"a": (4,), "none": (0, 4)}
    plan = plan_of(merge(sources=["demo/a"]), facts_make("base", shapes), facts_make("a", shapes))
    assert step_of(plan, "none").operation == "copy"


def test_weights_that_cancel_where_a_source_lacks_a_tensor_are_found() -> None:
    sources = [{"model": "demo/a", "weight": 1}, {"model": "demo/b", "weight": -1}, {"model": "demo/c", "weight": 2}]
    document = merge("linear", sources, base=None)
    result = checked(document, small("a", "x", "y", "z"), small("b", "x", "y", "z"), small("c", "x", "y"))
    assert "z sum to 0" in found(result, "weights_sum_to_zero").message
    assert result.plan is None


TIED: dict[str, Any] = {
    "config": {"tie_word_embeddings": True},
    "shapes": {"model.embed_tokens.weight": (8, 4), "model.norm.weight": (4,), "model.layers.0.a.weight": (4, 4)},
}


def test_a_shared_head_stands_in_for_a_stored_one() -> None:
    plan = plan_of(
        merge(sources=["demo/a"]),
        text_model("base", 8),
        text_model("a", 8, **TIED),
    )
    step = step_of(plan, "lm_head.weight")
    assert [item.key for item in step.inputs] == ["lm_head.weight", "model.embed_tokens.weight"]


def test_a_stored_head_is_left_out_where_the_base_shares_its_own() -> None:
    result = checked(
        merge(sources=["demo/a"]),
        text_model("base", 8, **TIED),
        text_model("a", 8),
    )
    assert result.plan is not None
    assert result.plan.dropped == ((1, "lm_head.weight"),)
    assert "tied_tensor_dropped" in codes(result)


def test_config_and_tokenizer_are_carried_and_nothing_else() -> None:
    files = (
        "config.json",
        "preprocessor_config.json",
        "LICENSE",
        "tokenizer.json",
        "tokenizer_config.json",
        "sub/config.json",
        "report.json",
        "train.py",
    )
    base = vit("base", files=files, tokenizer_digest="1")
    plan = plan_of(merge(), base, A, B)
    assert {path for _, path in plan.copied_files} == {
        "config.json",
        "preprocessor_config.json",
        "LICENSE",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert {position for position, _ in plan.copied_files} == {0}


def test_the_tokenizer_comes_from_the_first_source_where_the_base_has_none() -> None:
    source = vit("b", files=("config.json", "tokenizer.json"), tokenizer_digest="1")
    assert plan_of(merge(), BASE, A, source).copied_files == ((0, "config.json"), (2, "tokenizer.json"))


def test_the_plan_reads_back_from_json() -> None:
    plan = plan_of(merge(), BASE, A, B)
    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True)) == plan


def test_the_same_recipe_gives_the_same_plan() -> None:
    assert plan_of(merge(), BASE, A, B) == plan_of(merge(), BASE, A, B)


def test_the_estimate_counts_bytes_and_does_not_grow_with_depth() -> None:
    result = checked(merge(), BASE, A, B)
    size = sum(tensor.size_bytes for tensor in BASE.tensors.values())
    assert (result.estimate.read_bytes, result.estimate.write_bytes) == (3 * size, size)
    deep = checked(merge(), vit("base", blocks=20), vit("a", blocks=20), vit("b", blocks=20))
    assert deep.estimate.memory_bytes == result.estimate.memory_bytes
    low, high = result.estimate.seconds
    assert 0 < low < high


_inventories = st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=4), min_size=2, max_size=4)


def test_taking_matrices_apart_costs_time_and_memory() -> None:
    models = [vit(name, width=64) for name in ("base", "a", "b")]
    recipe = {"kind": "merge", "base": "demo/base", "sources": [{"model": "demo/a"}, {"model": "demo/b"}]}
    plain, *apart = (
        checked({**recipe, **settings}, *models).estimate
        for settings in (
            {"method": "task_arithmetic"}, {"method": "iso_c"}, {"method": "wudi", "iterations": 100}, {"method": "wudi", "iterations": 10_000},
        )
    )  # fmt: skip
    assert plain is not None
    assert all(one is not None and one.memory_bytes > plain.memory_bytes for one in apart)
    assert apart[1].seconds[1] < apart[2].seconds[1]


@given(
    _inventories,
    st.sampled_from(["linear", "task_arithmetic", "ties", "dare_ties"]),
    st.sampled_from(["", "ab", "abcdefgh"]),
)
def test_every_tensor_of_every_input_is_accounted_for(inventories: list[set[str]], method: str, whole: str) -> None:
    family = [
        small(name, *sorted(keys), dtypes=dict.fromkeys(whole, "I64"))
        for name, keys in zip(("base", "s1", "s2", "s3"), inventories, strict=False)
    ]
    uses_base = method != "linear"
    sources = [entry.repo for entry in (family[1:] if uses_base else family)]
    result = checked(merge(method, sources, base="demo/base" if uses_base else None), *family)
    if result.plan is None:
        assert codes(result) & {"architecture_mismatch"}
        return
    used = {(item.source, item.key) for step in result.plan.steps for item in step.inputs}
    dropped = set(result.plan.dropped)
    assert not used & dropped
    assert used | dropped == {(position, key) for position, keys in enumerate(inventories) for key in keys}
    assert bool(dropped) == ("tensor_extra" in codes(result))
