"""Models that go into a merge with an adapter on them, against peft's merge_and_unload and against the float64 definition."""

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.adapters import Net, adapter_folder, changes
from tests.builders import model_folder
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.facts import RepoFacts
from workers.contracts.parsing import parse
from workers.contracts.references import adapted_split
from workers.engine.execute import execute
from workers.planning.adapter_base import another_base
from workers.planning.check import check
from workers.planning.folder import facts_of_folder
from workers.planning.references import adapters_of, references_of


def checked(document):
    parsed = parse(document, local=True)
    assert parsed.recipe is not None, parsed.findings
    return parsed.recipe, check(
        parsed.recipe, {text: facts_of_folder(text) for _, _, text, _ in references_of(parsed.recipe)}
    )


def merged(document, out, *, threads=1):
    recipe, result = checked({"kind": "merge"} | document)
    assert result.plan is not None, result.findings
    named = [recipe.base] if recipe.base else []
    named += [source.model for source in recipe.sources]
    folders = [adapted_split(text)[0] for text in named] + [put.adapter for put in adapters_of(recipe)]
    execute(
        result.plan, [type(out)(folder) for folder in folders], out, out.with_name(out.name + "-j"),
        reporter=FakeReporter(), cancel=FakeCancel(), threads=threads,
    )  # fmt: skip
    return load_file(out / "model.safetensors"), result.plan


def baked(base, adapter, out):
    return merged({"method": "passthrough", "sources": [{"model": str(base), "adapter": str(adapter)}]}, out)


class Wider(Net):
    """Beside the layers of `Net` those that keep their weight turned round, one of them square, and a head."""

    def __init__(self):
        from transformers.pytorch_utils import Conv1D

        super().__init__()
        torch.manual_seed(1)
        self.c_fc, self.c_proj, self.head = Conv1D(9, 12), Conv1D(9, 9), torch.nn.Linear(7, 3)


