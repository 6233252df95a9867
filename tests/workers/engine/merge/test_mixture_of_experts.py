"""A mixture of equal experts computes what the dense model does; routers send prompts where they belong; draws follow their laws."""

import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.mixtures import KINDS, dense, loaded, logits, mixed, ports_of
from workers.contracts.errors import Cancelled
from workers.engine.merge.mixture_of_experts import ExpertStep, merge, normal
from workers.engine.merge.prompts import apart
from workers.planning.expert_forms import DEFAULTS

TEXTS = ("def f(x):", "once upon a time", "SELECT names")


def weights(folder):
    return load_file(folder / "model.safetensors")


def document(base, *sources, **more):
    return {"kind": "merge", "method": "mixture_of_experts", "base": str(base), "sources": list(sources), **more}


@pytest.mark.parametrize(("kind", "more", "shared"), [
    ("llama", {}, {}), ("mistral", {}, {}), ("qwen2", {}, {}), ("qwen3", {}, {}),
    ("mistral", {"architecture": "qwen2_moe"}, {}), ("qwen2", {}, {"shared": True, "residual_scale": 0.0}),
], ids=str)  # fmt: skip
def test_equal_experts_compute_what_the_dense_model_computes(kind, more, shared, tmp_path):
    base = dense(tmp_path / "base", kind)
    others = [{"model": str(base), **shared}] if shared else []
    out = mixed(
        tmp_path / "job", document(base, *({"model": str(base)} for _ in range(3)), *others, gate_mode="random", **more)
    )
    torch.testing.assert_close(logits(out), logits(base), rtol=1e-4, atol=1e-4)


def test_a_shared_expert_adds_what_its_gate_lets_through(tmp_path):
    base = dense(tmp_path / "base", "qwen2")
    sources = [{"model": str(base)}, {"model": str(base)}, {"model": str(base), "shared": True}]
    out = mixed(tmp_path / "job", document(base, *sources, gate_mode="uniform_random"))
    model, dense_model = loaded(out), loaded(base)
    state = torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(0))
    block, plain = model.model.layers[0].mlp, dense_model.model.layers[0].mlp
    with torch.no_grad():
        made, wanted = (
            block(state),
            plain(state) * (1 + torch.sigmoid(state @ weights(out)["model.layers.0.mlp.shared_expert_gate.weight"].T)),
        )
    torch.testing.assert_close(made[0] if isinstance(made, tuple) else made, wanted, rtol=1e-5, atol=1e-5)


def test_hidden_routers_send_each_prompt_to_its_own_expert(tmp_path):
    base = dense(tmp_path / "base")
    model = loaded(base)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()  # a router then sees the direction that the layer was given
    model.save_pretrained(base)
    sources = [{"model": str(base), "positive_prompts": [text]} for text in TEXTS]
    out = mixed(tmp_path / "job", document(base, *sources, experts_per_token=1))
    mixture = loaded(out)
    for expert, text in enumerate(TEXTS):
        tokens = torch.tensor([[1, *tokens_of(base, text)]])
        with torch.no_grad():
            routed = mixture(tokens, output_router_logits=True).router_logits
        assert [int(layer[-1].argmax()) for layer in routed] == [expert, expert]


def tokens_of(folder, text):
    import transformers

    return transformers.AutoTokenizer.from_pretrained(folder)(text)["input_ids"]


