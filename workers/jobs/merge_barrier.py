"""The loss along straight lines between the models of a merge: measured point by point, each kept in the journal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.jobs.merge_card import name_of
from workers.jobs.merge_measured import answers, key_of, opened
from workers.planning.members import reference_place
from workers.planning.merge_barrier import LOSSES, RESULT, barrier_data, barrier_of, lines_of, models_along

REVISION = 1


def measure(
    ports: Ports,
    recipe: MergeRecipe,
    made: MergeRecipe,
    plan: Plan,
    models: Sequence[Input],
    folders: Sequence[Path],
    out: Path,
    digest: str,
) -> dict[str, Any] | None:
    """None where nobody asked. `recipe` is the one that was asked for, with its search; `made` and `plan` are those of the result in `out`.

    θ(t) = (1 − t)·θ_a + t·θ_b for t = 0, 1/(p − 1), …, 1; barrier = max_t [L(t) − ((1 − t)·L(0) + t·L(1))] ≥ 0, L the mean loss
    over all examples of each dataset, and the mean over datasets.

    Sources: Frankle et al. 2020, "Linear Mode Connectivity and the Lottery Ticket Hypothesis", arXiv:1912.05671; with ends of
    different loss as Entezari et al. 2022, arXiv:2110.06296, equation 1.

    Raises:
        UserError: the data does not fit the models, or they cannot be run.
    """
    barrier = barrier_of(recipe)
    if barrier is None:
        return None
    from workers.engine.io.journal import Journal

    data, first = barrier_data(recipe)
    reference = reference_place(made)
    examples = opened(ports, data, first, models[reference], "diagnostics.barrier" if barrier.data else "")
    column, weight, label = LOSSES[examples.task.name]
    ports.reporter.step("barrier", "started")
    key = key_of(ports.workspace.request, REVISION, plan.model_dump_json() + digest)
    journal = Journal(ports.workspace.journal / "barrier", key)
    total, done, line = models_along(recipe), 0, None
    known: dict[str, dict[str, Any]] = {}

    def point(name: str, one: int, other: int, at: float) -> dict[str, Any]:
        nonlocal line, done
        if name not in known:
            kept = journal.note(name)
            if kept is None:
                if line is None:
                    line = _Line(ports, plan, folders, out, examples, models, reference)
                kept = line.measured(one, other, at, column, weight)
                journal.keep(name, kept)
                ports.reporter.checkpoint(name)
            known[name] = kept
            done += 1
            ports.reporter.progress(done, total, "models", f"Loss along a line: model {done} of {total}")
        return known[name]

    rows = []
    try:
        for one, other in lines_of(recipe):
            places = [index / (barrier.points - 1) for index in range(barrier.points)]
            found = [
                point(
                    f"model-{one if at == 0 else other}" if at in (0.0, 1.0) else f"line-{one}-{other}-{index}",
                    one,
                    other,
                    at,
                )
                for index, at in enumerate(places)
            ]
            rows.append(_row([_name(models, one), _name(models, other)], places, found))
    finally:
        if line is not None:
            line.live.close()
    ports.reporter.step("barrier", "finished")
    return {
        "between": barrier.between, "task": examples.task.name, "loss_label": label, "data": examples.rows, "lines": rows,
        "examples": examples.count,
    }  # fmt: skip


def without_data(request: JobRequest, recipe: MergeRecipe) -> JobRequest:
    """The request without the data that is measured on alone: the result owes it nothing, and its papers do not name it."""
    barrier = barrier_of(recipe)
    if barrier is None or not barrier.data:
        return request
    _, first = barrier_data(recipe)
    kept = tuple(item for item in request.inputs if item.role != "data" or item.index < first)
    return request.model_copy(update={"inputs": kept})


class _Line:
    """The models along lines, one after the other, in one module."""

    def __init__(
        self, ports: Ports, plan: Plan, folders: Sequence[Path], out: Path, examples: Any, models: Sequence[Input], reference: int
    ) -> None:  # fmt: skip
        from workers.engine.search.live import Live

        request = ports.workspace.request
        self.ports, self.plan, self.examples, self.out = ports, plan, examples, out
        self.live = Live(
            plan, folders, task=examples.task.name, name=name_of(models[reference]), reference=reference, beat=ports.cancel.raise_if_requested, threads=request.threads,
            device=request.device,
        )  # fmt: skip

    def measured(self, one: int, other: int, at: float, column: str, weight: str) -> dict[str, Any]:
        import numpy as np

        from workers.engine.search.lines import between

        between(self.live, self.plan, self.out, one, other, at)
        losses, shares = [], []
        try:
            for each in self.examples.examples:
                columns = answers(self.examples, self.live.predictor, each, self.ports.cancel.raise_if_requested)
                sign = -1.0 if column == "logprob" else 1.0
                parts = np.asarray(columns[weight], dtype=np.float64).sum() if weight else len(columns[column])
                losses.append(sign * float(np.asarray(columns[column], dtype=np.float64).sum() / parts))
                if "correct" in columns:
                    shares.append(float(np.asarray(columns["correct"]).mean()))
        except UserError as error:
            if not {finding.code for finding in error.findings} & {"nan_predictions"}:
                raise
            return {"loss": None, "accuracy": None}
        accuracy = sum(shares) / len(shares) if shares else None
        return {"loss": sum(losses) / len(losses), "accuracy": accuracy}


def _row(names: Sequence[str], places: Sequence[float], found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    losses = [entry["loss"] for entry in found]
    row = {
        "from": names[0], "to": names[1], "t": list(places), "loss": losses, "accuracy": [entry["accuracy"] for entry in found],
        "barrier": None, "at": None,
    }  # fmt: skip
    first, last = losses[0], losses[-1]
    if first is None or last is None:
        return row
    heights = [
        (loss - ((1 - at) * first + at * last), at) for loss, at in zip(losses, places, strict=True) if loss is not None
    ]
    height, at = max(heights, key=lambda entry: entry[0])
    return row | {"barrier": max(0.0, height), "at": at}


def _name(models: Sequence[Input], number: int) -> str:
    return "the result" if number == RESULT else name_of(models[number])
