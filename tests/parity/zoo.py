"""Families of tiny random models for both sides: a base and three fine-tunes each, laid out as Llama, one as T5 with its two stacks.

Those of `worded` have tokenizers of their own, each over another vocabulary.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.workers.planning.tokenizers.made import bytes_bpe

State = dict[str, torch.Tensor]
NAMES = ("base", "a", "b", "c")
# What a fine-tune adds to weights of standard deviation 0.5.
CHANGE = 0.05


def families_write(folder: Path) -> dict[str, dict[str, Path]]:
    """Folder of each model by family and name."""
    llama = {
        "float32": (torch.float32, 4, 32, 64), "bfloat16": (torch.bfloat16, 4, 32, 64), "float16": (torch.float16, 4, 32, 64),
        "small": (torch.float32, 1, 16, 16),
    }  # fmt: skip
    made = {
        name: _family(folder / name, shapes_of(*sizes), config_of(*sizes, dtype), dtype, seed=seed)
        for seed, (name, (dtype, *sizes)) in enumerate(llama.items(), 1)
    }
    made["worded"] = _worded(folder / "worded")
    return made | {"t5": _family(folder / "t5", t5_shapes(3, 16, 32), t5_config(3, 16, 32), torch.float32, seed=9)}


def _worded(folder: Path) -> dict[str, Path]:
    texts = (
        "the cat sat on the mat",
        "def main(argument): return argument",
        "le chat est sur la table",
        "die Katze sitzt am Tisch",
    )
    folders = {}
    for seed, (name, text) in enumerate(zip(NAMES, texts, strict=True), 20):
        special = ("<s>", "</s>", "<|im_start|>") if name == "a" else ("<s>", "</s>")
        library = bytes_bpe(text, 280 + seed, special)
        sizes = (1, 16, library.get_vocab_size())
        generator = torch.Generator().manual_seed(seed)
        state = {key: 0.5 * torch.randn(shape, generator=generator) for key, shape in shapes_of(*sizes).items()}
        folders[name] = model_write(
            folder / name, state, config_of(*sizes, torch.float32) | {"bos_token_id": 0, "eos_token_id": 1}
        )
        library.save(str(folders[name] / "tokenizer.json"))
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
        (folders[name] / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folders


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


def t5_config(layers: int, width: int, vocabulary: int) -> dict[str, Any]:
    return {
        "architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "d_model": width, "d_kv": width // 4, "d_ff": 2 * width,
        "num_layers": layers, "num_decoder_layers": layers, "num_heads": 4, "vocab_size": vocabulary, "tie_word_embeddings": False,
        "feed_forward_proj": "gated-gelu", "is_encoder_decoder": True, "decoder_start_token_id": 0, "pad_token_id": 0,
        "eos_token_id": 1, "torch_dtype": "float32",
    }  # fmt: skip


def t5_shapes(layers: int, width: int, vocabulary: int) -> dict[str, tuple[int, ...]]:
    square, norm = (width, width), (width,)
    shapes: dict[str, tuple[int, ...]] = {"shared.weight": (vocabulary, width), "lm_head.weight": (vocabulary, width)}
    for stack in ("encoder", "decoder"):
        parts = ["SelfAttention"] + ["EncDecAttention"] * (stack == "decoder")
        for layer in range(layers):
            block = f"{stack}.block.{layer}.layer"
            for place, part in enumerate(parts):
                shapes |= {f"{block}.{place}.{part}.{one}.weight": square for one in "qkvo"}
                shapes[f"{block}.{place}.layer_norm.weight"] = norm
            dense = f"{block}.{len(parts)}"
            shapes |= {f"{dense}.DenseReluDense.{one}.weight": (2 * width, width) for one in ("wi_0", "wi_1")}
            shapes |= {f"{dense}.DenseReluDense.wo.weight": (width, 2 * width), f"{dense}.layer_norm.weight": norm}
        shapes[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (32, 4)
        shapes[f"{stack}.final_layer_norm.weight"] = norm
    return shapes


def _family(
    folder: Path, shapes: dict[str, tuple[int, ...]], config: dict[str, Any], dtype: torch.dtype, *, seed: int
) -> dict[str, Path]:
    generator = torch.Generator().manual_seed(seed)
    base = {name: 0.5 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
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
