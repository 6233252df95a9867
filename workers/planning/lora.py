"""LORA: what an adapter's header and configuration say: its modules, their factors and scaling, and what else it brings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workers.contracts.facts import RepoFacts, TensorFact

PREFIX = "base_model.model."
# (ending of A, ending of B): of linear layers and convolutions, and of embeddings.
LINEAR, EMBEDDING = (".lora_A.weight", ".lora_B.weight"), (".lora_embedding_A", ".lora_embedding_B")
_MAGNITUDE = (".lora_magnitude_vector", ".lora_magnitude_vector.weight")
_BIAS = (".lora_B.bias",)
_MAX_PATTERN = 512
_MAX_QUANTIFIERS = 3


class LoraError(Exception):
    """Why an adapter cannot be read as LoRA factors, for a finding: `code` and a sentence without its name."""

    def __init__(self, code: str, message: str, consequence: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.consequence = code, message, consequence


@dataclass(frozen=True)
class LoraModule:
    """One module with its factors: A `[rank, …]` and B `[…, rank]` (`[…, rank, 1, 1]` of a convolution).

    `magnitude` are DoRA's lengths of the outputs, `bias` what B adds to the module's own.
    """

    name: str
    keys: tuple[str, str]
    a: TensorFact
    b: TensorFact
    rank: int
    scaling: float
    magnitude: tuple[str, TensorFact] | None = None
    bias: tuple[str, TensorFact] | None = None

    @property
    def is_embedding(self) -> bool:
        return self.endings == EMBEDDING

    @property
    def endings(self) -> tuple[str, str]:
        return EMBEDDING if self.keys[0].endswith(EMBEDDING[0]) else LINEAR

    @property
    def product(self) -> tuple[int, ...]:
        """What the shapes of A and B say besides the rank: equal for adapters of one base."""
        return (*self.a.shape[1:], self.b.shape[0])

    @property
    def elements(self) -> int:
        """Of the change that the factors stand for."""
        return self.a.elements // self.rank * self.b.shape[0]


@dataclass(frozen=True)
class Lora:
    """`whole` are tensors that the adapter brings whole, by key: a head, or biases."""

    modules: dict[str, LoraModule] = field(default_factory=dict)
    whole: dict[str, TensorFact] = field(default_factory=dict)
    is_rslora: bool = False


def lora_of(facts: RepoFacts, *, is_baked: bool = False) -> Lora:
    """The adapter in `facts`. `is_baked`: for putting it on a model, which also takes what is more than a product of factors.

    Raises:
        LoraError: it is no LoRA adapter, is of a kind that is no product of two factors, or its files contradict each other.
    """
    config = facts.adapter
    kind = str(config.get("peft_type") or "").upper()
    if kind != "LORA":
        raise LoraError("not_lora", f"is an adapter of type {kind or 'unknown'}, not LoRA.", _instead(kind))
    if not is_baked:
        _refuse_kinds(config, facts.tensors)
    modules: dict[str, LoraModule] = {}
    whole = dict(facts.tensors)
    for key, fact in facts.tensors.items():
        ending = next((pair for pair in (LINEAR, EMBEDDING) if key.endswith(pair[0])), None)
        if ending is None:
            continue
        other = key.removesuffix(ending[0]) + ending[1]
        partner = whole.pop(other, None)
        del whole[key]
        if partner is None:
            raise LoraError("adapter_inconsistent", f"holds {key} without {other}.")
        module = _module(config, key, other, fact, partner, ending[0])
        name = key.removesuffix(ending[0])
        magnitude, bias = _beside(name, _MAGNITUDE, whole), _beside(name, _BIAS, whole)
        modules[module.name] = replace(module, magnitude=magnitude, bias=bias)
    stray = next((key for key in whole if ".lora_" in key), None)
    if stray is not None:
        raise LoraError("adapter_inconsistent", f"holds {stray}, which belongs to no pair of factors known here.")
    if not modules:
        raise LoraError("no_weights", "holds no LoRA factors.")
    return Lora(modules, whole, bool(config.get("use_rslora")))


def _beside(name: str, endings: Sequence[str], whole: dict[str, TensorFact]) -> tuple[str, TensorFact] | None:
    """What is stored beside the factors of a module, taken out of `whole`."""
    held = next((name + ending for ending in endings if name + ending in whole), None)
    return None if held is None else (held, whole.pop(held))


def _instead(kind: str) -> str:
    """What to do with an adapter that is no LoRA."""
    if kind in {"PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING", "CPT"}:
        return "It puts tokens before the input and changes no weights, so that nothing of it can go into a merge."
    return (
        "It has no factors A and B. Put it on its base with peft's merge_and_unload, and take the model that comes out."
    )


def _refuse_kinds(config: Mapping[str, Any], tensors: Mapping[str, TensorFact]) -> None:
    if config.get("use_dora") or any(key.endswith(_MAGNITUDE) for key in tensors):
        raise LoraError(
            "dora", "is a DoRA adapter: it scales each output by a length that depends on the base's weights.",
            "Its change is no product of two factors, so there is no adapter that is the sum of such changes. "
            "Merge whole models instead: write each source as {model: BASE, adapter: ADAPTER}, with a method for models.",
        )  # fmt: skip
    if config.get("lora_bias") or any(key.endswith(".lora_B.bias") for key in tensors):
        raise LoraError("lora_bias", "has biases on its factors B, which a combination of factors does not carry.")


def _module(
    config: Mapping[str, Any], key: str, other: str, a: TensorFact, b: TensorFact, ending: str
) -> LoraModule:  # fmt: skip
    name = key.removeprefix(PREFIX).removesuffix(ending)
    rank = a.shape[0] if a.shape else 0
    if len(a.shape) < 2 or len(b.shape) < 2 or rank < 1 or any(size != 1 for size in b.shape[2:]):
        raise LoraError("adapter_inconsistent", f"has factors of {name} that are no matrices.")
    if not {a.dtype, b.dtype} <= {"F64", "F32", "F16", "BF16"}:
        raise LoraError("quantised", f"holds the factors of {name} as {a.dtype}, which are codes and no numbers.")
    if b.shape[1] != rank:
        if len(a.shape) > 2 and rank % b.shape[1] == 0:
            raise LoraError("grouped_convolution", f"has factors of a convolution in groups, {name}.")
        raise LoraError(
            "adapter_inconsistent", f"has a factor A of rank {rank} and a factor B of rank {b.shape[1]} for {name}."
        )
    declared = _of_pattern(config, "rank_pattern", name, config.get("r"))
    if declared is not None and declared != rank:
        raise LoraError("adapter_inconsistent", f"says that {name} has rank {declared:g}, its tensors have {rank}.")
    alpha = _of_pattern(config, "alpha_pattern", name, config.get("lora_alpha"))
    if alpha is None:
        raise LoraError("adapter_inconsistent", "does not say its lora_alpha, by which its change is scaled.")
    scaling = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    return LoraModule(name, (key, other), a, b, rank, scaling)


def _of_pattern(config: Mapping[str, Any], table: str, name: str, default: Any) -> float | None:
    """The number of the first pattern that fits the end of `name`, as peft looks it up; else the default."""
    patterns = config.get(table) or {}
    if not isinstance(patterns, dict):
        raise LoraError("adapter_inconsistent", f"has a {table} that is no table.")
    for pattern, value in patterns.items():
        if _fits(pattern, name, table):
            default = value
            break
    if default is None:
        return None
    if isinstance(default, bool) or not isinstance(default, int | float) or not abs(default) < 1e9:
        raise LoraError(
            "adapter_inconsistent", f"has a number in {table} or beside it that is none: {str(default)[:40]}."
        )
    return float(default)


def _fits(pattern: str, name: str, table: str) -> bool:
    """SECURITY: patterns are regular expressions out of an upload. Groups and many repeats, which can take for ever, are refused."""
    # A plain name is compared as such; its dots stand for themselves in every practical case.
    if re.fullmatch(r"[A-Za-z0-9_.\-]+", pattern):
        return name == pattern or name.endswith(f".{pattern}")
    repeats = sum(pattern.count(sign) for sign in "*+?")
    if len(pattern) > _MAX_PATTERN or "(" in pattern or "{" in pattern or repeats > _MAX_QUANTIFIERS:
        raise LoraError(
            "pattern_unreadable", f"has a pattern in {table} that is too involved to follow: {pattern[:60]}."
        )
    try:
        return re.match(rf"(?:.*\.)?(?:{pattern})$", name) is not None
    except re.error:
        raise LoraError(
            "pattern_unreadable", f"has a pattern in {table} that cannot be read: {pattern[:60]}."
        ) from None
