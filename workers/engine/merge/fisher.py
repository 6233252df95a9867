"""Fisher: an average in which each weight counts as much as its model's answers depend on it."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from workers.engine.merge.learning.keeping import is_kept, keep
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.merge.step import MergeStep
from workers.engine.train.draws import derived_seed
from workers.engine.train.losses import IGNORED, Batch

# What the next position's token is guessed from stands one place before it.
_SHIFT = {"causal-lm": 1}


def merge(step: MergeStep) -> torch.Tensor:
    """Averages the sources, entry by entry, by their Fisher information.

    θ = Σ λ_i·(F_i + ε)·θ_i / Σ λ_i·(F_i + ε)

    F_i = mean over examples x of E_y[(∂ log p(y|x; θ_i)/∂θ)²], learned before (`learn`).

    Source: Matena and Raffel 2022, "Merging models with Fisher-weighted averaging", arXiv:2111.09832, equations 3 and 5.
        y is drawn once for each example from the model's own answer (`labels: drawn`, the paper's choice where classes are
        many), taken over all classes with their odds (`expected`, its exact form), or the data's own (`given`: the empirical
        Fisher, which other implementations use). For texts y is the whole sequence, each token drawn on the given ones.

    Args:
        step: n ≥ 1 sources `[N]`, no base. `learned["fisher<i>"]` float32 `[N]` of source i. Parameters: `weight` (λ_i),
            `epsilon` (ε > 0).

    Returns:
        `[N]` in the step's dtype. Where Σ λ_i·(F_i + ε) is 0, because weights cancel out: their plain mean.

    Cost: one pass over sources and Fishers. Learning: one model, its gradient and F in float32; a backward pass an example.
    Determinism: sums run in recipe order; learning is equal bit by bit for equal device and number of threads.
    """
    weights, smallest = step.each("weight"), float(step.parameters["epsilon"])
    fishers = [step.learned[f"fisher{source}"].flatten() for source in step.source_ids]
    total, scratch = step.buffer(), step.buffer()

    def average(sources: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = sources[0].numel()
        result = torch.zeros_like(sources[0])
        divisor = total[:length].zero_()
        for source, fisher, weight in zip(sources, fishers, weights, strict=True):
            factor = scratch[:length].copy_(fisher[start : start + length]).add_(smallest).mul_(weight)
            divisor.add_(factor)
            result.addcmul_(source, factor)
        mean = torch.stack(list(sources)).mean(dim=0)
        return torch.where(divisor == 0, mean, result.div_(divisor))

    return step.combine(average)


def learn(learning: Learning) -> dict[str, Any]:
    """F_i of every source, as `fisher<i>/tensor`. With `normalize` each is divided by its length over the whole model.

    Raises:
        UserError: the models cannot be run; Cancelled from the ports.
    """
    student = Student(learning)
    count = int(learning.parameters["examples"])
    for source in range(learning.sources):
        place = f"fisher{source + learning.first_source}"
        if not is_kept(learning.out, place):
            fisher = _fisher(student, source, count)
            if learning.parameters["normalize"]:
                length = float(torch.stack([part.double().square().sum() for part in fisher.values()]).sum().sqrt())
                fisher = {name: part / length if length > 0 else part for name, part in fisher.items()}
            keep(
                learning.out,
                place,
                {f"{place}/{name}": fisher[at] for name, at in student.places.items() if at in fisher},
            )
    student.close()
    return {"examples": [min(count, len(learning.data_of(source))) for source in range(learning.sources)]}


def _fisher(student: Student, source: int, count: int) -> dict[str, torch.Tensor]:
    learning, batches = student.learning, student.batches(source)
    rows = rows_drawn(len(batches), count, seed=learning.seed, purpose=f"data/{source}")
    weights = {name: tensor.requires_grad_() for name, tensor in student.weights(source).items()}
    sums = {name: torch.zeros_like(tensor, requires_grad=False) for name, tensor in weights.items()}
    for done, row in enumerate(rows.tolist(), start=1):
        batch = batches.batch(torch.tensor([row]), seed=derived_seed(learning.seed, f"fisher/{row}"))
        generator = torch.Generator().manual_seed(derived_seed(learning.seed, f"fisher/{source}/{row}"))
        logits = student.run(weights, batch.inputs).logits
        for odds, likelihood in _likelihoods(logits, batch, learning, generator):
            found = torch.autograd.grad(likelihood, list(weights.values()), retain_graph=True, allow_unused=True)
            for total, gradient in zip(sums.values(), found, strict=True):
                if gradient is not None:
                    total.add_(gradient.square(), alpha=odds / len(rows))
        learning.told(source * len(rows) + done, learning.sources * len(rows), "examples", f"Fisher information of {learning.names[source + learning.first_source]}")  # fmt: skip
    return sums


def _likelihoods(
    logits: torch.Tensor, batch: Batch, learning: Learning, generator: torch.Generator
) -> Iterator[tuple[float, torch.Tensor]]:
    """(odds, log p(y|x)) of the answers y to take gradients of: one, or every class with its odds."""
    scores, labels, kind = logits.float(), batch.targets.get("labels"), learning.parameters["labels"]
    if labels is not None:
        labels = labels.to(logits.device)
    if scores.ndim == 3 and labels is not None:
        shift = _SHIFT.get(learning.task, 0)
        scores, labels = scores[:, : scores.shape[1] - shift].flatten(0, 1), labels[:, shift:].flatten()
        scores, labels = scores[labels != IGNORED], labels[labels != IGNORED]
    found = torch.log_softmax(scores, dim=-1)
    if kind == "expected":
        for answer, odds in enumerate(found[0].exp().tolist()):
            yield odds, found[0, answer]
        return
    if kind == "drawn" or labels is None:
        labels = torch.multinomial(found.detach().exp().cpu(), 1, generator=generator)[:, 0].to(found.device)
    yield 1.0, found.gather(1, labels[:, None]).sum()
