import pytest

from tests.workers.planning.zoo import checked, vit
from workers.planning.places import Place, places_of

LLAMA = [
    "model.embed_tokens.weight", *(f"model.layers.{layer}.mlp.up_proj.weight" for layer in range(12)), "model.norm.weight", "lm_head.weight",
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