LAYERS = ["words", "first", "second", "conv"]
CASES = {
    "plain": {"target_modules": LAYERS},
    "rank-stabilised, with patterns": {
        "target_modules": LAYERS, "use_rslora": True, "rank_pattern": {"first": 2, "conv": 6}, "alpha_pattern": {"second": 9},
    },
    "dora": {"target_modules": LAYERS, "use_dora": True},
    "turned": {"target_modules": ["c_fc", "c_proj"], "fan_in_fan_out": True},
    "turned, dora": {"target_modules": ["c_fc", "c_proj"], "fan_in_fan_out": True, "use_dora": True},
    "bias on B": {"target_modules": ["first", "second"], "lora_bias": True},
    "biases": {"target_modules": ["first"], "bias": "lora_only"},
    "a head that comes whole": {"target_modules": ["first"], "modules_to_save": ["head"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """By case the adapter's folder and what peft makes of model and adapter; and the base."""
    from peft import LoraConfig, get_peft_model

    root = tmp_path_factory.mktemp("baked")
    base = model_folder(root / "base", Wider().state_dict(), config={"model_type": "gpt2"})
    found = {}
    for seed, (name, options) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = get_peft_model(
                Wider(), LoraConfig(**{"r": 4, "lora_alpha": 6, "init_lora_weights": False, **options})
            )
        with torch.no_grad():
            for tensor in model.parameters():
                if tensor.requires_grad:
                    tensor += 0.1 * torch.randn(tensor.shape)
        folder = root / f"adapter{seed}"
        model.save_pretrained(folder)
        found[name] = folder, model.merge_and_unload().state_dict()
    return base, found


@pytest.mark.parametrize("name", CASES)
def test_an_adapter_on_its_model_is_what_peft_makes_of_them(name, made, tmp_path):
    base, found = made
    folder, wanted = found[name]
    result, _ = baked(base, folder, tmp_path / "out")
    assert result.keys() == wanted.keys()
    changed = [key for key in wanted if not torch.equal(wanted[key], load_file(base / "model.safetensors")[key])]
    assert len(changed) >= 2
    for key, tensor in wanted.items():
        torch.testing.assert_close(result[key], tensor, rtol=2e-5, atol=2e-6)


@pytest.fixture
def base(tmp_path):
    return model_folder(tmp_path / "base", Net().state_dict(), config={"model_type": "net"})


def definition(base, parts):
    """θ + Σ w·s·B·A in float64."""
    result = {key: tensor.double() for key, tensor in load_file(base / "model.safetensors").items()}
    for weight, adapter in parts:
        for name, change in changes(adapter).items():
            change = torch.tensor(change.T if name == "words" else change).reshape(result[f"{name}.weight"].shape)
            result[f"{name}.weight"] = result[f"{name}.weight"] + weight * change
    return result


def test_adapters_beside_their_model_and_alone_are_the_same_sources(base, tmp_path):
    one = adapter_folder(tmp_path / "one", seed=1, rank=3)
    two = adapter_folder(tmp_path / "two", seed=2, modules=("first", "words"))
    pairs = [{"model": str(base), "adapter": str(one), "weight": 0.5}, {"model": f"{base} + {two}", "weight": -1.0}]
    alone = [{"model": str(one), "weight": 0.5}, {"model": str(two), "weight": -1.0}]
    documents = [
        {"method": "task_arithmetic", "base": str(base), "sources": sources} for sources in (pairs, alone)
    ]  # fmt: skip
    made = [merged(document, tmp_path / f"o{at}", threads=at + 1)[0] for at, document in enumerate(documents)]
    for key, wanted in definition(base, [(0.5, one), (-1.0, two)]).items():
        assert torch.equal(made[0][key], made[1][key])
        torch.testing.assert_close(made[0][key].double(), wanted, rtol=1e-6, atol=1e-6)
    mergekit = {
        "merge_method": "task_arithmetic", "base_model": str(base),
        "models": [
            {"model": f"{base}+{one}", "parameters": {"weight": 0.5}},
            {"model": {"model": {"path": str(base)}, "lora": {"path": str(two)}}, "parameters": {"weight": -1.0}},
        ],
    }  # fmt: skip
    parsed = parse(mergekit, local=True).recipe
    assert parsed == parse({"kind": "merge", **documents[0]}, local=True).recipe


def test_a_base_may_have_an_adapter_on_it(base, tmp_path):
    one, two = (adapter_folder(tmp_path / f"a{seed}", seed=seed) for seed in range(2))
    sources = [{"model": str(base), "adapter": str(two), "weight": 1.0}]
    result, plan = merged(
        {
            "method": "task_arithmetic",
            "base": {"model": str(base), "adapter": str(one)},
            "sources": sources,
            "lambda": 2.0,
        },
        tmp_path / "out",
    )
    assert [(item.position, item.model, item.adapter) for item in plan.adapted] == [(0, 0, 2), (1, 1, 3)]
    for key, wanted in definition(base, [(-1.0, one), (2.0, two)]).items():
        torch.testing.assert_close(result[key].double(), wanted, rtol=1e-6, atol=1e-6)


def test_low_precision_is_added_to_in_float32_and_rounded_once(base, tmp_path):
    low = model_folder(
        tmp_path / "low",
        {key: tensor.bfloat16() for key, tensor in Net().state_dict().items()},
        config={"model_type": "net"},
    )
    adapter = adapter_folder(tmp_path / "a", seed=1)
    result, _ = baked(low, adapter, tmp_path / "out")
    for key, wanted in definition(low, [(1.0, adapter)]).items():
        assert torch.equal(result[key], wanted.float().bfloat16())


TIED = {"model_type": "llama", "tie_word_embeddings": True, "vocab_size": 20, "hidden_size": 8}


@pytest.mark.parametrize("keeps", [False, True])
def test_a_tied_head_gets_weights_of_its_own_where_the_adapter_changes_one_of_the_two(keeps, tmp_path):
    table = torch.randn(20, 8, generator=torch.Generator().manual_seed(1))
    base = model_folder(
        tmp_path / "base", {"model.embed_tokens.weight": table, "model.norm.weight": torch.ones(8)}, config=TIED
    )
    a, b = torch.randn(2, 20), torch.randn(8, 2)
    folder = adapter_folder(tmp_path / "a", seed=1, rank=2, alpha=4.0, more={"ensure_weight_tying": keeps})
    key = "base_model.model.model.embed_tokens"
    save_file({f"{key}.lora_embedding_A": a, f"{key}.lora_embedding_B": b}, folder / "adapter_model.safetensors")
    result, plan = baked(base, folder, tmp_path / "out")
    torch.testing.assert_close(result["model.embed_tokens.weight"], table + 2 * (b @ a).T, rtol=1e-5, atol=1e-6)
    assert ("lm_head.weight" in result, plan.config.get("tie_word_embeddings")) == (
        (False, None) if keeps else (True, False)
    )
    if not keeps:
        assert torch.equal(result["lm_head.weight"], table)


def test_a_changed_head_of_a_tied_model_leaves_the_embeddings_alone(tmp_path):
    table = torch.randn(20, 8, generator=torch.Generator().manual_seed(1))
    base = model_folder(tmp_path / "base", {"model.embed_tokens.weight": table}, config=TIED)
    folder = adapter_folder(tmp_path / "a", seed=1, rank=2, alpha=4.0)
    a, b = torch.randn(2, 8), torch.randn(20, 2)
    save_file(
        {"base_model.model.lm_head.lora_A.weight": a, "base_model.model.lm_head.lora_B.weight": b},
        folder / "adapter_model.safetensors",
    )
    result, _ = baked(base, folder, tmp_path / "out")
    assert torch.equal(result["model.embed_tokens.weight"], table)
    torch.testing.assert_close(result["lm_head.weight"], table + 2 * (b @ a), rtol=1e-5, atol=1e-6)


def test_names_inside_a_model_are_found_under_those_that_it_is_stored_by(tmp_path):
    weight = torch.randn(6, 6)
    key = "vit.encoder.layer.0.attention.attention.query.weight"
    base = model_folder(tmp_path / "base", {key: weight}, config={"model_type": "vit"})
    folder = adapter_folder(tmp_path / "a", seed=1, rank=2, alpha=2.0)
    a, b = torch.randn(2, 6), torch.randn(6, 2)
    name = "base_model.model.vit.layers.0.attention.q_proj"
    save_file({f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b}, folder / "adapter_model.safetensors")
    result, _ = baked(base, folder, tmp_path / "out")
    torch.testing.assert_close(result[key], weight + b @ a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"peft_type": "IA3"}, "not_lora"),
        ({"peft_type": "PROMPT_TUNING"}, "not_lora"),
        ({"init_lora_weights": "pissa_niter_4"}, "lora_variant"),
        ({"target_parameters": ["experts.up"]}, "lora_variant"),
        ({"trainable_token_indices": [1]}, "lora_variant"),
        ({"use_dora": True}, "adapter_inconsistent"),
        ({"r": 9}, "adapter_inconsistent"),
        ({"base_model_name_or_path": "demo/other"}, None),
    ],
)
def test_adapters_that_cannot_be_put_on_a_model_are_refused_with_a_way_on(more, code, base, tmp_path):
    adapter = adapter_folder(tmp_path / "a", seed=1, more=more)
    sources = [{"model": str(base), "adapter": str(adapter)}, {"model": str(base)}]
    _, result = checked({"kind": "merge", "method": "linear", "sources": sources})
    errors = [finding for finding in result.findings if finding.severity == "error"]
    assert [finding.code for finding in errors] == ([code] if code else [])
    for finding in errors:
        assert finding.where == "sources[0]"
        assert finding.repair


