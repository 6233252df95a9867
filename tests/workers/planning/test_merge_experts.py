"""What is found in a mixture of experts before anything is read, with its repair; and the plan that comes out, from headers alone."""

from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, facts_make, found
from workers.contracts.facts import RepoFacts
from workers.contracts.parsing import parse
from workers.contracts.writing import recipe_to_document

CONFIG = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 32,
}  # fmt: skip


def llama(
    name: str, *, width: int = 12, layers: int = 2, more: tuple[str, ...] = (), dtype: str = "F32", **fields: Any
) -> RepoFacts:
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (32, 8),
        "model.norm.weight": (8,),
        "lm_head.weight": (32, 8),
    }
    for layer in range(layers):
        start = f"model.layers.{layer}"
        shapes |= {f"{start}.self_attn.{part}_proj.weight": (8, 8) for part in "qkvo"} | {
            f"{start}.input_layernorm.weight": (8,)
        }
        shapes |= {f"{start}.mlp.{part}_proj.weight": (width, 8) for part in ("gate", "up")} | {
            f"{start}.mlp.down_proj.weight": (8, width)
        }
    shapes |= dict.fromkeys(more, (8,))
    config = {**CONFIG, "intermediate_size": width, "num_hidden_layers": layers, **fields.pop("config", {})}
    known = {
        "config": config,
        "architecture": config["architectures"][0],
        "tokenizer_digest": "t",
        "files": ("config.json", "tokenizer.json"),
        **fields,
    }
    return facts_make(name, shapes, dtype=dtype, **known)


BASE, A, B, C = (llama(name) for name in ("base", "a", "b", "c"))


def expert(name: str, *prompts: str, **more: Any) -> dict[str, Any]:
    return {"model": f"demo/{name}", "positive_prompts": list(prompts or (f"a text for {name}",)), **more}


def recipe(*sources: Any, **more: Any) -> dict[str, Any]:
    given = [source if isinstance(source, dict) else expert(source) for source in sources or ("a", "b")]
    return {"kind": "merge", "method": "mixture_of_experts", "base": "demo/base", "sources": given, **more}


def test_a_plan_takes_everything_from_somewhere() -> None:
    result = checked(recipe("a", "b", "c", dtype="bfloat16"), BASE, A, B, C)
    assert codes(result) == {"experts_no_power_of_two", "experts_in_part", "base_in_part"}
    assert result.plan is not None
    steps = {step.name: step for step in result.plan.steps}
    router = steps["model.layers.1.block_sparse_moe.gate.weight"]
    assert (router.shape, router.dtype, router.parameters["experts"]) == ((3, 8), "BF16", [0, 1, 2])
    (given,) = steps["model.layers.0.block_sparse_moe.experts.1.w2.weight"].inputs
    assert (given.source, given.key) == (2, "model.layers.0.mlp.down_proj.weight")
    assert (
        result.plan.config
        | {"num_local_experts": 3, "num_experts_per_tok": 2, "model_type": "mixtral", "rope_theta": 10_000.0}
        == result.plan.config
    )
    used = {(item.source, item.key) for step in result.plan.steps for item in step.inputs}
    everything = {(position, name) for position, facts in enumerate((BASE, A, B, C)) for name in facts.tensors}
    assert used | set(result.plan.dropped) == everything
    assert not used & set(result.plan.dropped)
    assert result.estimate.memory_bytes > checked(recipe(gate_mode="random"), BASE, A, B).estimate.memory_bytes