@pytest.mark.parametrize("mode", ["hidden", "hidden_avg", "cheap_embed"])
def test_routers_are_the_formula(mode, tmp_path):
    base = dense(tmp_path / "base", "qwen3")
    model, table = loaded(base), weights(base)["model.embed_tokens.weight"].double().numpy()

    def state(texts):
        found = []
        for text in texts:
            ids = [1, *tokens_of(base, text)]
            if mode == "cheap_embed":
                found.append(np.stack([table[ids].sum(0)] * 2))
                continue
            with torch.no_grad():
                states = [
                    layer[0].double().numpy()
                    for layer in model(torch.tensor([ids]), output_hidden_states=True).hidden_states[:-1]
                ]
            found.append(np.stack([layer.mean(0) if mode == "hidden_avg" else layer[-1] for layer in states]))
        total = np.mean(found, axis=0)
        return total / np.linalg.norm(total, axis=1, keepdims=True) if mode == "cheap_embed" else total

    first, second = state(TEXTS[:2]) - state(TEXTS[2:]), state(TEXTS[2:])
    wanted = np.stack([rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, second)], axis=1)
    sources = [
        {"model": str(base), "positive_prompts": list(TEXTS[:2]), "negative_prompts": list(TEXTS[2:])},
        {"model": str(base), "positive_prompts": list(TEXTS[2:])},
    ]  # fmt: skip
    out = mixed(tmp_path / "job", document(base, *sources, gate_mode=mode))
    for layer in range(2):
        made = weights(out)[f"model.layers.{layer}.mlp.gate.weight"].double().numpy()
        np.testing.assert_allclose(made, wanted[layer], atol=2e-6)
    report = json.loads((out / "report.json").read_text())
    (row, _) = report["mixture"]["routers"]
    assert row["cosines"] == [pytest.approx(float(wanted[0, 0] @ wanted[0, 1]), abs=1e-5)]
    assert row["condition"] == pytest.approx(np.linalg.cond(wanted[0]), rel=1e-4)


def test_every_tensor_is_where_it_came_from(tmp_path):
    base, one, two = (dense(tmp_path / name, seed=seed) for seed, name in enumerate(("base", "one", "two")))
    sources = [{"model": str(one), "residual_scale": 0.5}, {"model": str(two), "noise_scale": 0.1}]
    document_ = document(base, *sources, gate_mode="random", dtype="bfloat16", max_shard_bytes=20_000)
    out, again = (mixed(tmp_path / f"job{threads}", document_, threads=threads) for threads in (1, 2))
    made = {}
    files = sorted(out.glob("*.safetensors"))
    assert len(files) > 1
    for file in files:
        made |= load_file(file)
        assert file.read_bytes() == (again / file.name).read_bytes()
    assert all(tensor.dtype == torch.bfloat16 for tensor in made.values())
    experts = [weights(folder) for folder in (one, two)]
    layer, own = "model.layers.1", "model.layers.1.block_sparse_moe.experts"
    for name, tensor in weights(base).items():
        if ".mlp." not in name:
            assert torch.equal(made.pop(name), tensor.bfloat16())
    for part, name in (("gate_proj", "w1"), ("up_proj", "w3"), ("down_proj", "w2")):
        given = experts[0][f"{layer}.mlp.{part}.weight"]
        assert torch.equal(made[f"{own}.0.{name}.weight"], (given * (0.5 if name == "w2" else 1)).bfloat16())
        noise = made[f"{own}.1.{name}.weight"].float() - experts[1][f"{layer}.mlp.{part}.weight"]
        assert abs(float(noise.std()) - 0.1) < 0.02
    assert len(made) == 2 * (2 * 3 + 1)


def test_draws_follow_their_laws():
    step = ExpertStep(name="r", shape=(3, 20_000), part="drawn", seed=1, experts=(4, 0, 7), mode="random")
    drawn = merge(step)
    assert torch.equal(merge(ExpertStep(**{**vars(step), "shape": (1, 20_000), "experts": (0,)}))[0], drawn[1])
    assert abs(float(drawn.mean())) < 4 / math.sqrt(60_000)
    assert abs(float(drawn.var()) - 1) < 4 * math.sqrt(2 / 60_000)
    assert abs(float((drawn.abs() < 1).double().mean()) - 0.6827) < 0.01
    assert float(np.corrcoef(drawn[0].numpy(), drawn[1].numpy())[0, 1]) < 0.03
    uniform = merge(ExpertStep(name="r", shape=(1, 10_000), part="drawn", seed=1, experts=(0,), mode="uniform_random"))
    assert float(uniform.abs().max()) <= 0.01
    assert abs(float(uniform.abs().mean()) - 0.005) < 2e-4
    assert normal((1, 2), 5).shape == (5,)
    assert torch.equal(normal((1, 2), 5), normal((1, 2), 8)[:5])


