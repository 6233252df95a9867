"""LoRA adapters by hand, the little network that they fit, and their changes as dense float64 matrices."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

BASE = "demo/net"
# (in, out) of linear layers; of the convolution (in, out, kernel); of the embedding (tokens, width).
LINEAR, CONV, EMBEDDING = {"first": (12, 10), "second": (10, 7)}, {"conv": (3, 6, 3)}, {"words": (20, 8)}


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.words = torch.nn.Embedding(20, 8)
        self.first, self.second = torch.nn.Linear(12, 10), torch.nn.Linear(10, 7)
        self.conv = torch.nn.Conv2d(3, 6, 3)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(values))


def adapter_folder(
    folder: Path, *, seed: int, rank: int = 4, alpha: float = 6.0, modules: tuple[str, ...] = ("first", "second", "conv", "words"),
    ranks: dict[str, int] | None = None, alphas: dict[str, float] | None = None, dtype: torch.dtype = torch.float32,
    whole: dict[str, torch.Tensor] | None = None, more: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, torch.Tensor] = {}

    def draw(*shape: int) -> torch.Tensor:
        return (torch.randn(shape, generator=generator) * 0.3).to(dtype)

    for name in modules:
        own = (ranks or {}).get(name, rank)
        key = f"base_model.model.{name}"
        if name in LINEAR:
            into, out = LINEAR[name]
            state |= {f"{key}.lora_A.weight": draw(own, into), f"{key}.lora_B.weight": draw(out, own)}
        elif name in CONV:
            into, out, kernel = CONV[name]
            state |= {
                f"{key}.lora_A.weight": draw(own, into, kernel, kernel),
                f"{key}.lora_B.weight": draw(out, own, 1, 1),
            }
        else:
            tokens, width = EMBEDDING[name]
            state |= {f"{key}.lora_embedding_A": draw(own, tokens), f"{key}.lora_embedding_B": draw(width, own)}
    state |= {f"base_model.model.{key}": tensor for key, tensor in (whole or {}).items()}
    config = {
        "peft_type": "LORA", "base_model_name_or_path": BASE, "r": rank, "lora_alpha": alpha, "target_modules": sorted(modules),
        "rank_pattern": ranks or {}, "alpha_pattern": alphas or {}, "use_rslora": False, "use_dora": False, "bias": "none",
        "modules_to_save": sorted({key.rpartition(".")[0] for key in whole or {}}) or None, "inference_mode": True,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "adapter_model.safetensors", {"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(config | (more or {})))
    (folder / "README.md").write_text(f"---\nlicense: apache-2.0\nbase_model: {BASE}\n---\n")
    return folder


def factors(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """(A, B, scaling) of every module, kernels flattened, float64; read with nothing of Genepool."""
    config = json.loads((folder / "adapter_config.json").read_text())
    state = load_file(folder / "adapter_model.safetensors")
    found = {}
    for key, a in state.items():
        match = re.fullmatch(r"base_model\.model\.(.+)\.lora_(embedding_)?A(\.weight)?", key)
        if match is None:
            continue
        name = match[1]
        b = state[key.replace("A", "B") if match[2] else key.replace("lora_A", "lora_B")]
        alpha = config["alpha_pattern"].get(name, config["lora_alpha"])
        rank = a.shape[0]
        assert config["rank_pattern"].get(name, config["r"]) == rank
        scaling = alpha / (rank**0.5 if config["use_rslora"] else rank)
        found[name] = a.double().flatten(1).numpy(), b.double().flatten(1).numpy(), scaling
    return found


def changes(folder: Path) -> dict[str, np.ndarray]:
    """s·B·A of every module."""
    return {name: scaling * b @ a for name, (a, b, scaling) in factors(folder).items()}
