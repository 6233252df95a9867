"""TABLE OF COMBINATIONS of LoRA adapters, the adapters they are made of, and what each should be by definition, in float64.

Where peft's own result is not what it says of itself, the row says so in `defect`: ours is then held against the definition,
and peft against it too, so that the row goes when peft is mended.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

MODULES = {
    "model.layers.0.self_attn.q_proj": (24, 16),
    "model.layers.0.mlp.up_proj": (40, 16),
    "model.layers.1.mlp.up_proj": (40, 16),
}


@dataclass(frozen=True)
class Combination:
    """`sources` names adapters of `KINDS`. `options` are peft's; ours have the same names, `svd_rank` 0 meaning the largest."""

    name: str
    type: str
    sources: tuple[str, ...]
    weights: tuple[float, ...]
    options: dict[str, Any] = field(default_factory=dict)
    seeds: int = 1
    defect: str = ""

    @property
    def is_random(self) -> bool:
        return "dare" in self.type

    @property
    def is_by_factors(self) -> bool:
        """Whether entries of the factors, and not of their product, are drawn: only those are independent of each other."""
        return self.is_random and not self.type.endswith("_svd")


@dataclass(frozen=True)
class Kind:
    rank: int
    alpha: int
    seed: int
    is_rs: bool = False


KINDS = {
    "a": Kind(4, 8, 1), "b": Kind(4, 4, 2), "c": Kind(4, 16, 3), "wide": Kind(6, 6, 4), "rs": Kind(4, 8, 5, True),
    "rs2": Kind(4, 4, 6, True),
}  # fmt: skip
OVER_SCALED = "the result of rank-stabilised sources keeps their flag, and is scaled by the root of its rank once more"
ALONE = "one source alone is only scaled, whatever operation was asked for"
HALF = {"density": 0.5}


def _all(type: str, **options: Any) -> tuple[Combination, ...]:
    return (
        Combination("two", type, ("a", "b"), (1.0, 0.5), options),
        Combination("three, one subtracted", type, ("a", "b", "c"), (0.7, -0.4, 1.2), options),
        Combination("one", type, ("a",), (0.8,), options, defect=ALONE if options else ""),
    )


def _lots(type: str) -> tuple[Combination, ...]:
    return (Combination("two, many draws", type, ("a", "b"), (1.0, 0.5), HALF, seeds=40),)


COMBINATIONS: tuple[Combination, ...] = (
    *_all("cat"), Combination("unequal ranks", "cat", ("a", "wide"), (1.0, 0.5)),
    Combination("rank-stabilised", "cat", ("rs", "rs2"), (1.0, 0.5), defect=OVER_SCALED),
    *_all("svd"), Combination("unequal ranks", "svd", ("a", "wide"), (1.0, 0.5)),
    Combination("of rank 3", "svd", ("a", "b"), (1.0, 0.5), {"svd_rank": 3}),
    Combination("rank-stabilised", "svd", ("rs", "rs2"), (1.0, 0.5), defect=OVER_SCALED),
    *_all("linear"), Combination("rank-stabilised", "linear", ("rs", "rs2"), (1.0, 0.5), defect=OVER_SCALED),
    *_all("ties", **HALF), Combination("vote by heads", "ties", ("a", "b", "c"), (1.0, 1.0, 1.0), HALF | {"majority_sign_method": "frequency"}),
    *_all("magnitude_prune", density=0.3),
    *_all("ties_svd", **HALF), Combination("of full rank", "ties_svd", ("a", "b", "c"), (1.0, 0.5, 0.5), {"density": 0.4, "svd_rank": 16}),
    *_all("magnitude_prune_svd", density=0.3),
    *_lots("dare_linear"), *_lots("dare_ties"), *_lots("dare_linear_svd"), *_lots("dare_ties_svd"),
)  # fmt: skip


