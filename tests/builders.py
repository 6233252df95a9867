"""Tiny models: state dicts in memory, and whole folders with config.json that transformers can load. No download, no training."""

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

State = dict[str, torch.Tensor]

README = "---\nlicense: apache-2.0\nlibrary_name: transformers\npipeline_tag: image-classification\n---\n# Tiny\n\nA model made for a test.\n"


def mlp_state(*, seed: int = 0, sizes: tuple[int, ...] = (8, 16, 4), dtype: torch.dtype = torch.float32) -> State:
    """Weights `[out, in]` and biases `[out]` of a stack of linear layers, drawn from a seeded normal."""
    generator = torch.Generator().manual_seed(seed)
    state: State = {}
    for index, (width_in, width_out) in enumerate(itertools.pairwise(sizes)):
        state[f"layers.{index}.weight"] = torch.randn(width_out, width_in, generator=generator).to(dtype)
        state[f"layers.{index}.bias"] = torch.randn(width_out, generator=generator).to(dtype)
    return state


def finetuned(state: State, *, seed: int, scale: float = 0.1) -> State:
    """`state` with seeded noise of that scale on every floating tensor; integer tensors stay as they are."""
    generator = torch.Generator().manual_seed(1000 + seed)
    return {
        name: (tensor.float() + scale * torch.randn(tensor.shape, generator=generator)).to(tensor.dtype)
        if tensor.is_floating_point() else tensor.clone()
        for name, tensor in state.items()
    }  # fmt: skip


def model_folder(
    folder: Path, state: Mapping[str, torch.Tensor], *, config: Mapping[str, Any] | None = None, shards: int = 1,
    readme: str | None = None,
) -> Path:  # fmt: skip
    """Writes `state` as safetensors (one file, or `shards` files with an index), with config.json and README.md where given."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(state)
    if shards == 1:
        save_file(dict(state), folder / "model.safetensors", metadata={"format": "pt"})
    else:
        weight_map = {}
        for index in range(shards):
            file = f"model-{index + 1:05d}-of-{shards:05d}.safetensors"
            part = names[index::shards]
            save_file({name: state[name] for name in part}, folder / file, metadata={"format": "pt"})
            weight_map |= dict.fromkeys(part, file)
        total = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
        index_json = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index_json, indent=2))
    if config is not None:
        (folder / "config.json").write_text(json.dumps(dict(config), indent=2))
    if readme is not None:
        (folder / "README.md").write_text(readme)
    return folder


def vit_config(*, hidden: int = 16, layers: int = 2, labels: int = 10, dtype: str = "float32") -> dict[str, Any]:
    """config.json of a ViT classifier over 8×8 grey pictures in 4×4 patches."""
    return {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "dtype": dtype,
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": 2, "intermediate_size": 2 * hidden,
        "image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "qkv_bias": True,
        "id2label": {str(index): str(index) for index in range(labels)},
        "label2id": {str(index): index for index in range(labels)},
    }  # fmt: skip


def vit_state(
    *, seed: int = 0, hidden: int = 16, layers: int = 2, labels: int = 10, dtype: torch.dtype = torch.float32
) -> State:
    """The tensors of `vit_config`, in the names that transformers saves."""
    shapes: dict[str, tuple[int, ...]] = {
        "vit.embeddings.cls_token": (1, 1, hidden),
        "vit.embeddings.position_embeddings": (1, 5, hidden),
        "vit.embeddings.patch_embeddings.projection.weight": (hidden, 1, 4, 4),
        "vit.embeddings.patch_embeddings.projection.bias": (hidden,),
        "vit.layernorm.weight": (hidden,), "vit.layernorm.bias": (hidden,),
        "classifier.weight": (labels, hidden), "classifier.bias": (labels,),
    }  # fmt: skip
    for layer in range(layers):
        at = f"vit.encoder.layer.{layer}."
        linear = {f"attention.attention.{part}": (hidden, hidden) for part in ("query", "key", "value")}
        linear["attention.output.dense"] = (hidden, hidden)
        linear["intermediate.dense"], linear["output.dense"] = (2 * hidden, hidden), (hidden, 2 * hidden)
        for part, shape in linear.items():
            shapes[f"{at}{part}.weight"], shapes[f"{at}{part}.bias"] = shape, shape[:1]
        for part in ("layernorm_before", "layernorm_after"):
            shapes[f"{at}{part}.weight"] = shapes[f"{at}{part}.bias"] = (hidden,)
    return _drawn(shapes, seed, dtype)


def vit_folder(folder: Path, *, seed: int = 0, finetune: int | None = None, shards: int = 1, **sizes: int) -> Path:
    """A whole tiny ViT. `finetune=k` gives the k-th fine-tune of the base with that seed."""
    state = vit_state(seed=seed, **sizes)
    state = state if finetune is None else finetuned(state, seed=finetune)
    return model_folder(folder, state, config=vit_config(**sizes), shards=shards, readme=README)


def vit_family(root: Path, *, count: int = 3, **sizes: int) -> Iterator[Path]:
    """The base first, then `count` fine-tunes of it: `root/base`, `root/tuned-0` …"""
    yield vit_folder(root / "base", **sizes)
    for index in range(count):
        yield vit_folder(root / f"tuned-{index}", finetune=index, **sizes)


def _drawn(shapes: Mapping[str, tuple[int, ...]], seed: int, dtype: torch.dtype) -> State:
    generator = torch.Generator().manual_seed(seed)
    return {name: (0.1 * torch.randn(shapes[name], generator=generator)).to(dtype) for name in sorted(shapes)}
