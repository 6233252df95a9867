"""The plan of a mixture of experts: the base's tensors without its feed-forward blocks, those of the experts, and the routers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from workers.contracts.facts import TensorFact
from workers.contracts.methods import Method
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.contracts.recipes import MergeRecipe
from workers.planning.expert_forms import MLP, PARTS, SILENT_WIDTH, Form, config_of, layers_of, mlp_names
from workers.planning.members import Known
from workers.planning.merge_carried import CARRIED_FILES, CARRIED_TOKENIZER
from workers.planning.merge_parts import in_file_order
from workers.planning.merge_steps import shards_of
from workers.planning.weights import FLOATING, STORED_NAMES


@dataclass(frozen=True)
class Expert:
    """A source of the recipe: `values` are the parameters that stand beside it."""

    model: Known
    values: Mapping[str, Any]

    @property
    def number(self) -> int:
        return self.model.member.source or 0


@dataclass(frozen=True)
class Mixture:
    """What is put together. `shared` is the expert that every token goes through, where one is given."""

    form: Form
    base: Known
    experts: Sequence[Expert]
    shared: Expert | None
    values: Mapping[str, Any]


def mixture_plan(recipe: MergeRecipe, method: Method, mixture: Mixture) -> Plan:
    """Every tensor of the base and of the experts is copied, scaled, or dropped; routers are made."""
    base, tensors = mixture.base, mixture.base.facts.tensors
    layers = layers_of(tensors)
    steps: list[TensorStep] = []
    for name in in_file_order(base):
        match = MLP.fullmatch(name)
        if match is None:
            fact = tensors[name]
            steps.append(_copy(name, base, name, fact, _dtype(recipe, fact)))
            continue
        steps += _block(recipe, mixture, match["layer"], match["part"])
        if match["part"] == PARTS[0]:
            steps += _routers(recipe, mixture, match["layer"])
    sources = [*mixture.experts, *([mixture.shared] if mixture.shared is not None else [])]
    kept = set(mlp_names(list(layers)))
    dropped = [(base.member.position, name) for name in sorted(kept)]
    dropped += [
        (item.model.member.position, name)
        for item in sources
        for name in sorted(item.model.facts.tensors)
        if name not in kept
    ]
    inner = tensors[f"{next(iter(layers))}.mlp.gate_proj.weight"].shape[0]
    config = config_of(
        mixture.form, base.facts.config, tensors, experts=len(mixture.experts), per_token=int(mixture.values["experts_per_token"]),
        shared_width=inner if mixture.shared is not None else min(inner, SILENT_WIDTH),
    )  # fmt: skip
    return Plan(
        method=method.name, method_revision=method.revision, seed=recipe.seed, steps=tuple(steps),
        shards=shards_of(steps, recipe.max_shard_bytes), copied_files=_carried(base), config=config,
        dropped=tuple(dropped), chat_template=recipe.chat_template,
    )  # fmt: skip


def _carried(base: Known) -> tuple[tuple[int, str], ...]:
    """Config, tokenizer and the like, all from the base: its embeddings are those of the result."""
    patterns = (*CARRIED_FILES, *CARRIED_TOKENIZER)
    paths = [file.path for file in base.facts.files if "/" not in file.path]
    return tuple(
        (base.member.position, path) for path in paths if any(fnmatchcase(path, pattern) for pattern in patterns)
    )


def _dtype(recipe: MergeRecipe, fact: TensorFact) -> str:
    return STORED_NAMES[recipe.dtype] if recipe.dtype is not None and fact.dtype in FLOATING else fact.dtype


def _copy(name: str, model: Known, key: str, fact: TensorFact, dtype: str) -> TensorStep:
    given = TensorInput(source=model.member.position, key=key, fact=fact)
    return TensorStep(name=name, operation="copy", inputs=(given,), shape=fact.shape, dtype=dtype)


def _block(recipe: MergeRecipe, mixture: Mixture, layer: str, part: str) -> Iterator[TensorStep]:
    """One matrix of the feed-forward block, of every expert. All come in the format of the base's: they are stacked when loaded."""
    form, key = mixture.form, f"{layer}.mlp.{part}.weight"
    fact = mixture.base.facts.tensors[key]
    dtype = _dtype(recipe, fact)
    for place, item in enumerate(mixture.experts):
        yield _expert(form.expert(layer, place, part), item, key, part, dtype)
    if mixture.shared is not None:
        yield _expert(form.shared(layer, part), mixture.shared, key, part, dtype)
    elif form.has_shared:
        width = min(mixture.base.facts.tensors[f"{layer}.mlp.gate_proj.weight"].shape[0], SILENT_WIDTH)
        is_down = part == "down_proj"
        shape = (fact.shape[0], width) if is_down else (width, fact.shape[1])
        parameters = {"part": "zeros"} if is_down else {"part": "drawn", "mode": "uniform_random", "experts": [0]}
        yield TensorStep(
            name=form.shared(layer, part), operation="merge", inputs=(), shape=shape, dtype=dtype, parameters=parameters
        )


def _expert(name: str, item: Expert, key: str, part: str, dtype: str) -> TensorStep:
    step = _copy(name, item.model, key, item.model.facts.tensors[key], dtype)
    noise = float(item.values["noise_scale"])
    scale = float(item.values["residual_scale"]) if part == "down_proj" else 1.0
    if noise == 0 and scale == 1:
        return step
    parameters = {"part": "expert", "noise": noise, "scale": scale, "experts": [item.number]}
    return step.model_copy(update={"operation": "merge", "parameters": parameters})


def _routers(recipe: MergeRecipe, mixture: Mixture, layer: str) -> Iterator[TensorStep]:
    form, fact = mixture.form, mixture.base.facts.tensors[f"{layer}.mlp.gate_proj.weight"]
    mode, dtype, width = str(mixture.values["gate_mode"]), _dtype(recipe, fact), fact.shape[1]
    yield _router(form.router(layer), mode, [item.number for item in mixture.experts], width, dtype)
    if mixture.shared is not None:
        yield _router(form.shared_router(layer), mode, [mixture.shared.number], width, dtype)
    elif form.has_shared:
        yield TensorStep(
            name=form.shared_router(layer),
            operation="merge",
            inputs=(),
            shape=(1, width),
            dtype=dtype,
            parameters={"part": "zeros"},
        )


def _router(name: str, mode: str, experts: list[int], width: int, dtype: str) -> TensorStep:
    part = "drawn" if mode.endswith("random") else "told"
    return TensorStep(
        name=name, operation="merge", inputs=(), shape=(len(experts), width), dtype=dtype,
        parameters={"part": part, "mode": mode, "experts": experts},
    )  # fmt: skip
