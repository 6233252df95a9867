"""LOSSES as data: named terms with weights. What a run minimises is their weighted sum; each is logged by its name.

A later way of training (distilling, stitching, aligning) brings terms of its own and leaves the loop as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch.nn import functional

# Positions with this label have no part in a loss.
IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """`inputs` go into the model by name, `targets` to the terms. `units` is what a term's mean is over: examples, or tokens."""

    inputs: Mapping[str, torch.Tensor]
    targets: Mapping[str, torch.Tensor]
    units: int

    def to(self, device: torch.device) -> "Batch":
        if device.type == "cpu":
            return self
        return Batch(
            {name: tensor.to(device) for name, tensor in self.inputs.items()},
            {name: tensor.to(device) for name, tensor in self.targets.items()},
            self.units,
        )


class Batches(Protocol):
    """Examples by number, made into tensors. `seed` decides whatever is drawn (which tokens are hidden), and nothing else does."""

    def __len__(self) -> int: ...
    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch: ...


@dataclass(frozen=True)
class Term:
    """`value(outputs, batch)` is a scalar, the mean over the batch's units. The weight runs in a line to `final_weight`, where given."""

    name: str
    value: Callable[[Any, Batch], torch.Tensor]
    weight: float = 1.0
    final_weight: float | None = None

    def weight_at(self, share: float) -> float:
        """The weight when `share` (0 … 1) of the run is done."""
        return self.weight if self.final_weight is None else self.weight + share * (self.final_weight - self.weight)


@dataclass(frozen=True)
class Objective:
    """total = Σ weight · term.

    Raises:
        ValueError: no terms, or two of one name.
    """

    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        if not self.terms or len({term.name for term in self.terms}) < len(self.terms):
            raise ValueError("an objective needs terms, each with a name of its own")

    def __call__(self, outputs: Any, batch: Batch, share: float = 0.0) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The total (a scalar that can be differentiated) and each term's value without its weight."""
        parts = {term.name: term.value(outputs, batch) for term in self.terms}
        weighted = [parts[term.name] * term.weight_at(share) for term in self.terms]
        return torch.stack(weighted).sum() if len(weighted) > 1 else weighted[0], parts


def cross_entropy(*, smoothing: float = 0.0, name: str = "cross_entropy", weight: float = 1.0) -> Term:
    """−log softmax(logits)[label], meaned over examples; `smoothing` ε moves ε/K of the target to each of K classes.

    outputs.logits float `[b, K]`, targets["labels"] int64 `[b]`.
    """
    return Term(name, partial(_cross_entropy, smoothing=smoothing), weight)


def squared_error(*, name: str = "squared_error", weight: float = 1.0) -> Term:
    """(logit − target)², meaned over examples. outputs.logits float `[b, 1]`, targets["target"] float32 `[b]`."""
    return Term(name, _squared_error, weight)


def next_token(*, smoothing: float = 0.0, name: str = "next_token", weight: float = 1.0) -> Term:
    """Cross entropy of the token at t+1 under the logits at t. outputs.logits `[b, t, V]`, targets["labels"] int64 `[b, t]`."""
    return Term(name, partial(_tokens, smoothing=smoothing, shift=1), weight)


def masked_token(*, smoothing: float = 0.0, name: str = "masked_token", weight: float = 1.0) -> Term:
    """Cross entropy of the hidden tokens. outputs.logits `[b, t, V]`, targets["labels"] int64 `[b, t]`, IGNORED where nothing is hidden."""
    return Term(name, partial(_tokens, smoothing=smoothing, shift=0), weight)


def _cross_entropy(outputs: Any, batch: Batch, *, smoothing: float) -> torch.Tensor:
    return functional.cross_entropy(outputs.logits, batch.targets["labels"], label_smoothing=smoothing)


def _squared_error(outputs: Any, batch: Batch) -> torch.Tensor:
    return functional.mse_loss(outputs.logits[:, 0].float(), batch.targets["target"])


def _tokens(outputs: Any, batch: Batch, *, smoothing: float, shift: int) -> torch.Tensor:
    logits, labels = outputs.logits, batch.targets["labels"]
    if shift:
        logits, labels = logits[:, :-shift], labels[:, shift:]
    # The logarithm of a sum over a vocabulary is taken in float32 whatever the model computes in.
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
    )
