"""STUDENT: one module through which the base, every source and any mixture of them is run, each by its own weights."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from workers.engine.io.deltas import readers_of
from workers.engine.make import merge_step_of, merger_of
from workers.engine.merge.learning.naming import places_in
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.step import MergeStep
from workers.engine.predict.modules import head_wanted, load_module
from workers.engine.predict.tokenizers import load_tokenizer
from workers.engine.train.draws import derived_seed
from workers.engine.train.lesson import Setting, lesson_of
from workers.engine.train.losses import Batches, Objective
from workers.engine.train.refusals import refused

Weights = dict[str, torch.Tensor]
# A source's changes of one tensor, made from its step: one tensor in the step's shape for each source.
Changes = Callable[[MergeStep], list[torch.Tensor]]


class Student:
    """The reference's module in evaluation mode, in float32, frozen. `places`: output tensor → its name in the module.

    All models are run through it, by their weights alone: they are of one architecture, or the plan would not be.
    """

    def __init__(self, learning: Learning) -> None:
        folder, name = learning.folders[learning.reference], learning.names[learning.reference]
        head = head_wanted(folder, learning.task, name)
        self.learning, self.device = learning, torch.device(learning.device)
        module = load_module(folder, head=head, name=name)
        places = places_in(module, folder, head=head, name=name)
        self.places = {step.name: places[key] for step in learning.merged if (key := step.inputs[0].key) in places}
        lost = [step.name for step in learning.merged if step.name not in self.places]
        if lost:
            raise refused(
                "tensor_unplaced",
                f"{len(lost)} tensors are merged and are no parameters of {name} as it runs, first {lost[0]}.", "method",
                consequence="Nothing can be learned about what has no part in an answer. Merge without data.",
            )  # fmt: skip
        self.module = module.requires_grad_(False).to(self.device)
        is_image = learning.task == "image-classification"
        self._lesson = lesson_of(
            learning.task,
            Setting(
                self.module, name, folder, None if is_image else load_tokenizer(folder, name=name),
                between=lambda done: learning.told(done, done, "examples", "Reading texts"),
                tell=lambda message: learning.reporter.log(message, "warning"),
            ),
        )  # fmt: skip
        self._readers = readers_of(learning.plan, learning.folders)
        self._merger = merger_of(learning.plan)

    @property
    def objective(self) -> Objective:
        """The loss on labelled data that the models were trained with."""
        return self._lesson.objective

    def batches(self, source: int) -> Batches:
        """The examples of a source as batches of tensors."""
        return self._lesson.batches(self.learning.data_of(source))

    def steps(self) -> Iterator[MergeStep]:
        """Every merged tensor, as the method will see it; views of mapped files."""
        for step in self.learning.merged:
            made = merge_step_of(self.learning.plan, step, self._readers, self._merger)
            if made is not None:
                yield made

    def weights(self, source: int | None) -> Weights:
        """The weights of source 0, 1 …, or (None) of the base, by their names in the module, in float32 on the device.

        What a source lacks is the base's; without a base the module's own.
        """
        found: Weights = {}
        for step in self.steps():
            wanted = None if source is None else source + self.learning.first_source
            held = step.sources[step.source_ids.index(wanted)] if wanted in step.source_ids else step.base
            if held is not None:
                found[self.places[step.name]] = held.to(self.device, torch.float32, copy=True).view(step.shape)
        return found

    def run(self, weights: Mapping[str, torch.Tensor], inputs: Mapping[str, torch.Tensor], **options: Any) -> Any:
        """The module's outputs under `weights`; what they leave out is the module's own."""
        given = {name: tensor.to(self.device) for name, tensor in inputs.items()}
        return torch.func.functional_call(self.module, dict(weights), (), {**given, **options})

    def close(self) -> None:
        for reader in self._readers:
            reader.close()


def rows_drawn(total: int, count: int, *, seed: int, purpose: str) -> torch.Tensor:
    """`count` of `total` rows (all of them, if there are no more), drawn without replacement, in ascending order. int64."""
    generator = torch.Generator().manual_seed(derived_seed(seed, f"rows/{purpose}"))
    return torch.randperm(total, generator=generator)[:count].sort().values
