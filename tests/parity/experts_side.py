"""Mixtures of experts, through mergekit-moe and through us: the same document, and every weight of both as transformers loads it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tests.mixtures import dense, loaded
from tests.parity.oracles import MERGEKIT, asked
from tests.parity.ours import merged, placed
from tests.parity.report import Row, attempted

CODE = {"positive_prompts": ["def f(x): return", "import numpy as np"], "negative_prompts": ["Once upon a time"]}
TALES = {"positive_prompts": ["Once upon a time", "There was a king whose daughter"]}
# mergekit loads the base and the routed experts alone: a shared one has to be among these.
SHARED = [{"source_model": "@base", "positive_prompts": ["hello"], "residual_scale": 0.5}]
ROUTERS = (".gate.weight", ".shared_expert_gate.weight")
# Rows have length 1. mergekit looks at the base in bfloat16; sums of embeddings are float32 there, float64 here.
TOLERANCES = {"hidden": 0.02, "hidden_last": 0.02, "cheap_embed": 2e-6}


@dataclass(frozen=True)
class Mixture:
    name: str
    kind: str
    mode: str
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        experts = [{"source_model": "@a", **CODE}, {"source_model": "@b", **TALES, "residual_scale": 0.9}]
        return {"base_model": "@base", "gate_mode": self.mode, "dtype": "float32", "experts": experts, **self.more}


MIXTURES = (
    Mixture("llama, hidden", "llama", "hidden"),
    Mixture("llama, cheap_embed", "llama", "cheap_embed", {"experts_per_token": 1}),
    Mixture("mistral, hidden_last", "mistral", "hidden_last"),
    Mixture("qwen3, hidden", "qwen3", "hidden"),
    Mixture("qwen3, random", "qwen3", "random"),
    Mixture("qwen2, cheap_embed, one shared", "qwen2", "cheap_embed", {"shared_experts": SHARED}),
    Mixture("llama, uniform_random", "llama", "uniform_random", {"architecture": "mixtral"}),
)  # fmt: skip


def slug(mixture: Mixture) -> str:
    return f"mixture_of_experts: {mixture.name}"


def rows(folder: Path, wanted: Sequence[Mixture]) -> tuple[list[Row], list[str]]:
    MERGEKIT.ensure()
    kinds = {mixture.kind for mixture in wanted}
    families = {
        kind: {name: dense(folder / kind / name, kind, seed=seed) for seed, name in enumerate(("base", "a", "b"))}
        for kind in kinds
    }
    theirs = {slug(entry): folder / "moe" / slug(entry) for entry in wanted}
    questions = [
        {"name": slug(entry), "document": placed(entry.document, families[entry.kind]), "outs": [(1, str(theirs[slug(entry)]))]}
        for entry in wanted
    ]  # fmt: skip
    answers = {
        answer["name"]: answer
        for answer in asked(MERGEKIT, "mergekit_oracle.py", questions, folder)
        if "name" in answer
    }
    found = []
    for entry in wanted:
        started = time.monotonic()
        row = Row("mixture_of_experts", entry.name, "experts", "default", answers[slug(entry)]["error"])
        out = folder / "ours" / slug(entry)
        row.trouble = row.trouble or attempted(
            lambda entry=entry, out=out: merged(placed(entry.document, families[entry.kind]), out)
        )
        row.trouble = row.trouble or attempted(lambda entry=entry, out=out: _differs(entry, out, theirs[slug(entry)]))
        row.seconds = time.monotonic() - started
        found.append(row)
    return found, []


def _differs(entry: Mixture, ours: Path, theirs: Path) -> str:
    mine, other = loaded(ours), loaded(theirs)
    if type(mine) is not type(other) or mine.config.num_experts_per_tok != other.config.num_experts_per_tok:
        return f"{type(mine).__name__}, there {type(other).__name__}"
    held, wanted = mine.state_dict(), other.state_dict()
    if held.keys() != wanted.keys():
        return f"other tensors: {sorted(held.keys() ^ wanted.keys())[:4]}"
    for name, tensor in held.items():
        if not name.endswith(ROUTERS):
            if not torch.equal(tensor, wanted[name]):
                return f"{name} differs"
        elif entry.mode in TOLERANCES:
            gap = float((tensor - wanted[name]).abs().max())
            if gap > TOLERANCES[entry.mode]:
                return f"{name} differs by {gap:.3g}"
        elif tensor.shape != wanted[name].shape or not 0.3 < float(tensor.std() / wanted[name].std()) < 3:
            return f"{name} is drawn otherwise"
    return ""
