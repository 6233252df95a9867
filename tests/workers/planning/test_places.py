import pytest

from tests.workers.planning.zoo import checked, codes, facts_make, found, vit
from workers.planning.places import Place, places_of

LLAMA = [
    "model.embed_tokens.weight", *(f"model.layers.{layer}.mlp.{part}_proj.weight" for layer in range(12) for part in ("up", "down", "gate")), "model.norm.weight", "lm_head.weight",
]  # fmt: skip
VIT = [
    "vit.embeddings.cls_token", "vit.embeddings.patch_embeddings.projection.weight",
    *(f"vit.encoder.layer.{layer}.attention.attention.query.weight" for layer in range(4)), "vit.layernorm.weight", "classifier.weight",
]  # fmt: skip
T5 = [
    "shared.weight",
    *(f"{half}.block.{layer}.layer.0.SelfAttention.q.weight" for half in ("encoder", "decoder") for layer in range(3)),
]
VGG = [f"features.{place}.weight" for place in (0, 3, 6, 10)] + ["classifier.0.weight", "classifier.3.weight"]


@pytest.mark.parametrize(("names", "name", "place"), [
    (LLAMA, "model.layers.0.mlp.up_proj.weight", Place(0, 12)),
    (LLAMA, "model.layers.11.mlp.up_proj.weight", Place(11, 12)),
    (LLAMA, "model.embed_tokens.weight", Place(-1, 12, True)),
    (LLAMA, "model.norm.weight", Place(12, 12)),
    (LLAMA, "lm_head.weight", Place(12, 12)),
    (VIT, "vit.embeddings.cls_token", Place(-1, 4)),
    (VIT, "vit.embeddings.patch_embeddings.projection.weight", Place(-1, 4)),
    (VIT, "vit.encoder.layer.2.attention.attention.query.weight", Place(2, 4)),
    (VIT, "classifier.weight", Place(4, 4)),
    (T5, "decoder.block.2.layer.0.SelfAttention.q.weight", Place(2, 3)),
    (T5, "shared.weight", Place(-1, 3, True)),
    (VGG, "features.6.weight", Place(2, 4)),
    (VGG, "classifier.3.weight", Place(4, 4)),
    (["weight"], "weight", Place(0, 0)),
])  # fmt: skip
def test_tells_where_a_tensor_stands(names, name, place):
    assert places_of(names)[name] == place


def test_only_a_method_that_asks_for_places_is_told_them():
    models = vit("base"), vit("a", base=("demo/base",))
    document = {"kind": "merge", "base": "demo/base", "sources": [{"model": "demo/a"}]}
    plan = checked({**document, "method": "widen"}, *models).plan
    told = {step.name: (step.parameters["layer"], step.parameters["layers"]) for step in plan.steps}
    assert told["vit.embeddings.cls_token"] == (-1, 2)
    assert told["vit.layers.1.mlp.fc1.weight"] == (1, 2)
    assert told["classifier.bias"] == (2, 2)
    plain = checked({**document, "method": "ties"}, *models).plan
    assert all("layer" not in step.parameters for step in plain.steps)


EXPERTS = {"kind": "merge", "method": "layer_swap", "sources": [{"model": "demo/a"}, {"model": "demo/b"}]}


def test_layer_swapping_needs_a_middle():
    experts = vit("a", blocks=6), vit("b", blocks=6)
    refused = checked(EXPERTS, *experts)
    finding = found(refused, "no_layer_left")
    assert finding.message == "bottom, top and two transitions take 9 of 6 layers: the task expert keeps none."
    assert [patch["value"] for repair in finding.repair for patch in repair.patch] == [1, 0, 0]
    assert refused.plan is None
    assert checked({**EXPERTS, "bottom": 2, "top": 1}, *experts).plan is not None


def test_layer_swapping_needs_layers():
    plain = [facts_make(name, {"weight": (4, 4), "bias": (4,)}) for name in "ab"]
    assert "layers_unknown" in codes(checked(EXPERTS, *plain))


def test_a_signature_of_a_model_without_layers_is_everywhere():
    plain = [facts_make(name, {"weight": (4, 4), "bias": (4,)}) for name in ("base", "a", "b")]
    signature = {**EXPERTS, "method": "robust_signature", "base": "demo/base"}
    assert found(checked(signature, *plain), "layers_unknown").severity == "warning"


def test_more_agreement_than_models_is_told():
    models = vit("base"), vit("a"), vit("b")
    recipe = {**EXPERTS, "method": "consensus", "base": "demo/base", "agreeing": 3}
    assert (
        found(checked(recipe, *models), "changes_nothing").message
        == "agreeing is 3 and 2 sources are given: the result is the base itself."
    )
    alone = checked({**recipe, "task": 3}, *models)
    assert (found(alone, "no_such_source").where, alone.plan) == ("task", None)
    assert "changes_nothing" not in codes(checked({**recipe, "task": 2}, *models))
