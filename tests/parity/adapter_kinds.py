"""TABLE OF ADAPTERS that are combined, and of the layers that they change. `adapter_files` writes and reads them."""

import re
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class Layer:
    """`kind` is the class of torch's, or `Conv1D`: transformers' linear layer, whose weight is stored `[in, out]`."""

    kind: str
    out: int
    into: int
    kernel: int = 1

    @property
    def endings(self) -> tuple[str, str]:
        return (
            ("lora_embedding_A", "lora_embedding_B") if self.kind == "Embedding" else ("lora_A.weight", "lora_B.weight")
        )

    def shapes(self, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of A and B."""
        dimensions = {"Conv1d": 1, "Conv2d": 2}.get(self.kind, 0)
        return (rank, self.into, *[self.kernel] * dimensions), (self.out, rank, *[1] * dimensions)


_PROJECTIONS = {
    "model.layers.0.self_attn.q_proj": Layer("Linear", 24, 16),
    "model.layers.0.mlp.up_proj": Layer("Linear", 40, 16),
    "model.layers.1.mlp.up_proj": Layer("Linear", 40, 16),
}
_OTHERS = {
    "words": Layer("Embedding", 12, 30), "turned": Layer("Conv1D", 9, 14), "picture": Layer("Conv2d", 8, 3, 3),
    "point": Layer("Conv2d", 10, 8),
}  # fmt: skip
_LINE = {"line": Layer("Conv1d", 7, 4, 3)}
_TABLE = {"embed_tokens": Layer("Embedding", 6, 20)}
LAYERS = {
    **_PROJECTIONS, **_OTHERS, **_LINE, **_TABLE, "c_proj": Layer("Conv1D", 9, 9), "head": Layer("Linear", 5, 16),
}  # fmt: skip
# A model whose head is its embeddings.
TIED = {"model.embed_tokens": Layer("Embedding", 12, 30), "lm_head": Layer("Linear", 30, 12)}


@dataclass(frozen=True)
class Kind:
    """`more` goes into adapter_config.json. `whole`: brings the head whole.

    Beside factors for `embed_tokens` lie the base's own embeddings, as peft stores them.
    """

    rank: int
    alpha: int
    seed: int
    is_rs: bool = False
    layers: tuple[str, ...] = tuple(_PROJECTIONS)
    more: dict[str, Any] = field(default_factory=dict)
    whole: bool = False
    dtype: torch.dtype = torch.float32

    def rank_of(self, name: str) -> int:
        return int(fitting(self.more.get("rank_pattern", {}), name, self.rank))


# By the module's last word, by its whole name, and by a pattern.
_RANKS = {"q_proj": 2, "model.layers.1.mlp.up_proj": 6}
_ALPHAS = {"q_proj": 12, r"layers\.0\.mlp\..*": 2}
_LOW, _HIGH = ("model.layers.0.mlp.up_proj",), ("model.layers.1.mlp.up_proj",)
KINDS = {
    "a": Kind(4, 8, 1), "b": Kind(4, 4, 2), "c": Kind(4, 16, 3), "wide": Kind(6, 6, 4), "rs": Kind(4, 8, 5, True),
    "rs2": Kind(4, 4, 6, True),
    "ranks": Kind(4, 8, 7, more={"rank_pattern": _RANKS}), "ranks2": Kind(4, 4, 8, more={"rank_pattern": _RANKS}),
    "alphas": Kind(4, 8, 9, more={"alpha_pattern": _ALPHAS}), "alphas2": Kind(4, 4, 10, more={"alpha_pattern": {"up_proj": 1}}),
    "both": Kind(4, 8, 11, more={"rank_pattern": _RANKS, "alpha_pattern": _ALPHAS}),
    "rs, both": Kind(4, 8, 12, True, more={"rank_pattern": _RANKS, "alpha_pattern": _ALPHAS}),
    "same": Kind(6, 8, 13, more={"rank_pattern": dict.fromkeys(_PROJECTIONS, 4)}),
    "layers": Kind(4, 8, 14, layers=tuple(_OTHERS)), "layers2": Kind(4, 2, 15, layers=tuple(_OTHERS)), "layers6": Kind(6, 6, 16, layers=tuple(_OTHERS)),
    "line": Kind(3, 6, 17, layers=tuple(_LINE)), "line2": Kind(3, 3, 18, layers=tuple(_LINE)),
    "q": Kind(4, 8, 19, layers=("model.layers.0.self_attn.q_proj",)), "up": Kind(4, 4, 20, layers=(*_LOW, *_HIGH)),
    "low": Kind(4, 8, 21, layers=_LOW, more={"layers_to_transform": [0]}), "high": Kind(4, 4, 22, layers=_HIGH, more={"layers_to_transform": [1]}),
    "headed": Kind(4, 8, 23, whole=True), "headed2": Kind(4, 8, 24, whole=True),
    "dora": Kind(4, 8, 25, more={"use_dora": True}), "dora2": Kind(4, 4, 26, more={"use_dora": True}),
    "biased": Kind(4, 8, 27, more={"lora_bias": True}), "biased2": Kind(4, 4, 28, more={"lora_bias": True}),
    "table": Kind(4, 8, 31, layers=tuple(_TABLE)), "table2": Kind(4, 4, 32, layers=tuple(_TABLE)),
    "short": Kind(4, 8, 29, dtype=torch.bfloat16), "short2": Kind(4, 4, 30, dtype=torch.bfloat16),
}  # fmt: skip


def fitting(patterns: dict[str, Any], name: str, default: Any) -> Any:
    """The value of the first pattern that fits `name` or its end, whole words of it."""
    return next(
        (value for pattern, value in patterns.items() if re.fullmatch(rf"(?:.*\.)?(?:{pattern})", name)), default
    )
