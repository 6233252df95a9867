"""TABLE OF ADAPTERS that peft makes and puts on their model, what each makes of every weight by definition, and merges of such models.

`defect` as in `adapters`: where peft is wrong, ours is held against the definition.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.parity.adapter_files import PREFIX, Tensors, pairs_of

PROJECTIONS = ["q_proj", "up_proj"]
TURNED = ["turned", "c_proj"]
TABLE = "model.embed_tokens.weight"
PATTERNS = {"rank_pattern": {"q_proj": 2, r"layers\.1\.mlp\..*": 6}, "alpha_pattern": {"model.layers.0.mlp.up_proj": 9}}


@dataclass(frozen=True)
class Applied:
    """`config` is peft's LoraConfig. `silent`: of this module, output 0 has no weights and the adapter leaves it so.
    `is_safe`: peft puts it on with `safe_merge`.
    """

    name: str
    config: dict[str, Any]
    base: str = "float32"
    silent: str = ""
    is_safe: bool = False
    defect: str = ""

    @property
    def options(self) -> dict[str, Any]:
        return {"r": 4, "lora_alpha": 6, "init_lora_weights": False, **self.config}


@dataclass(frozen=True)
class MergeOf:
    """A merge of models with adapters of `APPLIED` on them. `alone`: the recipe names the adapters only, and the base once.

    `weights` are those of Σ: base + Σ w·(adapted − base), or Σ w·adapted of `linear`.
    """

    name: str
    method: str
    adapters: tuple[str, ...]
    weights: tuple[float, ...]
    alone: bool = False
    more: dict[str, Any] = field(default_factory=dict)


APPLIED = (
    Applied("plain", {"target_modules": PROJECTIONS}),
    Applied("rank and alpha patterns", {"target_modules": PROJECTIONS, **PATTERNS}),
    Applied("rank-stabilised", {"target_modules": PROJECTIONS, "use_rslora": True}),
    Applied("rank-stabilised, patterns", {"target_modules": PROJECTIONS, "use_rslora": True, **PATTERNS}),
    Applied("embedding", {"target_modules": ["words"]}),
    Applied("convolutions", {"target_modules": ["picture", "point", "line"]}),
    Applied("layers stored turned round", {"target_modules": TURNED, "fan_in_fan_out": True}),
    Applied("all kinds, patterns", {"target_modules": ["words", "picture", "point", "turned", "up_proj"], "rank_pattern": {"picture": 6, "words": 2}, "alpha_pattern": {"p.*t": 3}}),
    Applied("DoRA", {"target_modules": PROJECTIONS, "use_dora": True}),
    Applied("DoRA, rank-stabilised, patterns", {"target_modules": PROJECTIONS, "use_dora": True, "use_rslora": True, **PATTERNS}),
    Applied("DoRA, embedding", {"target_modules": ["words"], "use_dora": True}),
    Applied("DoRA, convolutions", {"target_modules": ["picture", "point", "line"], "use_dora": True}),
    Applied("DoRA, layers stored turned round", {"target_modules": TURNED, "fan_in_fan_out": True, "use_dora": True}),
    Applied("DoRA, an output without weights", {"target_modules": ["up_proj"], "use_dora": True}, silent="layers.0.mlp.up_proj", base="silent", defect="silent_output"),
    Applied("biases of B", {"target_modules": PROJECTIONS, "lora_bias": True}),
    Applied("biases of B, convolutions", {"target_modules": ["picture", "line"], "lora_bias": True}),
    Applied("biases of the changed layers", {"target_modules": PROJECTIONS, "bias": "lora_only"}),
    Applied("a head that comes whole", {"target_modules": PROJECTIONS, "modules_to_save": ["head"]}),
    Applied("one layer alone", {"target_modules": ["up_proj"], "layers_to_transform": [1]}),
    Applied("bfloat16", {"target_modules": PROJECTIONS}, base="bfloat16"),
    Applied("float16", {"target_modules": PROJECTIONS}, base="float16"),
    Applied("bfloat16, looked through for NaN", {"target_modules": PROJECTIONS}, base="bfloat16", is_safe=True, defect="rounded_twice"),
    Applied("bfloat16, embedding", {"target_modules": ["words"]}, base="bfloat16", defect="rounded_twice"),
    Applied("bfloat16, DoRA", {"target_modules": PROJECTIONS, "use_dora": True}, base="bfloat16"),
    Applied("embeddings that are the head too", {"target_modules": ["embed_tokens"]}, base="tied", defect="tied"),
    Applied("a head that is the embeddings too", {"target_modules": ["lm_head"]}, base="tied", defect="tied"),
)  # fmt: skip
MERGES = (
    MergeOf("one of each kind", "task_arithmetic", ("all kinds, patterns", "DoRA", "rank-stabilised, patterns"), (0.7, -0.4, 1.2)),
    MergeOf("DoRA alone beside its base", "task_arithmetic", ("DoRA", "DoRA, embedding"), (1.0, 0.5), alone=True),
    MergeOf("DoRA, scaled", "task_arithmetic", ("DoRA", "DoRA, rank-stabilised, patterns"), (1.0, 0.5), more={"lambda": 0.3}),
    MergeOf("one of each kind", "linear", ("convolutions", "layers stored turned round", "biases of B"), (0.5, 0.3, 0.2)),
    MergeOf("heads that come whole", "linear", ("a head that comes whole", "plain"), (0.5, 0.5)),
)  # fmt: skip


def definition(base: Path, adapter: Path, turned: set[str]) -> Tensors:
    """The model with the adapter on it in float64, a tied head apart. `turned`: modules whose weight is stored `[in, out]`."""
    state = {name: tensor.double() for name, tensor in load_file(base / "model.safetensors").items()}
    if TABLE in state:
        state["lm_head.weight"] = state[TABLE]
    stored = load_file(adapter / "adapter_model.safetensors")
    for name, tensor in stored.items():
        if "lora_" not in name:
            state[name.removeprefix(PREFIX).replace(".base_layer.", ".")] = tensor.double()
    is_dora = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8")).get("use_dora")
    for module, pair in pairs_of(adapter).items():
        before = state[f"{module}.weight"]
        flat = before.T if module in turned else before.flatten(1)
        after = flat + pair.scaling * pair.b @ pair.a
        if is_dora:
            lengths = stored[f"{PREFIX}{module}.lora_magnitude_vector"].double().flatten()
            now = after.norm(dim=1)
            after = after * torch.where(now > 0, lengths / now, 1.0)[:, None]
        state[f"{module}.weight"] = after.T if module in turned else after.view(before.shape)
        bias = stored.get(f"{PREFIX}{module}.lora_B.bias")
        if bias is not None:
            state[f"{module}.bias"] = state[f"{module}.bias"] + pair.scaling * bias.double()
    return state
