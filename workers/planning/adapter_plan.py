"""The plan of a combination of adapters, and the adapter_config.json of what comes out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import Method
from workers.contracts.parameters import resolve_parameters
from workers.contracts.paths import Path
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.contracts.recipes import MergeRecipe
from workers.planning.lora import Lora, LoraModule
from workers.planning.merge_carried import CARRIED_FILES
from workers.planning.weights import STORED_NAMES

# These put factors together one by one, which takes equal ranks.
BY_FACTORS = frozenset({
    "adapter_linear", "adapter_ties", "adapter_dare_linear", "adapter_dare_ties", "adapter_magnitude_prune",
})  # fmt: skip
# Where these say the same in all sources, so does the result; else every module is named in full.
_TARGETS = ("target_modules", "layers_to_transform", "layers_pattern", "exclude_modules")
_OFF = {
    "use_rslora": False, "use_dora": False, "lora_bias": False, "lora_dropout": 0.0, "init_lora_weights": True,
    "inference_mode": True, "loftq_config": {}, "eva_config": None, "corda_config": None,
}  # fmt: skip


@dataclass(frozen=True)
class Adapter:
    """A source of the recipe, read as LoRA. `position` counts the request's models, `source` the recipe's sources."""

    position: int
    source: int
    name: str
    path: Path
    facts: RepoFacts
    lora: Lora


def adapter_plan(recipe: MergeRecipe, method: Method, adapters: Sequence[Adapter]) -> Plan:
    """Two steps for each module, A and B, one after the other: both are made of the factors of all sources that have it."""
    shared, per_source = resolve_parameters(recipe, method)
    steps: list[TensorStep] = []
    ranks: dict[str, int] = {}
    for name in sorted({name for item in adapters for name in item.lora.modules}):
        owners = [item for item in adapters if name in item.lora.modules]
        modules = [item.lora.modules[name] for item in owners]
        ranks[name] = _rank(method, modules, shared)
        own = [per_source[item.source] for item in owners]
        parameters = shared | {key: [values[key] for values in own] for key in own[0]}
        parameters |= {
            "module": name, "rank": ranks[name], "scaling": [module.scaling for module in modules],
        }  # fmt: skip
        if method.name.endswith("_svd") and method.name != "adapter_svd":
            parameters["elements"] = modules[0].elements  # the product is formed
        inputs = tuple(
            TensorInput(source=item.position, key=key, fact=fact)
            for item, module in zip(owners, modules, strict=True)
            for key, fact in zip(module.keys, (module.a, module.b), strict=True)
        )
        a, b = modules[0].a, modules[0].b
        shapes = ((ranks[name], *a.shape[1:]), (b.shape[0], ranks[name], *b.shape[2:]))
        for part, key, shape, fact in zip("AB", modules[0].keys, shapes, (a, b), strict=True):
            dtype = STORED_NAMES[recipe.dtype] if recipe.dtype is not None else fact.dtype
            steps.append(
                TensorStep(
                    name=key,
                    operation="merge",
                    inputs=inputs,
                    shape=shape,
                    dtype=dtype,
                    parameters=parameters | {"part": part},
                )
            )
    steps += _whole_steps(adapters)
    headed = next((item for item in adapters if item.facts.config), None)
    carried = [
        (item.position, file.path)
        for item in ([headed] if headed else [])
        for file in item.facts.files
        if file.path == "config.json"
    ]
    carried += [
        (adapters[0].position, file.path)
        for file in adapters[0].facts.files
        if file.path.startswith(tuple(pattern.rstrip("*") for pattern in CARRIED_FILES if pattern.endswith("*")))
    ]
    return Plan(
        method=method.name, method_revision=method.revision, seed=recipe.seed, steps=tuple(steps),
        shards=(tuple(step.name for step in steps),), copied_files=tuple(carried), config=_config(adapters, ranks),
    )  # fmt: skip


def _rank(method: Method, modules: Sequence[LoraModule], shared: dict[str, Any]) -> int:
    if method.name == "adapter_cat" or (method.name == "adapter_knots" and not shared.get("svd_rank")):
        return sum(module.rank for module in modules)
    return int(shared.get("svd_rank") or 0) or max(module.rank for module in modules)


def _whole_steps(adapters: Sequence[Adapter]) -> list[TensorStep]:
    """Copies of what adapters bring whole; the engine compares the copies of several sources bit by bit."""
    found: dict[str, list[TensorInput]] = {}
    for item in adapters:
        for key, fact in item.lora.whole.items():
            found.setdefault(key, []).append(TensorInput(source=item.position, key=key, fact=fact))
    return [
        TensorStep(
            name=key, operation="copy", inputs=tuple(inputs), shape=inputs[0].fact.shape, dtype=inputs[0].fact.dtype
        )
        for key, inputs in sorted(found.items())
    ]


def _config(adapters: Sequence[Adapter], ranks: dict[str, int]) -> dict[str, Any]:
    """As the first source says, with the scaling 1 everywhere: α is the rank of each module."""
    configs = [item.facts.adapter for item in adapters]
    rank = Counter(ranks.values()).most_common(1)[0][0]
    others = {name: value for name, value in sorted(ranks.items()) if value != rank}
    config = {
        **configs[0],
        **{key: value for key, value in _OFF.items() if key in configs[0] or key.startswith("use_")},
    }
    config |= {"r": rank, "lora_alpha": rank, "rank_pattern": others, "alpha_pattern": dict(others)}
    if any(other.get(key) != configs[0].get(key) for other in configs[1:] for key in _TARGETS):
        config |= {key: None for key in _TARGETS if key in configs[0]}
        config["target_modules"] = sorted(ranks)
    saved = {
        name
        for item in configs
        if isinstance(item.get("modules_to_save"), list)
        for name in item["modules_to_save"]
        if isinstance(name, str)
    }
    config["modules_to_save"] = sorted(saved) or None
    biases = {str(item.get("bias") or "none") for item in configs}
    config["bias"] = biases.pop() if len(biases) == 1 else "all"
    return config
