"""What becomes of each tensor where a change is written as a LoRA adapter: factors, biases, modules that are saved whole."""

from typing import Any

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.recipes import ExtractRecipe
from workers.planning.architectures import shape_of
from workers.planning.layers import place_of
from workers.planning.ties import head_of
from workers.planning.weights import FLOATING
from workers.planning.wording import counted, finding

# Modules that store their weight as [in, out], by model type.
_TRANSPOSED = {"gpt2": ("c_attn", "c_proj", "c_fc")}
_EMBEDDINGS = ("embed", "wte", "wpe")
# Heads of masked models have a bias of their own, which lies elsewhere in the checkpoint.
TIED_HEAD = "lm_head.weight"

Roles = dict[str, dict[str, Any]]


def adapter_parts(recipe: ExtractRecipe, base: RepoFacts, usable: set[str]) -> tuple[Roles, list[Finding]]:
    """By tensor: `lora` for the weights of linear layers, `bias` for their biases, `whole` with the module that is saved whole.

    peft saves modules whole, not tensors: a parameter that stands beside sub-modules takes them along. Where that would be
    layers of the model, it is left out, with a finding.
    """
    roles: Roles = {}
    transposed = _TRANSPOSED.get(str(base.config.get("model_type")), ())
    modules: dict[str, list[str]] = {}
    for name in sorted(base.tensors):
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    left: list[str] = []
    holders = []
    for module, names in modules.items():
        if any(name.rpartition(".")[2] not in {"weight", "bias"} for name in names) and usable & set(names):
            inside = [name for name in base.tensors if name.startswith(f"{module}.")]
            if not module or any(place_of(name) is not None and place_of(module + ".x") is None for name in inside):
                left += [name for name in names if name in usable]
            else:
                holders.append(module)
    held = tuple(f"{module}." for module in holders)
    for module, names in modules.items():
        weight = f"{module}.weight"
        if any(name in left for name in names):
            continue
        if f"{module}.".startswith(held) and held:
            owner = next(holder for holder in holders if f"{module}.".startswith(f"{holder}."))
            roles |= {name: {"role": "whole", "module": owner} for name in names if name in usable}
            continue
        last = module.rpartition(".")[2]
        is_embedding = any(mark in last for mark in _EMBEDDINGS)
        fact = base.tensors.get(weight)
        if (
            fact is not None
            and weight in usable
            and len(fact.shape) == 2
            and fact.dtype in FLOATING
            and min(fact.shape) > 1
        ):
            if not is_embedding:
                roles[weight] = {"role": "lora", "module": module, "transposed": last in transposed}
                if f"{module}.bias" in usable:
                    roles[f"{module}.bias"] = {"role": "bias", "module": module}
                continue
            if recipe.embeddings == "low_rank":
                roles[weight] = {"role": "embedding", "module": module}
                continue
        roles |= {name: {"role": "whole", "module": module} for name in names if name in usable}
    _heads_add(roles, base)
    if not left:
        return roles, []
    message = (
        f"{counted(len(left), 'tensor')} stand beside layers, where peft saves nothing by itself, first {left[0]}."
    )
    consequence = "Their change is left out. A task vector holds it."
    return roles, [finding("tensors_left_out", "warning", ("layout",), message, consequence)]


def _heads_add(roles: Roles, base: RepoFacts) -> None:
    """A head that shares its weight with the embeddings goes along whole: peft changes the one and leaves the other as it was."""
    if not shape_of(base.config).is_tied:
        return
    for name, role in roles.items():
        if role["role"] in {"whole", "embedding"} and head_of(name) == TIED_HEAD and TIED_HEAD not in base.tensors:
            role["head"] = TIED_HEAD
