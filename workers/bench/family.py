"""A family to measure on: a base and fine-tunes of it, language models in shape, random in content."""

import json
from pathlib import Path

import torch

from workers.engine.io.writer import ShardWriter, Slot

SOURCES = 3
DTYPE = torch.bfloat16


def family_make(root: Path, *, layers: int, width: int, vocabulary: int) -> list[Path]:
    """Writes `base` and three fine-tunes; gives their folders, the base first."""
    folders = [root / "base", *(root / f"tuned-{index}" for index in range(SOURCES))]
    for index, folder in enumerate(folders):
        _model(folder, index, _shapes(layers, width, vocabulary), _config(layers, width, vocabulary))
    return folders


def family_sized(bytes_each: float) -> dict[str, int]:
    """Layers, width and vocabulary of models of about so many bytes: wider first, then deeper, as families of language models are."""
    width = 2048 if bytes_each >= 700e6 else 1024 if bytes_each >= 50e6 else 256
    vocabulary = 8 * width
    parameters = bytes_each / DTYPE.itemsize - 2 * vocabulary * width
    return {"layers": max(1, round(parameters / (13 * width**2))), "width": width, "vocabulary": vocabulary}


def _shapes(layers: int, width: int, vocabulary: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (vocabulary, width),
        "lm_head.weight": (vocabulary, width),
    }
    for layer in range(layers):
        at = f"model.layers.{layer}."
        shapes |= {f"{at}self_attn.{part}_proj.weight": (width, width) for part in "qkvo"}
        shapes |= {f"{at}mlp.{part}_proj.weight": (3 * width, width) for part in ("gate", "up")}
        shapes[f"{at}mlp.down_proj.weight"] = (width, 3 * width)
        shapes |= {f"{at}{part}.weight": (width,) for part in ("input_layernorm", "post_attention_layernorm")}
    return shapes | {"model.norm.weight": (width,)}


def _model(folder: Path, index: int, shapes: dict[str, tuple[int, ...]], config: dict[str, object]) -> None:
    folder.mkdir(parents=True)
    slots = [Slot(name, "BF16", shape) for name, shape in shapes.items()]
    with ShardWriter(folder / "model.safetensors", slots) as writer:
        for place, (name, shape) in enumerate(shapes.items()):
            tensor = 0.02 * torch.randn(shape, generator=torch.Generator().manual_seed(place))
            if index:
                noise = torch.Generator().manual_seed(1_000_000 * index + place)
                tensor += 1e-3 * torch.randn(shape, generator=noise)
            writer.write(name, tensor.to(DTYPE))
        writer.finish()
    (folder / "config.json").write_text(json.dumps(config))


def _config(layers: int, width: int, vocabulary: int) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "hidden_size": width,
        "num_hidden_layers": layers, "num_attention_heads": 8, "num_key_value_heads": 8, "head_dim": width // 8,
        "intermediate_size": 3 * width, "vocab_size": vocabulary, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
        "hidden_act": "silu", "tie_word_embeddings": False,
    }  # fmt: skip
