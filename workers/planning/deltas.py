"""DELTAS: how a task vector is stored, and whether it fits a base. From headers alone; the engine decodes by the same rules.

A tensor `name` of the base is changed by what is stored under one of these sets of keys; one that has none is not changed.

| form | keys | what they hold |
|---|---|---|
| dense | `name` | τ itself |
| sparse | `name:values` `[k]`, and `name:mask` or `name:indices`, U8 | the k entries that are not zero, in flat order |
| low_rank | `name:left` `[m, r]`, `name:right` `[r, n]` | τ = left·right, with m the first axis and n all others |
| one_bit | `name:signs` U8, `name:scale` `[]` | τ = scale where the bit is set, −scale where not |

Bits lie in flat order, the lowest of each byte first. `mask` has one for each of the N entries. `indices` are flat places, rising,
each in as many bits as N − 1 takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.findings import Severity
from workers.planning.weights import FLOATING
from workers.planning.wording import counted, shape_text

CONFIG_FILE, WEIGHTS_FILE = "task_vector.json", "task_vector.safetensors"
Form = Literal["dense", "sparse", "low_rank", "one_bit"]
_FORMS: dict[frozenset[str], Form] = {
    frozenset({"values", "mask"}): "sparse",
    frozenset({"values", "indices"}): "sparse",
    frozenset({"left", "right"}): "low_rank",
    frozenset({"signs", "scale"}): "one_bit",
}
PARTS = frozenset(part for parts in _FORMS for part in parts)


class DeltaError(Exception):
    """Why stored tensors are no task vector, or do not fit a base, as a sentence without the entry's name."""


@dataclass(frozen=True)
class Delta:
    """What is stored of one tensor's change; `parts` by name, the dense form's is called "" ."""

    name: str
    form: Form
    parts: Mapping[str, TensorFact]

    def key(self, part: str) -> str:
        return f"{self.name}:{part}" if part else self.name


def bits_of(elements: int) -> int:
    """How many bits a flat place among so many entries takes."""
    return max(1, (elements - 1).bit_length())


def packed_bytes(bits: int) -> int:
    return (bits + 7) // 8


def deltas_of(tensors: Mapping[str, TensorFact]) -> dict[str, Delta]:
    """The stored tensors by the name of the base's tensor that they change.

    Raises:
        DeltaError: parts are missing, or make no form.
    """
    grouped: dict[str, dict[str, TensorFact]] = {}
    for key, fact in tensors.items():
        name, colon, part = key.rpartition(":")
        if colon and part in PARTS:
            grouped.setdefault(name, {})[part] = fact
        else:
            grouped.setdefault(key, {})[""] = fact
    found = {}
    for name, parts in grouped.items():
        form: Form | None = "dense" if set(parts) == {""} else _FORMS.get(frozenset(parts))
        if form is None:
            raise DeltaError(f"holds {', '.join(sorted(parts))} of {name}, which is no form of a change.")
        found[name] = Delta(name, form, parts)
    return found


def check_fit(delta: Delta, shape: tuple[int, ...]) -> None:
    """Whether what is stored has the sizes that a tensor of that shape needs.

    Raises:
        DeltaError: it has others.
    """
    size, parts = prod(shape), delta.parts
    numbers = [fact for part, fact in parts.items() if part not in {"mask", "indices", "signs"}]
    packed = [(part, fact) for part, fact in parts.items() if part in {"mask", "indices", "signs"}]
    if any(fact.dtype not in FLOATING for fact in numbers) or any(fact.dtype != "U8" for _, fact in packed):
        raise DeltaError(f"holds {delta.name} in number formats that a {delta.form} change does not have.")
    if delta.form == "dense":
        _same(delta, "", shape)
    elif delta.form == "low_rank":
        rank = parts["left"].shape[-1] if parts["left"].shape else 0
        _same(delta, "left", (shape[0] if shape else 1, rank))
        _same(delta, "right", (rank, prod(shape[1:])))
    elif delta.form == "one_bit":
        _same(delta, "signs", (packed_bytes(size),))
        _same(delta, "scale", ())
    else:
        count = parts["values"].elements
        _same(delta, "values", (count,))
        if count > size:
            raise DeltaError(f"holds {counted(count, 'value')} of {delta.name}, which has {size} entries.")
        if "mask" in parts:
            _same(delta, "mask", (packed_bytes(size),))
        else:
            _same(delta, "indices", (packed_bytes(count * bits_of(size)),))


def _same(delta: Delta, part: str, shape: tuple[int, ...]) -> None:
    found = delta.parts[part].shape
    if found != shape:
        key = delta.key(part)
        raise DeltaError(
            f"holds {key} as {shape_text(found)}; for a tensor of the base's shape it is {shape_text(shape)}."
        )


def misfit(vector: RepoFacts, base: RepoFacts) -> tuple[str, str]:
    """(code, reason) why a task vector cannot be applied to that base; ("", "") where headers say nothing against it."""
    try:
        deltas = deltas_of(vector.tensors)
        strangers = sorted(set(deltas) - set(base.tensors))
        if strangers:
            more = counted(len(strangers), "tensor")
            return "task_vector_misfit", f"changes {more} that the base does not have, first {strangers[0]}."
        for name, delta in sorted(deltas.items()):
            if base.tensors[name].dtype not in FLOATING:
                return "task_vector_misfit", f"changes {name}, which holds whole numbers in the base."
            check_fit(delta, base.tensors[name].shape)
    except DeltaError as error:
        return "task_vector_misfit", str(error)
    if not deltas:
        return "no_weights", "holds no tensors."
    return "", ""


def other_base(vector: RepoFacts, base: RepoFacts) -> tuple[Severity, str]:
    """Whether the base's weights are others than those that the task vector was taken from, and how; the reason is "" where they are not.

    A warning where the base is at the very commit that the task vector names: the digest of its manifest is then out of date.
    """
    wanted, held = vector.delta.get("base_digest"), base.tensor_digest
    if not isinstance(wanted, str) or not wanted or not held or wanted == held:
        return "warning", ""
    named = vector.delta.get("base")
    taken = f"{named}, whose weights have" if isinstance(named, str) and named else "weights with"
    reason = f"was taken from {taken} the digest {wanted[:12]}; names and shapes of this base agree, its digest is {held[:12]}."
    return "warning" if base.commit and vector.delta.get("base_commit") == base.commit else "error", reason


def applied(vector: RepoFacts, base: RepoFacts) -> RepoFacts:
    """The model that base and task vector make together: the base's tensors and papers under the task vector's name."""
    licences = dict.fromkeys(licence for licence in (base.licence, vector.licence) if licence)
    # Weights of one digest are one base, whatever it is called.
    is_same = bool(base.repo and base.tensor_digest) and vector.delta.get("base_digest") == base.tensor_digest
    return base.model_copy(
        update={
            "reference": vector.reference, "repo": vector.repo, "commit": vector.commit, "visibility": vector.visibility,
            "licence": " AND ".join(licences) if base.licence and vector.licence else "", "base": (base.repo,) if is_same else vector.base,
        }
    )  # fmt: skip
