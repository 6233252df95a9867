"""Models with an adapter on them, and merges of such models: through peft and through us, and both against the definition."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.parity.adapted import APPLIED, Applied, MergeOf, definition
from tests.parity.adapter_files import Tensors, base_write, tied_write
from tests.parity.adapter_kinds import LAYERS, TIED
from tests.parity.oracles import PEFT, asked
from tests.parity.ours import merged
from tests.parity.peft_side import OURS, PEFT_SIDE, asking
from tests.parity.report import Row, attempted

TURNED = {name for name, layer in (LAYERS | TIED).items() if layer.kind in {"Embedding", "Conv1D"}}
# Of the largest entry: sums and lengths in float32.
RELATIVE = 2e-6
BASES: dict[str, Callable[[Tensors], Tensors]] = {
    "float32": lambda state: state,
    "bfloat16": lambda state: {name: tensor.bfloat16() for name, tensor in state.items()},
    "float16": lambda state: {name: tensor.half() for name, tensor in state.items()},
    "silent": lambda state: state | {name: _silenced(state[name]) for name in ("model.layers.0.mlp.up_proj.weight",)},
}


def slug(entry: Applied | MergeOf) -> str:
    return f"{_group(entry)}: {entry.name}"


def rows(folder: Path, wanted: Sequence[Applied | MergeOf]) -> tuple[list[Row], list[str]]:
    PEFT.ensure()
    bases = {name: base_write(folder / f"base-{name}", change) for name, change in BASES.items()}
    bases["tied"] = tied_write(folder / "base-tied")
    needed = {entry.name for entry in wanted if isinstance(entry, Applied)}
    needed |= {name for entry in wanted if isinstance(entry, MergeOf) for name in entry.adapters}
    made = {entry.name: folder / "applied" / str(at) for at, entry in enumerate(APPLIED) if entry.name in needed}
    questions = [
        {
            **asking(bases[entry.base], TIED if entry.base == "tied" else LAYERS), "ask": "apply", "name": entry.name, "config": entry.options, "seed": at, "out": str(made[entry.name]),
            "is_safe": entry.is_safe,
        }
        | ({"silent": entry.silent} if entry.silent else {})
        for at, entry in enumerate(APPLIED)
        if entry.name in needed
    ]  # fmt: skip
    troubles = {answer["name"]: answer["error"] for answer in asked(PEFT, "peft_oracle.py", questions, folder)}
    found: list[Row] = []
    for entry in wanted:
        out = folder / "ours" / slug(entry)
        if isinstance(entry, Applied):
            base, theirs, trouble = bases[entry.base], made[entry.name], troubles[entry.name]
            found.append(_row(entry, PEFT_SIDE, trouble, partial(_peft, entry, base, theirs)))
            found.append(_row(entry, OURS, trouble, partial(_ours, entry, base, theirs, out)))
        else:
            trouble = "; ".join(troubles[name] for name in entry.adapters if troubles[name])
            found.append(_row(entry, OURS, trouble, partial(_merge, entry, bases["float32"], made, out)))
    return found, []


def _group(entry: Applied | MergeOf) -> str:
    return f"{entry.method} of models with adapters" if isinstance(entry, MergeOf) else "an adapter on its model"


def _row(entry: Applied | MergeOf, side: str, trouble: str, compare: Callable[[], str]) -> Row:
    started = time.monotonic()
    row = Row(_group(entry), entry.name, "elementwise", side, trouble)
    if not trouble:
        row.trouble = attempted(compare)
    row.seconds = time.monotonic() - started
    return row


def _peft(entry: Applied, base: Path, theirs: Path) -> str:
    found = _apart(_state(theirs / "model"), definition(base, theirs / "adapter", TURNED))
    if not entry.defect:
        return found
    return "" if found else f"peft is right by now; it was listed as wrong in {entry.defect}"


def _ours(entry: Applied, base: Path, theirs: Path, out: Path) -> str:
    source = {"model": str(base), "adapter": str(theirs / "adapter")}
    if complaint := merged({"kind": "merge", "method": "passthrough", "sources": [source]}, out):
        return complaint
    wanted = definition(base, theirs / "adapter", TURNED) if entry.defect else _state(theirs / "model")
    return _apart(_state(out), wanted)


def _merge(entry: MergeOf, base: Path, made: Mapping[str, Path], out: Path) -> str:
    folders = [made[name] for name in entry.adapters]
    sources: list[dict[str, Any]] = [
        (
            {"model": str(folder / "adapter")}
            if entry.alone
            else {"model": str(base), "adapter": str(folder / "adapter")}
        )
        | {"weight": weight}
        for folder, weight in zip(folders, entry.weights, strict=True)
    ]
    is_over_base = entry.method == "task_arithmetic"
    document = {"kind": "merge", "method": entry.method, "sources": sources, **entry.more}
    if complaint := merged(document | ({"base": str(base)} if is_over_base else {}), out):
        return complaint
    start = {
        name: tensor.double() if is_over_base else torch.zeros_like(tensor).double()
        for name, tensor in _state(base).items()
    }
    wanted = dict(start)
    for folder, weight in zip(folders, entry.weights, strict=True):
        state = _state(folder / "model")
        for name in wanted:
            wanted[name] = wanted[name] + entry.more.get("lambda", 1.0) * weight * (state[name].double() - start[name])
    return _apart(_state(out), wanted)


def _state(folder: Path) -> Tensors:
    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}


def _apart(mine: Mapping[str, torch.Tensor], its: Mapping[str, torch.Tensor]) -> str:
    """In float32 by the size of the largest entry; in a short format to the bit that the definition rounds to."""
    if mine.keys() != its.keys():
        return f"ours alone {sorted(mine.keys() - its.keys())[:3]}, theirs alone {sorted(its.keys() - mine.keys())[:3]}"
    for name, wanted in its.items():
        one = mine[name]
        if one.shape != wanted.shape:
            return f"{name}: {tuple(one.shape)}, theirs {tuple(wanted.shape)}"
        if one.dtype in (torch.bfloat16, torch.float16):
            different = int((one != wanted.to(one.dtype)).sum())
            if different:
                return f"{name}: {different} of {one.numel()} entries are not rounded once"
            continue
        error = (one.double() - wanted.double()).abs().max().item()
        if not error <= RELATIVE * max(1.0, wanted.abs().max().item()):
            return f"{name}: off by {error:.2g}"
    return ""


def _silenced(tensor: torch.Tensor) -> torch.Tensor:
    silent = tensor.clone()
    silent[0] = 0
    return silent
