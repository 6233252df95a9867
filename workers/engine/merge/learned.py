"""What a method learned from data before anything is merged: one small tensor, or a few, for each tensor of the model.

A row of the method table whose `learn` names a function has it called once, before the plan is carried out. The function
writes safetensors files into a folder; keys are `part/tensor name`. While tensors are merged, `step.learned[part]` is that
tensor's value. Importances and Gram matrices may be as large as the weights: they are mapped and never held together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kernels.late import torch
from workers.contracts.facts import TensorFact
from workers.engine.io.reader import Reader, facts_of_weights


class Learned:
    """The folder, read lazily. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder)
        self._facts: dict[str, dict[str, TensorFact]] = {}
        for key, fact in facts_of_weights(folder).items():
            part, _, name = key.partition("/")
            self._facts.setdefault(name, {})[part] = fact

    def of(self, name: str) -> Mapping[str, torch.Tensor]:
        """Everything learned about tensor `name`, by part; empty for tensors of which nothing was learned."""
        facts = self._facts.get(name, {})
        return {part: self._reader.tensor(f"{part}/{name}", fact) for part, fact in facts.items()}
