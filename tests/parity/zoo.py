"""Families of tiny random models for both sides: a base and three fine-tunes each, in the layout and with the config of Llama."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

State = dict[str, torch.Tensor]
NAMES = ("base", "a", "b", "c")
# What a fine-tune adds to weights of standard deviation 0.5.
CHANGE = 0.05


def families_write(folder: Path) -> dict[str, dict[str, Path]]:
    """Folder of each model by family and name."""
    made = {
        "float32": _family(folder / "float32", torch.float32, seed=1),
        "bfloat16": _family(folder / "bfloat16", torch.bfloat16, seed=2),
        "float16": _family(folder / "float16", torch.float16, seed=3),
        "small": _family(folder / "small", torch.float32, seed=4, layers=1, width=16, vocabulary=16),
    }
    return made


def config_of(layers: int, width: int, vocabulary: int, dtype: torch.dtype) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": width, "intermediate_size": 3 * width // 2,
        "num_hidden_layers": layers, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": width // 4,
        "vocab_size": vocabulary, "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "torch_dtype": str(dtype).removeprefix("torch."), "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip


def shapes_of(layers: int, width: int, vocabulary: int) -> dict[str, tuple[int, ...]]:
    inner, half = 3 * width // 2, width // 2
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, width)}
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        parts = {
            "self_attn.q_proj": (width, width), "self_attn.k_proj": (half, width), "self_attn.v_proj": (half, width),
            "self_attn.o_proj": (width, width), "mlp.gate_proj": (inner, width), "mlp.up_proj": (inner, width),
            "mlp.down_proj": (width, inner), "input_layernorm": (width,), "post_attention_layernorm": (width,),
        }  # fmt: skip
        shapes |= {f"{prefix}{part}.weight": shape for part, shape in parts.items()}
    return shapes | {"model.norm.weight": (width,), "lm_head.weight": (vocabulary, width)}


def _family(
    folder: Path, dtype: torch.dtype, *, seed: int, layers: int = 4, width: int = 32, vocabulary: int = 64
) -> dict[str, Path]:
    generator = torch.Generator().manual_seed(seed)
    shapes = shapes_of(layers, width, vocabulary)
    base = {name: 0.5 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    config = config_of(layers, width, vocabulary, dtype)
    folders = {}
    for index, name in enumerate(NAMES):
        state = {
            key: (tensor if name == "base" else tensor + CHANGE * index * torch.randn(tensor.shape, generator=generator)).to(dtype)
            for key, tensor in base.items()
        }  # fmt: skip
        folders[name] = model_write(folder / name, state, config)
    return folders


def model_write(folder: Path, state: State, config: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    return folder