def test_layers_that_the_model_does_not_have_and_sizes_that_differ_are_refused(tmp_path):
    state = Net().state_dict()
    adapter = adapter_folder(tmp_path / "a", seed=1)
    for at, (key, tensor) in enumerate((("first.weight", None), ("second.weight", torch.zeros(7, 11)))):
        other = {name: value for name, value in state.items() if name != key} | (
            {key: tensor} if tensor is not None else {}
        )
        base = model_folder(tmp_path / f"base{at}", other, config={"model_type": "net"})
        _, result = checked(
            {"kind": "merge", "method": "passthrough", "sources": [{"model": str(base), "adapter": str(adapter)}]}
        )
        (error,) = [finding for finding in result.findings if finding.severity == "error"]
        assert error.code == "adapter_misfit"
        assert key.partition(".")[0] in error.message


@pytest.mark.parametrize(
    ("declared", "is_told"),
    [
        ("demo/net", True), ("/elsewhere/net", True), ("base", False), ("demo/Base", False), ("/elsewhere/base", False), ("", False),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_called_as_the_adapters_base_is_told(declared, is_told, base, tmp_path):
    lora = adapter_folder(tmp_path / "lora", seed=1, more={"base_model_name_or_path": declared})
    (lora / "README.md").unlink()
    pair = {"method": "linear", "sources": [{"model": str(base), "adapter": str(lora)}]}
    alone = {"method": "linear", "base": str(base), "sources": [{"model": str(lora)}]}
    for document in (pair, alone):
        found = [entry for entry in checked({"kind": "merge"} | document)[1].findings if entry.code == "other_base"]
        assert [(entry.severity, entry.where) for entry in found] == [("warning", "sources[0]")] * is_told


def test_a_folder_of_a_cache_is_called_as_its_repo():
    adapter, model = RepoFacts(artifact="adapter", base=("demo/net",)), RepoFacts()
    found = [
        another_base(adapter, "lora", model, f"/cache/models--{name}/snapshots/1f", ("base",))
        for name in ("demo--net", "demo--nets")
    ]
    assert [entry is None for entry in found] == [True, False]


def test_an_adapter_alone_needs_to_know_its_base(tmp_path):
    adapter = adapter_folder(tmp_path / "a", seed=1)
    _, result = checked({"kind": "merge", "method": "passthrough", "sources": [{"model": str(adapter)}]})
    (error,) = [finding for finding in result.findings if finding.severity == "error"]
    assert (error.code, error.repair[0].patch[0]["value"]) == ("missing_base", f"demo/net + {adapter}")


def test_a_head_of_the_adapters_own_says_so_in_the_config(tmp_path):
    state = Net().state_dict()
    base = model_folder(tmp_path / "base", state, config={"model_type": "net", "id2label": {"0": "a"}})
    whole = {"head.weight": torch.randn(3, 7)}
    adapter = adapter_folder(tmp_path / "a", seed=1, modules=("first",), whole=whole)
    (adapter / "config.json").write_text(
        json.dumps({"id2label": {"0": "x", "1": "y", "2": "z"}, "architectures": ["NetHead"]})
    )
    result, plan = baked(base, adapter, tmp_path / "out")
    assert torch.equal(result["head.weight"], whole["head.weight"])
    assert plan.config == {"id2label": {"0": "x", "1": "y", "2": "z"}, "architectures": ["NetHead"]}
