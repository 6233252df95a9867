"""The architectures that a mixture of experts can have: which models they are made from, what tensors and config they have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MLP = re.compile(r"(?P<layer>model\.layers\.(?P<number>\d+))\.mlp\.(?P<part>gate_proj|up_proj|down_proj)\.weight")
PARTS = ("gate_proj", "up_proj", "down_proj")
_ATTENTION_BIAS = re.compile(r"\.self_attn\.([qkvo])_proj\.bias$")
# A shared expert that nobody gives is this wide at most, and adds nothing until it is trained.
SILENT_WIDTH = 256


@dataclass(frozen=True)
class Form:
    """`takes` are the model types of a base. `names` are those of an expert's matrices, in the order of PARTS."""

    name: str
    label: str
    prefix: str
    takes: tuple[str, ...]
    block: str
    names: tuple[str, ...]
    has_shared: bool = False

    @property
    def architecture(self) -> str:
        return f"{self.prefix}ForCausalLM"

    def expert(self, layer: str, number: int, part: str) -> str:
        return f"{layer}.{self.block}.experts.{number}.{self.names[PARTS.index(part)]}.weight"

    def shared(self, layer: str, part: str) -> str:
        return f"{layer}.{self.block}.shared_expert.{part}.weight"

    def router(self, layer: str) -> str:
        return f"{layer}.{self.block}.gate.weight"

    def shared_router(self, layer: str) -> str:
        return f"{layer}.{self.block}.shared_expert_gate.weight"


FORMS: tuple[Form, ...] = (
    Form("mixtral", "Mixtral", "Mixtral", ("llama", "mistral"), "block_sparse_moe", ("w1", "w3", "w2")),
    Form("qwen2_moe", "Qwen2-MoE", "Qwen2Moe", ("qwen2", "llama", "mistral"), "mlp", PARTS, has_shared=True),
    Form("qwen3_moe", "Qwen3-MoE", "Qwen3Moe", ("qwen3",), "mlp", PARTS),
)
# What a config.json means that leaves these out: the new architecture would read something else into it.
_ROPE = 10_000.0
_COMMON: dict[str, Any] = {
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "num_attention_heads": 32,
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "llama": {**_COMMON, "max_position_embeddings": 2048, "bos_token_id": 1, "eos_token_id": 2},
    "mistral": {
        **_COMMON, "max_position_embeddings": 131_072, "bos_token_id": 1, "eos_token_id": 2, "num_key_value_heads": 8,
        "sliding_window": 4096,
    },
    "qwen2": {**_COMMON, "max_position_embeddings": 32_768, "num_key_value_heads": 32, "use_sliding_window": False, "max_window_layers": 28},
    "qwen3": {**_COMMON, "max_position_embeddings": 32_768, "num_key_value_heads": 32, "head_dim": 128, "use_sliding_window": False},
}  # fmt: skip


def form_get(name: str) -> Form | None:
    return next((form for form in FORMS if form.name == name), None)


def form_for(model_type: str, *, shared: int) -> Form | None:
    """The first that is made from models of this type, and has room for as many shared experts."""
    fitting = [form for form in FORMS if model_type in form.takes]
    return next((form for form in fitting if form.has_shared or not shared), fitting[0] if fitting else None)


def bias_misfit(form: Form, tensors: Mapping[str, Any]) -> str:
    """The first bias of the base that this form has no place for, or ""."""
    for name in sorted(tensors):
        found = _ATTENTION_BIAS.search(name)
        if ".mlp." in name and name.endswith(".bias"):
            return name
        if (found and form.name == "mixtral") or (found and form.name == "qwen2_moe" and found[1] == "o"):
            return name
    return ""


def config_of(
    form: Form,
    config: Mapping[str, Any],
    tensors: Mapping[str, Any],
    *,
    experts: int,
    per_token: int,
    shared_width: int,
) -> dict[str, Any]:
    """What config.json says otherwise than the base's, with what that leaves to the base's own architecture written out."""
    kind = str(config.get("model_type"))
    known = {**DEFAULTS[kind], **{key: value for key, value in config.items() if value is not None}}
    heads = int(known["num_attention_heads"])
    said: dict[str, Any] = {key: known[key] for key in DEFAULTS[kind] if config.get(key) is None}
    said |= {
        "model_type": form.name, "architectures": [form.architecture], "num_experts_per_tok": per_token,
        "num_key_value_heads": known.get("num_key_value_heads", heads),
        "head_dim": known.get("head_dim") or int(known["hidden_size"]) // heads, "output_router_logits": False,
    }  # fmt: skip
    if "auto_map" in config:
        said["auto_map"] = {}  # no code of a repo says how the result is loaded
    if "rope_theta" not in config and "rope_parameters" not in config:
        said["rope_theta"] = _ROPE
    if form.name == "mixtral":
        return said | {
            "num_local_experts": experts,
            "sliding_window": known.get("sliding_window") if kind == "mistral" else None,
        }
    said |= {
        "num_experts": experts, "decoder_sparse_step": 1, "norm_topk_prob": True, "mlp_only_layers": [],
        "moe_intermediate_size": known["intermediate_size"],
    }  # fmt: skip
    if form.name == "qwen2_moe":
        said |= {"shared_expert_intermediate_size": shared_width, "qkv_bias": any(map(_ATTENTION_BIAS.search, tensors))}
        said |= _windows(kind, known)
    return said


def _windows(kind: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Which layers look back only so far: the rule that this architecture has for it is another one."""
    layers, window = int(known["num_hidden_layers"]), known.get("sliding_window")
    near = {"qwen2": int(known.get("max_window_layers", 0)), "mistral": 0}.get(kind, layers)
    is_on = bool(window) and (kind == "mistral" or bool(known.get("use_sliding_window"))) and near < layers
    types = known.get("layer_types") if kind == "qwen2" else None
    made = ["sliding_attention" if is_on and number >= near else "full_attention" for number in range(layers)]
    return {"use_sliding_window": is_on, "sliding_window": window if is_on else None, "layer_types": types or made}


def layers_of(tensors: Mapping[str, Any]) -> dict[str, int]:
    """The layers with a feed-forward block of the kind that becomes an expert, by name, in order."""
    found = {match["layer"]: int(match["number"]) for name in tensors if (match := MLP.fullmatch(name))}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def mlp_names(layers: Sequence[str]) -> list[str]:
    return [f"{layer}.mlp.{part}.weight" for layer in layers for part in PARTS]
