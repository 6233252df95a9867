"""The demo zoo as data: which models are trained on which digits, how, and how their merge was chosen. Imports no torch.

Every seed trains the base anew and its three fine-tunes from it. The fine-tunes see their own domain and clean digits, at a
small step: they learn their domain and stay near enough to the base, and so to each other, to be merged.
"""

from dataclasses import dataclass, field
from typing import Any

from workers.contracts.methods import method_get

REVISION = 1  # raised when the zoo's numbers change: trained folders of the old revision are then not taken
NAMESPACE = "demo"
DOMAINS = ("clean", "rotated", "shifted", "noisy")
TUNED = ("rotated", "shifted", "noisy")
SEEDS = (0, 1, 2)
LABELS = {str(digit): str(digit) for digit in range(10)}


def data_name(domain: str) -> str:
    return f"digits-{domain}"


def branches_of(seed: int) -> tuple[str, ...]:
    """The branches that hold a seed's model: `main` is the first seed's."""
    return ("main", "seed-0") if seed == 0 else (f"seed-{seed}",)


@dataclass(frozen=True)
class Entry:
    """One model to make. `parent` is the name of the entry that it starts from, of the same seed. `size` is for the progress bar."""

    name: str
    seed: int
    recipe: dict[str, Any]
    parent: str = ""
    relation: str = ""
    licence: str = "Apache-2.0"
    size: float = 1.0
    tags: tuple[str, ...] = field(default=())

    @property
    def key(self) -> str:
        return f"{self.name}@{self.seed}"

    @property
    def parent_key(self) -> str:
        return f"{self.parent}@{self.seed}" if self.parent else ""


def _architecture(hidden: int, layers: int, width: int) -> dict[str, Any]:
    return {
        "model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": 4, "intermediate_size": width, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "id2label": LABELS,
    }  # fmt: skip


def _data(*domains: str) -> list[dict[str, str]]:
    return [{"data": f"{NAMESPACE}/{data_name(domain)}", "split": "train"} for domain in domains]


def _scratch(name: str, seed: int, architecture: dict[str, Any], size: float, epochs: int) -> Entry:
    recipe = {
        "kind": "train", "architecture": architecture, "data": _data("clean"), "epochs": epochs, "batch_size": 64, "learning_rate": 1e-3,
        "weight_decay": 0.05, "warmup_ratio": 0.1, "seed": seed, "output": {"repo": f"{NAMESPACE}/{name}", "visibility": "public"},
    }  # fmt: skip
    return Entry(name, seed, recipe, size=size)


def _tuned(domain: str, seed: int) -> Entry:
    name = f"digits-vit-{domain}"
    recipe = {
        "kind": "train", "model": f"{NAMESPACE}/digits-vit-base", "data": _data(domain, "clean"), "epochs": 10, "batch_size": 64,
        "learning_rate": 3e-4, "weight_decay": 0.05, "warmup_ratio": 0.1, "seed": 10 * seed + DOMAINS.index(domain),
        "output": {"repo": f"{NAMESPACE}/{name}", "visibility": "public"},
    }  # fmt: skip
    return Entry(name, seed, recipe, parent="digits-vit-base", relation="finetune_of", size=4.8, tags=(domain,))


def _adapter(domain: str) -> Entry:
    name = f"digits-lora-{domain}"
    recipe = {
        "kind": "train", "model": f"{NAMESPACE}/digits-vit-base", "data": _data(domain, "clean"), "epochs": 10, "batch_size": 64,
        "learning_rate": 5e-3, "weight_decay": 0.0, "warmup_ratio": 0.1, "seed": DOMAINS.index(domain),
        "lora": {"rank": 8, "alpha": 16.0}, "output": {"repo": f"{NAMESPACE}/{name}", "visibility": "public"},
    }  # fmt: skip
    return Entry(
        name, 0, recipe, parent="digits-vit-base", relation="adapter_of", licence="CC-BY-4.0", size=6.5, tags=(domain,)
    )


BASE = _architecture(64, 4, 128)
ENTRIES: tuple[Entry, ...] = (
    *(_scratch("digits-vit-base", seed, BASE, 13.0, 60) for seed in SEEDS),
    *(_tuned(domain, seed) for seed in SEEDS for domain in TUNED),
    _scratch("digits-vit-large", 0, _architecture(96, 6, 256), 15.0, 30),
    _scratch("digits-vit-small", 0, _architecture(32, 3, 64), 5.5, 40),
    *(_adapter(domain) for domain in TUNED),
)
TASK_VECTOR = "digits-tv-rotated"
TASK_VECTOR_OF = "digits-vit-rotated"

MERGED = "digits-merged"
# What the sweep on the validation split tries. The test split has no part in the choice.
CANDIDATES: tuple[dict[str, Any], ...] = (
    {"method": "linear", "weight": 1.0},
    *({"method": "task_arithmetic", "weight": weight} for weight in (0.3, 0.4, 0.5)),
    *(
        {"method": "ties", "weight": 1.0, "density": density, "lambda": scale}
        for density in (0.2, 0.3, 0.5)
        for scale in (0.8, 1.0, 1.2)
    ),
    *({"method": "dare_ties", "weight": weight, "density": 0.5} for weight in (0.4, 0.6)),
)
# The best of them on three seeds; the sweep is made anew with each zoo and its table stands on the merge's card.
CHOSEN: dict[str, Any] = {"method": "ties", "weight": 1.0, "density": 0.5, "lambda": 1.0}


def merge_recipe(settings: dict[str, Any], seed: int, output: dict[str, Any] | None = None) -> dict[str, Any]:
    """The merge of one seed's three fine-tunes, with the base where the method wants one."""
    branch = branches_of(seed)[-1]
    per_source = {name: settings[name] for name in ("weight", "density") if name in settings}
    recipe: dict[str, Any] = {"kind": "merge", "method": settings["method"]}
    row = method_get("merge", settings["method"])
    if row is not None and row.needs_base:
        recipe["base"] = f"{NAMESPACE}/digits-vit-base@{branch}"
    recipe["sources"] = [{"model": f"{NAMESPACE}/digits-vit-{domain}@{branch}", **per_source} for domain in TUNED]
    recipe |= {name: value for name, value in settings.items() if name not in ("method", "weight", "density")}
    return recipe | {"dtype": "float32", "seed": seed} | ({"output": output} if output else {})


def entry_get(key: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.key == key)
