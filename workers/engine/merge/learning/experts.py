"""EXPERTS: a mixture that is held against what each source answers and thinks on its own examples."""

from dataclasses import dataclass
from typing import Any

import torch

from workers.engine.merge.learning.coefficients import Course, side_by_side, steps_of, train
from workers.engine.merge.learning.mixture import Answer, Mixture, Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.sharing import MOST
from workers.engine.merge.learning.student import Student
from workers.engine.merge.learning.terms import distance, sum_over_tasks
from workers.engine.train.losses import Batch, Objective, Term
from workers.engine.train.progress import Progress

# The published loops clip to this length.
CLIP = 1.0


@dataclass(frozen=True)
class Wanted:
    """What the experts give for the examples of a batch, in its order."""

    logits: torch.Tensor
    hidden: list[torch.Tensor]


class Aligned(Mixture):
    """A mixture that also gives its hidden states, and can ask the source of each example for its own."""

    def options(self) -> dict[str, Any]:
        return {"output_hidden_states": True}

    @torch.no_grad()
    def experts(self, answer: Answer, layers: list[int]) -> Wanted:
        """Each example as the source whose it is answers it: its weights are base plus its change."""
        logits = torch.zeros_like(answer.logits)
        hidden = [torch.zeros_like(_hidden(answer)[layer]) for layer in layers]
        for number in sorted(set(answer.task.tolist())):
            rows = answer.task == number
            found = self._student.run(
                self._student.weights(number),
                {name: value[rows] for name, value in answer.inputs.items()},
                **self.options(),
            )
            logits[rows] = found.logits
            for place, layer in enumerate(layers):
                hidden[place][rows] = _states(found)[layer]
        return Wanted(logits, hidden)


def aligned(learning: Learning, student: Student, starts: dict[str, Start], *, stage: str) -> tuple[Aligned, Progress]:
    """Learns σ(α) so that the mixture answers and thinks like each expert on its examples.

    Σ_k β_k·(T²·KL(expert k ‖ mixture) + `hidden`·Σ_S mean squared difference of hidden states) + `penalty`·n·mean |σ(α) − α_0|
    """
    values, sources = learning.parameters, learning.sources
    mixture = Aligned(student, starts, squash="sigmoid")
    data = side_by_side(student, int(values["examples"]), per_source=True)
    weights = torch.tensor([float(value) for value in values["importance"]], device=student.device)
    terms = _terms(mixture, values, weights, sources)
    course = Course(
        steps_of(data, epochs=int(values["epochs"]), batch_size=int(values["batch_size"])), int(values["batch_size"]),
        float(values["learning_rate"]), clip_norm=CLIP,
    )  # fmt: skip
    return mixture, train(learning, mixture, data, Objective(terms), course, stage=stage)


def chunks_of(mixture: Mixture, *, budget: float, sharpness: float) -> dict[str, int]:
    """How many coefficients each tensor gets, by its importance.

    I_l = Σ_k |α_k^l|·mean|τ_k^l|·n_l, divided by its sum over all tensors; m_l = ⌊B·I_l^κ / Σ I^κ⌋, B = `budget` times the
    number of tensors; 0 leaves a tensor's coefficient as it began.
    """
    sizes, values = mixture.sizes(), mixture.values()
    raw = {
        name: sum(float(c) * mean for c, mean in zip(values[name].detach().mean(dim=1).abs(), means, strict=False))
        * count
        for name, (means, count) in sizes.items()
    }
    total = sum(raw.values()) or 1.0
    powers = {name: (value / total) ** sharpness for name, value in raw.items()}
    share = budget * len(powers) / (sum(powers.values()) or 1.0)
    return {name: min(int(share * power), sizes[name][1], MOST) for name, power in powers.items()}


def _terms(mixture: Aligned, values: Any, weights: torch.Tensor, sources: int) -> tuple[Term, ...]:
    temperature = float(values["temperature"])
    asked: list[tuple[Answer, Wanted]] = []

    def wanted(answer: Answer) -> Wanted:
        """The experts are asked once a step, though two terms want to know."""
        if not asked or asked[0][0] is not answer:
            asked[:] = [(answer, mixture.experts(answer, _layers(answer, values["hidden_layers"])))]
        return asked[0][1]

    def answers(answer: Answer, batch: Batch) -> torch.Tensor:
        theirs = torch.log_softmax(wanted(answer).logits.float() / temperature, dim=-1)
        ours = torch.log_softmax(answer.logits.float() / temperature, dim=-1)
        each = (theirs.exp() * (theirs - ours)).sum(dim=-1) * temperature**2
        return sum_over_tasks(_over_places(each, answer), answer.task, sources, weights)

    def thoughts(answer: Answer, batch: Batch) -> torch.Tensor:
        states = _hidden(answer)
        layers = _layers(answer, values["hidden_layers"])
        each = torch.stack([
            _over_places((states[layer] - theirs).square().flatten(2).mean(dim=-1), answer)
            for layer, theirs in zip(layers, wanted(answer).hidden, strict=True)
        ]).sum(dim=0)  # fmt: skip
        return sum_over_tasks(each, answer.task, sources, weights)

    return (
        Term("answers", answers), Term("hidden", thoughts, float(values["hidden"])),
        distance(float(values["init"]), float(values["penalty"]), sources),
    )  # fmt: skip


def _layers(answer: Answer, which: str) -> list[int]:
    """Number 0 is what goes into the first block."""
    last = len(_hidden(answer)) - 1
    return list(range(1, last + 1)) if which == "all" else [max(1, (last + 1) // 2)]


def _hidden(answer: Answer) -> Any:
    return _states(answer.outputs)


def _states(outputs: Any) -> Any:
    """Of models with an encoder and a decoder those of the decoder."""
    held = getattr(outputs, "hidden_states", None)
    return held if held is not None else outputs.decoder_hidden_states


def _over_places(each: torch.Tensor, answer: Answer) -> torch.Tensor:
    """`[b]` of `[b]` or `[b, t]`: the mean over positions that do not pad."""
    if each.ndim == 1:
        return each
    mask = answer.inputs.get("attention_mask")
    if mask is None or mask.shape != each.shape:
        return each.flatten(1).mean(dim=1)
    held = mask.to(each)
    return (each * held).sum(dim=1) / held.sum(dim=1).clamp(min=1)
