"""The files of the adapters of `adapter_kinds` and of the model that they change, written and read back with nothing of Genepool."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.parity.adapter_kinds import KINDS, LAYERS, TIED, Kind, fitting
from tests.parity.zoo import model_write

PREFIX = "base_model.model."
Tensors = dict[str, torch.Tensor]


def base_write(folder: Path, change: Callable[[Tensors], Tensors] = dict) -> Path:
    """The model of all layers, which the adapters change; `change` is what becomes of its weights first."""
    generator = torch.Generator().manual_seed(0)
    state: Tensors = {}
    for name, layer in LAYERS.items():
        a, b = layer.shapes(1)
        shape = (layer.into, layer.out) if layer.kind in {"Embedding", "Conv1D"} else (b[0], *a[1:])
        state[f"{name}.weight"] = 0.5 * torch.randn(shape, generator=generator)
        if layer.kind != "Embedding":
            state[f"{name}.bias"] = 0.1 * torch.randn(layer.out, generator=generator)
    return model_write(folder, change(state), {"model_type": "gpt2"})


def tied_write(folder: Path) -> Path:
    table = TIED["model.embed_tokens"]
    state = {
        "model.embed_tokens.weight": torch.randn(table.into, table.out, generator=torch.Generator().manual_seed(0))
    }
    config = {"model_type": "llama", "tie_word_embeddings": True, "vocab_size": table.into, "hidden_size": table.out}
    return model_write(folder, state, config)


def adapters_write(folder: Path) -> dict[str, Path]:
    """Folder of each by its name, and of the model that they change as `base`."""
    base = base_write(folder / "base")
    state = load_file(base / "model.safetensors")
    return {name: _write(folder / name.replace(", ", "-"), kind, state) for name, kind in KINDS.items()} | {
        "base": base
    }


def _write(path: Path, kind: Kind, base: Tensors) -> Path:
    generator = torch.Generator().manual_seed(kind.seed)
    state: Tensors = {}
    for module in kind.layers:
        layer = LAYERS[module]
        for ending, shape in zip(layer.endings, layer.shapes(kind.rank_of(module)), strict=True):
            state[f"{PREFIX}{module}.{ending}"] = torch.randn(shape, generator=generator).to(kind.dtype)
        if kind.more.get("use_dora"):
            lengths = torch.rand(layer.out, generator=generator) + 0.5
            state[f"{PREFIX}{module}.lora_magnitude_vector"] = lengths
        if kind.more.get("lora_bias"):
            state[f"{PREFIX}{module}.lora_B.bias"] = torch.randn(layer.out, generator=generator)
        if module == "embed_tokens":
            state[f"{PREFIX}{module}.base_layer.weight"] = base[f"{module}.weight"]
    if kind.whole:
        head = LAYERS["head"]
        state[f"{PREFIX}head.weight"] = torch.randn(head.out, head.into, generator=generator)
        state[f"{PREFIX}head.bias"] = torch.randn(head.out, generator=generator)
    path.mkdir(parents=True)
    save_file(state, path / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA", "base_model_name_or_path": "demo/base", "task_type": None, "r": kind.rank, "lora_alpha": kind.alpha,
        "target_modules": sorted({module.rpartition(".")[2] for module in kind.layers}), "lora_dropout": 0.0, "bias": "none",
        "fan_in_fan_out": False, "inference_mode": True, "use_rslora": kind.is_rs,
        "modules_to_save": ["head"] if kind.whole else None, **kind.more,
    }  # fmt: skip
    (path / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Pair:
    """The factors of one module in float64, kernels flattened: A `[r, in]`, B `[out, r]`, and what scales their product."""

    a: torch.Tensor
    b: torch.Tensor
    scaling: float


def pairs_of(folder: Path) -> dict[str, Pair]:
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    factors = load_file(folder / "adapter_model.safetensors")
    found = {}
    for name, a in factors.items():
        match = re.fullmatch(re.escape(PREFIX) + r"(.+)\.lora_(embedding_A|A\.weight)", name)
        if match is None:
            continue
        b = factors[f"{PREFIX}{match[1]}.lora_{match[2].replace('A', 'B', 1)}"]
        rank = fitting(config.get("rank_pattern") or {}, match[1], config["r"])
        if a.shape[0] != rank:
            raise ValueError(f"{name} has rank {a.shape[0]}, its configuration says {rank}")
        alpha = fitting(config.get("alpha_pattern") or {}, match[1], config["lora_alpha"])
        scaling = alpha / rank**0.5 if config.get("use_rslora") else alpha / rank
        found[match[1]] = Pair(a.double().flatten(1), b.double().flatten(1), scaling)
    return found


def whole_of(folder: Path) -> Tensors:
    """What an adapter brings whole, by its name in the model; not what is the base's."""
    factors = load_file(folder / "adapter_model.safetensors")
    return {
        name.removeprefix(PREFIX): tensor
        for name, tensor in factors.items()
        if "lora_" not in name and ".base_layer." not in name
    }


def changes_of(folder: Path) -> Tensors:
    """What an adapter adds to each weight, s·B·A in float64 `[out, in]`, and what it brings whole."""
    changes = {f"{name}.weight": pair.scaling * (pair.b @ pair.a) for name, pair in pairs_of(folder).items()}
    return changes | whole_of(folder)


def factors_of(folder: Path) -> Tensors:
    """A and B of each module, by its name."""
    return {
        f"{name}.{side}": tensor
        for name, pair in pairs_of(folder).items()
        for side, tensor in (("A", pair.a), ("B", pair.b))
    }