WIDE, DEEP = llama("a", width=16), llama("a", layers=3)
QWEN = llama("base", config={"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]})
SHARED = [expert("a"), expert("b"), expert("c", shared=True)]


@pytest.mark.parametrize(("document", "facts", "code", "severity", "where"), [
    (recipe(expert("a"), {"model": "demo/b"}), {}, "prompts_missing", "error", "sources[1]"),
    (recipe(expert("a", "same"), expert("b", "same")), {}, "prompts_alike", "error", "sources[1]"),
    (recipe(expert("a", "same"), expert("b", "same"), "c"), {}, "prompts_alike", "warning", "sources[1]"),
    (recipe(gate_mode="random"), {}, "prompts_unused", "info", "gate_mode"),
    (recipe(), {"base": llama("base", tokenizer_digest="")}, "tokenizer_missing", "error", "base"),
    (recipe(experts_per_token=3), {}, "too_few_experts", "error", "experts_per_token"),
    (recipe(expert("a", "x"), expert("a", "y")), {}, "experts_all_same", "warning", "sources"),
    (recipe(expert("a", shared=True), expert("b", shared=True), expert("c", shared=True)), {}, "experts_missing", "error", "sources"),
    (recipe("a", "b", "c"), {"a": WIDE}, "shape_mismatch", "error", "sources[0]"),
    (recipe("a", "b", "c"), {"a": DEEP}, "architecture_mismatch", "error", "sources[0]"),
    (recipe("a", "b", "c"), {"base": DEEP.model_copy(update={"repo": "demo/base"})}, "architecture_mismatch", "error", "sources[0]"),
    (recipe(), {"a": llama("a", config={"model_type": "mistral"})}, "architecture_mismatch", "warning", "sources[0]"),
    (recipe("a", "b", "c"), {"a": llama("a", config={"hidden_act": "gelu"})}, "activation_mismatch", "error", "sources[0]"),
    (recipe("a", "b", "c"), {"a": llama("a", dtype="I8")}, "quantised", "error", "sources[0]"),
    (recipe(), {"a": llama("a", tokenizer_digest="u")}, "tokenizer_mismatch", "warning", "sources[0]"),
    (recipe(), {"a": llama("a", base=("demo/other",))}, "other_base", "warning", "sources[0]"),
    (recipe(), {"base": llama("base", config={"model_type": "gpt2"})}, "no_expert_form", "error", "base"),
    (recipe(), {"base": llama("base", config={"architectures": ["LlamaForSequenceClassification"]})}, "no_expert_form", "error", "base"),
    (recipe(), {"base": llama("base", config={"num_hidden_layers": 5})}, "no_expert_form", "error", "base"),
    (recipe(), {"base": llama("base", more=("model.layers.0.self_attn.q_proj.bias",))}, "no_expert_form", "error", "base"),
    (recipe(), {"base": llama("base", more=("model.layers.0.mlp.up_proj.bias",))}, "no_expert_form", "error", "base"),
    (recipe(architecture="qwen3_moe"), {}, "no_expert_form", "error", "architecture"),
    (recipe(*SHARED, architecture="mixtral"), {}, "too_many_shared", "error", "sources"),
    (recipe(*SHARED, expert("a", "z", shared=True)), {}, "too_many_shared", "error", "sources"),
    (recipe(*SHARED), {"base": QWEN}, "too_many_shared", "error", "sources"),
    (recipe(compat="mergekit"), {}, "not_for_experts", "error", "compat"),
    (recipe(tokenizer="demo/a"), {}, "not_for_experts", "error", "tokenizer"),
    (recipe(expert("a", residual_scale=[0.1, 1.0]), "b"), {}, "not_for_experts", "error", "parameters"),
    (recipe(data=[{"data": "builtin:digits"}]), {}, "data_unused", "error", "data"),
    ({**recipe(), "method": "linear"}, {}, "prompts_unused", "error", "sources[0].positive_prompts"),
])  # fmt: skip
def test_what_will_not_work_is_found(
    document: dict[str, Any], facts: dict[str, RepoFacts], code: str, severity: str, where: str
) -> None:
    models = {"base": BASE, "a": A, "b": B, "c": C} | facts
    result = checked(document, *(entry.model_copy(update={"repo": f"demo/{name}"}) for name, entry in models.items()))
    first = next(entry for entry in result.findings if entry.code == code)
    assert (first.severity, first.where) == (severity, where)
    assert (result.plan is None) == any(entry.severity == "error" for entry in result.findings)
    for repair in first.repair:
        again = checked(
            patched(document, repair),
            *(entry.model_copy(update={"repo": f"demo/{name}"}) for name, entry in models.items()),
        )
        assert _told(again, code) < _told(result, code)


def _told(result: Any, code: str) -> int:
    return sum(entry.code == code for entry in result.findings)


def test_a_shared_expert_takes_a_form_that_has_room_for_it() -> None:
    result = checked(recipe(*SHARED), BASE, A, B, C)
    assert result.plan is not None
    assert result.plan.config["model_type"] == "qwen2_moe"
    steps = {step.name: step for step in result.plan.steps}
    assert steps["model.layers.0.mlp.shared_expert.up_proj.weight"].inputs[0].source == 3
    assert steps["model.layers.0.mlp.shared_expert_gate.weight"].shape == (1, 8)
    assert result.plan.config["qkv_bias"] is False


THEIRS = {
    "base_model": "demo/base", "gate_mode": "cheap_embed", "dtype": "torch.bfloat16", "experts_per_token": 1, "architecture": "Mixtral",
    "experts": [
        {"source_model": {"model": {"path": "demo/a", "revision": "v1"}}, "positive_prompts": ["x"], "negative_prompts": ["y"], "noise_scale": None},
        {"source_model": "demo/b", "positive_prompts": ["y"], "residual_scale": 0.5, "noise_scale": 0.1},
    ],
}  # fmt: skip


def test_a_recipe_of_mergekit_moe_is_read_unchanged() -> None:
    parsed = parse(THEIRS)
    assert parsed.recipe is not None, parsed.findings
    ours = recipe(
        {"model": "demo/a@v1", "positive_prompts": ["x"], "negative_prompts": ["y"]},
        {"model": "demo/b", "positive_prompts": ["y"], "residual_scale": 0.5, "noise_scale": 0.1},
        gate_mode="cheap_embed", dtype="bfloat16", experts_per_token=1, architecture="mixtral",
    )  # fmt: skip
    assert parsed.recipe == parse(ours).recipe
    assert parse(recipe_to_document(parsed.recipe)).recipe == parsed.recipe
    shared = parse(
        {**THEIRS, "architecture": "qwen", "shared_experts": [{"source_model": "demo/c", "positive_prompts": ["z"]}]}
    )
    assert shared.recipe is not None
    assert [source["parameters"].get("shared") for source in shared.recipe.model_dump()["sources"]] == [
        None,
        None,
        True,
    ]
    assert (
        "architecture" not in recipe_to_document(shared.recipe)
        or shared.recipe.model_dump()["parameters"]["architecture"] == "auto"
    )


@pytest.mark.parametrize(("change", "code", "where"), [
    ({"gate_mod": "random"}, "unknown_key", "gate_mod"),
    ({"gate_mode": "guess"}, "unknown_choice", "gate_mode"),
    ({"architecture": "DeepSeek"}, "unknown_choice", "architecture"),
    ({"experts": [{**THEIRS["experts"][0], "weight": 1}, THEIRS["experts"][1]]}, "unknown_key", "experts[0].weight"),
    ({"experts": [{"positive_prompts": ["x"]}, THEIRS["experts"][1]]}, "missing_key", "experts[0].source_model"),
    ({"experts": [{**THEIRS["experts"][0], "positive_prompts": "x"}, THEIRS["experts"][1]]}, "wrong_type", "experts[0].positive_prompts"),
    ({"experts": [{**THEIRS["experts"][0], "positive_prompts": [""]}, THEIRS["experts"][1]]}, "invalid_value", "experts[0].positive_prompts[0]"),
    ({"experts": {"a": 1}}, "wrong_type", "experts"),
    ({"experts": [THEIRS["experts"][1]]}, "too_few_sources", "experts"),
    ({"shared_experts": [{"source_model": {"model": "demo/c", "lora": "demo/d"}}]}, "mergekit_unsupported", "shared_experts[0].source_model"),
    ({"shared_experts": [{"source_model": "demo/c", "noise_scale": -1}]}, "out_of_range", "shared_experts[0].noise_scale"),
])  # fmt: skip
def test_findings_point_into_the_recipe_of_mergekit_moe(change: dict[str, Any], code: str, where: str) -> None:
    parsed = parse({**THEIRS, **change})
    assert parsed.recipe is None
    assert (code, where) in {(entry.code, entry.where) for entry in parsed.findings}, parsed.findings


def test_missing_prompts_are_said_where_mergekit_has_them() -> None:
    parsed = parse({**THEIRS, "experts": [THEIRS["experts"][0], {"source_model": "demo/b"}]})
    assert parsed.recipe is not None
    from workers.planning.check import check

    result = check(parsed.recipe, {"demo/base": BASE, "demo/a@v1": A, "demo/b": B})
    (located,) = parsed.located([found(result, "prompts_missing")])
    assert located.where == "experts[1]"
