"""LIVE: one model kept in memory, whose weights are those of one merge after the other. Nothing is written."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from kernels.raw import tensor_of
from workers.contracts.plans import Plan, TensorStep
from workers.engine.io.deltas import readers_of
from workers.engine.io.dtypes import dtype_of
from workers.engine.make import Merger, merge_step_of, merger_of
from workers.engine.merge.learning.naming import places_in
from workers.engine.predict.load import load_predictor
from workers.engine.predict.modules import head_wanted
from workers.engine.predict.predictor import Predictor, refused
from workers.engine.search.remembered import Pulse, Unkept, Unmeasured
from workers.engine.survey import settled

Make = Callable[[TensorStep], torch.Tensor]


class Live:
    """A model of a plan as a predictor in float32; its files and those of the others are opened once.

    Weights that a merge rounds to its result's format are rounded here as well before they are answered with, so that a trial
    measures what would be stored.

    Args:
        plan: any plan over these folders; later ones have the same tensors.
        folders: in the order in which plans count their models.
        task, name: of the predictor.
        reference: the number of the model that runs. A plan may leave the first one out.

    Raises:
        UserError: the model cannot be run, or a tensor of the plan has no part in its answers.

    Cost: one model in float32, and `threads` + 1 tensors under way.
    """

    def __init__(
        self, plan: Plan, folders: Sequence[Path], *, task: str, name: str, beat: Callable[[], None], reference: int = 0,
        threads: int = 1, device: str = "cpu",
    ) -> None:  # fmt: skip
        torch.set_num_threads(1)
        self._beat, self._pulse, self._threads = beat, Pulse(beat), max(1, threads)
        self._readers = readers_of(plan, folders)
        self._remembered: dict[Any, Any] = {}
        self.predictor: Predictor = load_predictor(folders[reference], task=task, name=name, device=device)
        module: Any = getattr(self.predictor, "module", None)
        if module is None:
            raise refused(
                "wrong_artifact",
                f"{name} does not run in torch. Its merges cannot be tried one after the other.",
                "search",
            )
        places = places_in(module, folders[reference], head=head_wanted(folders[reference], task, name), name=name)
        real: Mapping[str, torch.Tensor] = module.state_dict(keep_vars=True)
        self._parameters = {
            step.name: real[places[key]] for step in plan.steps if (key := step.inputs[0].key) in places
        }
        lost = [step.name for step in plan.steps if step.operation == "merge" and step.name not in self._parameters]
        if lost:
            raise refused(
                "tensor_unplaced", f"{len(lost)} tensors are merged and are no parameters of {name} as it runs, first {lost[0]}.", "search"
            )  # fmt: skip

    def merge(self, plan: Plan) -> None:
        """Takes on the weights of this merge."""
        merger = merger_of(plan)
        with ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="trial") as pool:
            settled_merger = settled(
                plan, self._readers, merger, pool, Unkept(), in_flight=self._threads + 1, reporter=self._pulse, cancel=self._pulse
            )  # fmt: skip
            self._take(pool, plan, lambda step: self._made(plan, step, settled_merger))

    def take(self, plan: Plan, make: Make) -> None:
        """Takes on what `make` gives for each tensor, in any float format."""
        with ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="trial") as pool:
            self._take(pool, plan, make)

    def _take(self, pool: ThreadPoolExecutor, plan: Plan, make: Make) -> None:
        waiting = deque(step for step in plan.steps if step.name in self._parameters)
        under_way = deque[tuple[TensorStep, Future[torch.Tensor]]]()
        try:
            while waiting or under_way:
                self._beat()
                while waiting and len(under_way) <= self._threads:
                    step = waiting.popleft()
                    under_way.append((step, pool.submit(make, step)))
                step, future = under_way.popleft()
                place = self._parameters[step.name]
                with torch.no_grad():
                    place.copy_(future.result().view(place.shape))
        finally:
            for _, future in under_way:
                future.cancel()

    def _made(self, plan: Plan, step: TensorStep, merger: Merger) -> torch.Tensor:
        seen = merge_step_of(plan, step, self._readers, merger)
        if seen is None:
            first = step.inputs[0]
            return self._readers[first.source].tensor(first.key, first.fact).to(dtype_of(step.dtype))
        quiet = replace(seen, measures=Unmeasured(), remembered=self._remembered)
        made: torch.Tensor = tensor_of(merger.merge(quiet))
        return made.to(dtype_of(step.dtype)).view(step.shape)

    def tensor(self, step: TensorStep, model: int) -> torch.Tensor:
        """What that model of the plan has for this tensor; the first input of the step where it has none."""
        item = next((item for item in step.inputs if item.source == model), step.inputs[0])
        return self._readers[item.source].tensor(item.key, item.fact)

    def close(self) -> None:
        self.predictor.close()
        for reader in self._readers:
            reader.close()