def adapters_write(folder: Path) -> dict[str, Path]:
    folders = {}
    for name, kind in KINDS.items():
        generator = torch.Generator().manual_seed(kind.seed)
        state = {}
        for module, (out, into) in MODULES.items():
            prefix = f"base_model.model.{module}"
            state[f"{prefix}.lora_A.weight"] = torch.randn(kind.rank, into, generator=generator)
            state[f"{prefix}.lora_B.weight"] = torch.randn(out, kind.rank, generator=generator)
        path = folder / name
        path.mkdir(parents=True)
        save_file(state, path / "adapter_model.safetensors", metadata={"format": "pt"})
        config = {
            "peft_type": "LORA", "base_model_name_or_path": "demo/base", "task_type": None, "r": kind.rank, "lora_alpha": kind.alpha,
            "target_modules": ["q_proj", "up_proj"], "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": False,
            "inference_mode": True, "use_rslora": kind.is_rs,
        }  # fmt: skip
        (path / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
        folders[name] = path
    return folders


def changes_of(folder: Path) -> dict[str, torch.Tensor]:
    """What an adapter adds to each weight: s·B·A in float64, s by its config."""
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    factors = load_file(folder / "adapter_model.safetensors")
    changes = {}
    for name, down in factors.items():
        if ".lora_A." not in name:
            continue
        up = factors[name.replace(".lora_A.", ".lora_B.")].double()
        module = name.removeprefix("base_model.model.").partition(".lora_A.")[0]
        rank = config.get("rank_pattern", {}).get(module, config["r"])
        alpha = config.get("alpha_pattern", {}).get(module, config["lora_alpha"])
        scaling = alpha / rank**0.5 if config.get("use_rslora") else alpha / rank
        changes[module] = scaling * (up @ down.double())
    return changes


def factors_of(folder: Path) -> dict[str, torch.Tensor]:
    """A and B of each module, by its name."""
    factors = load_file(folder / "adapter_model.safetensors")
    return {name.removeprefix("base_model.model.").removesuffix(".weight"): tensor for name, tensor in factors.items()}


def defined(combination: Combination, folders: dict[str, Path]) -> dict[str, torch.Tensor]:
    """The result by the definition of its type, for the types that are not drawn by lot."""
    made = {}
    sources = [load_file(folders[name] / "adapter_model.safetensors") for name in combination.sources]
    scalings = [_scaling(KINDS[name]) for name in combination.sources]
    for module in MODULES:
        downs, ups = (
            [source[f"base_model.model.{module}.lora_{side}.weight"].double() for source in sources] for side in "AB"
        )
        made[module] = _defined(combination, downs, ups, scalings)
    return made


def _scaling(kind: Kind) -> float:
    return kind.alpha / kind.rank**0.5 if kind.is_rs else kind.alpha / kind.rank


def _defined(
    combination: Combination, downs: list[torch.Tensor], ups: list[torch.Tensor], scalings: list[float]
) -> torch.Tensor:  # fmt: skip
    type, weights = combination.type, list(combination.weights)
    operation = type.removesuffix("_svd")
    if type in {"cat", "svd"} or type.endswith("_svd"):
        changes = [scaling * up @ down for scaling, up, down in zip(scalings, ups, downs, strict=True)]
        dense = _operated("linear" if operation in {"cat", "svd"} else operation, changes, weights, combination.options)
        if type == "cat":
            return dense
        rank = combination.options.get("svd_rank") or max(down.shape[0] for down in downs)
        left, values, right = torch.linalg.svd(dense, full_matrices=False)
        return (left[:, :rank] * values[:rank]) @ right[:rank]
    products = [weight * scaling for weight, scaling in zip(weights, scalings, strict=True)]
    roots = [abs(product) ** 0.5 for product in products]
    signed = [root if product >= 0 else -root for root, product in zip(roots, products, strict=True)]
    return _operated(operation, ups, roots, combination.options) @ _operated(
        operation, downs, signed, combination.options
    )


def _operated(operation: str, tensors: Sequence[torch.Tensor], weights: Sequence[float], options: dict[str, Any]) -> torch.Tensor:  # fmt: skip
    if operation != "linear":
        tensors = [_pruned(tensor, options["density"]) for tensor in tensors]
    if operation == "ties":
        stacked = torch.stack(list(tensors))
        votes = stacked.sign() if options.get("majority_sign_method") == "frequency" else stacked
        sign = torch.where(votes.sum(0) >= 0, 1.0, -1.0)
        agree = stacked.sign() == sign
        weighted = stacked * torch.tensor(weights, dtype=torch.float64).view(-1, *[1] * (stacked.dim() - 1))
        return (weighted * agree).sum(0) / agree.sum(0).clamp(min=1)
    return torch.stack([weight * tensor for weight, tensor in zip(weights, tensors, strict=True)]).sum(0)


def _pruned(tensor: torch.Tensor, density: float) -> torch.Tensor:
    keep = int(density * tensor.numel())
    kept = torch.zeros_like(tensor).flatten()
    places = tensor.flatten().abs().topk(keep).indices
    kept[places] = tensor.flatten()[places]
    return kept.view_as(tensor)