def test_alike_routers_are_told(tmp_path):
    base = dense(tmp_path / "base")
    sources = [{"model": str(base), "positive_prompts": [text]} for text in ("abc d", "abc  d")]
    ports = ports_of(tmp_path / "job", document(base, *sources))
    out = mixed(tmp_path, {}, ports=ports)
    report = json.loads((out / "report.json").read_text())
    (found,) = report["findings"]
    assert (found["code"], found["severity"]) == ("routers_alike", "warning")
    assert apart(torch.ones(2, 3)) == {"condition": None, "cosines": [1.0]}
    assert apart(torch.eye(3)[:2]) == {"condition": 1.0, "cosines": [0.0]}


def test_routers_are_made_once_whatever_is_killed(tmp_path):
    base = dense(tmp_path / "base")
    sources = [{"model": str(base), "positive_prompts": [text]} for text in TEXTS[:2]]
    whole = mixed(tmp_path / "whole", document(base, *sources))
    ports = ports_of(tmp_path / "job", document(base, *sources))
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 4:
            raise Cancelled

    ports.cancel.raise_if_requested = stop
    with pytest.raises(Cancelled):
        mixed(tmp_path, {}, ports=ports)
    assert (
        mixed(tmp_path, {}, ports=ports).joinpath("model.safetensors").read_bytes()
        == (whole / "model.safetensors").read_bytes()
    )
    assert ports.reporter.of("step").count(("step", "learn", "started")) == 1


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_a_config_leaves_out_is_what_its_own_architecture_takes(kind):
    import transformers

    config = transformers.AutoConfig.for_model(kind)
    said = config.to_dict()
    assert {key: said[key] for key in DEFAULTS[kind]} == DEFAULTS[kind]
    assert said["rope_parameters"]["rope_theta"] == 10_000
    heads = DEFAULTS[kind].get("num_key_value_heads", said["num_attention_heads"])
    assert heads == said["num_key_value_heads"]


def test_an_expert_may_be_a_model_with_an_adapter_on_it(tmp_path):
    from peft import LoraConfig, get_peft_model

    base, other = dense(tmp_path / "base"), dense(tmp_path / "other", seed=1)
    torch.manual_seed(3)
    adapted = get_peft_model(loaded(base), LoraConfig(r=2, target_modules=["up_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    wanted = adapted.merge_and_unload().state_dict()["model.layers.1.mlp.up_proj.weight"]
    sources = [{"model": str(base), "adapter": str(tmp_path / "adapter")}, {"model": str(other)}]
    out = mixed(tmp_path / "job", document(base, *sources, gate_mode="random"))
    made = weights(out)["model.layers.1.block_sparse_moe.experts.0.w3.weight"]
    torch.testing.assert_close(made, wanted, rtol=1e-5, atol=1e-6)
    report = json.loads((out / "report.json").read_text())
    assert "adapter" in report["vectors"][0]
    assert len(report["inputs"]) == 4


def test_entries_that_are_no_numbers_are_told(tmp_path):
    base, bad = dense(tmp_path / "base"), dense(tmp_path / "bad", seed=1)
    held = weights(bad)
    held["model.layers.0.mlp.up_proj.weight"][0, 0] = math.nan
    save_file(held, bad / "model.safetensors", metadata={"format": "pt"})
    out = mixed(tmp_path / "job", document(base, {"model": str(base)}, {"model": str(bad)}, gate_mode="random"))
    (found,) = json.loads((out / "report.json").read_text())["findings"]
    assert (found["code"], found["where"]) == ("not_finite", "model.layers.0.block_sparse_moe.experts.1.w3.weight")
