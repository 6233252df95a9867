"""EVALUATE: every model of the recipe on every split of its data. One unit is one model on one split; finished units survive a kill."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.jobs import Input, JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import BATCH_SIZE, EvaluateRecipe
from workers.jobs.cost import Meter
from workers.jobs.inputs import base_of_adapter, inputs_of, inputs_rows
from workers.jobs.outputs import result_of, write_json

REVISION = 1
KEPT_DATA_BYTES = 2**30  # small data is read once for all models, large data once for each
PROGRESS_STEP = 0.05  # of one unit: a large dataset has thousands of batches


@dataclass(frozen=True)
class Unit:
    """`key` names what decides the answers: the bytes of model and data, the split, the limit, the batch size."""

    model: Input
    data: Input
    split: str
    key: str

    @property
    def name(self) -> str:
        return f"{self.model.index}-{self.data.index}"


def run(ports: Ports) -> JobResult:
    """Writes `out/predictions/<model>-<data>.parquet` and `out/report.json`."""
    import torch

    torch.set_num_threads(ports.workspace.request.threads)
    torch.use_deterministic_algorithms(True)
    recipe = EvaluateRecipe.model_validate(ports.workspace.request.recipe)
    units = _units(ports, recipe)
    with Meter() as meter:
        rows, resumed = _measure_all(ports, recipe, units)
        cost = meter.cost(
            read_bytes=sum(file.size_bytes for item in ports.workspace.request.inputs for file in item.files)
        )
    report = {
        "schema": 1,
        "kind": "evaluate",
        "results": rows,
        "inputs": inputs_rows(ports.workspace.request),
        "cost": cost,
    }
    write_json(ports.workspace.out / "report.json", report)
    return result_of(ports.workspace.out, metrics=_first_numbers(rows), report=report, resumed_units=resumed)


def _measure_all(ports: Ports, recipe: EvaluateRecipe, units: "list[Unit]") -> tuple[list[dict[str, Any]], int]:
    """The report's rows, and how many units an earlier attempt had finished."""
    rows: list[dict[str, Any]] = []
    resumed = 0
    runner = _Runner(ports, recipe, total=len(units))
    for done, unit in enumerate(units):
        ports.cancel.raise_if_requested()
        entry = _journalled(ports.workspace.journal, unit)
        if entry is None:
            entry = runner.measure(unit, done)
            ports.reporter.checkpoint(unit.name, **{name: value["value"] for name, value in entry["metrics"].items()})
        else:
            resumed += 1
        rows.append(_publishable(ports, unit, entry))
        accuracy = entry["metrics"]["accuracy"]
        ports.reporter.log(
            f"{unit.model.reference} on {unit.data.reference}: {accuracy['value']:.1%} of {accuracy['n']}"
        )
        ports.reporter.progress(done + 1, len(units), "evaluations", unit.model.reference)
    return rows, resumed


class _Runner:
    """Holds the last model and the data that fits, so that a row of the matrix loads its model once."""

    def __init__(self, ports: Ports, recipe: EvaluateRecipe, total: int) -> None:
        self.ports, self.recipe, self.total = ports, recipe, total
        self.loaded: tuple[int, Any] | None = None
        self.data: dict[int, Any] = {}

    def measure(self, unit: Unit, done: int) -> dict[str, Any]:
        from workers.engine.evaluate.answers import metrics_of, write_answers
        from workers.engine.evaluate.classification import answer
        from workers.engine.models import check_images

        examples, model = self._examples(unit), self._model(unit.model)
        check_images(model, examples.images, model_name=unit.model.reference, data_name=unit.data.reference)
        answers = answer(
            model,
            examples,
            name=unit.model.reference,
            batch_size=self.recipe.batch_size or BATCH_SIZE,
            between=self._between(unit, done, len(examples)),
        )
        entry = {"key": unit.key, "metrics": metrics_of(answers), "examples": len(examples)}
        journal = self.ports.workspace.journal
        write_answers(answers, journal / f"{unit.name}.parquet")
        # The note goes last and by rename: a note on disk means that the answers beside it are complete.
        write_json(journal / f"{unit.name}.part", entry)
        os.replace(journal / f"{unit.name}.part", journal / f"{unit.name}.json")
        return entry

    def _between(self, unit: Unit, done: int, examples: int) -> Callable[[int], None]:
        told = 0.0

        def between(answered: int) -> None:
            nonlocal told
            self.ports.cancel.raise_if_requested()
            share = answered / examples
            if share - told >= PROGRESS_STEP or answered == examples:
                told = share
                self.ports.reporter.progress(done + share, self.total, "evaluations", unit.model.reference)

        return between

    def _examples(self, unit: Unit) -> Any:
        from workers.engine.datasets import load_examples

        if unit.data.index not in self.data:
            folder = self.ports.workspace.input_folder("data", unit.data.index)
            examples = load_examples(folder, unit.split, reference=unit.data.reference).head(self.recipe.limit)
            if sum(item.size_bytes for item in [*self.data.values(), examples]) > KEPT_DATA_BYTES:
                self.data.clear()
            self.data[unit.data.index] = examples
        return self.data[unit.data.index]

    def _model(self, model: Input) -> Any:
        from workers.engine.models import load_adapted, load_classifier

        if self.loaded is None or self.loaded[0] != model.index:
            folder = self.ports.workspace.input_folder(model.role, model.index)
            if (folder / "adapter_config.json").is_file():
                base = base_of_adapter(self.ports.workspace.request, model)
                base_folder = self.ports.workspace.input_folder(base.role, base.index)
                loaded = load_adapted(base_folder, folder, name=model.reference)
            else:
                loaded = load_classifier(folder, name=model.reference)
            self.loaded = (model.index, loaded)
        return self.loaded[1]


def _units(ports: Ports, recipe: EvaluateRecipe) -> list[Unit]:
    request = ports.workspace.request
    models, data = inputs_of(request, "model"), inputs_of(request, "data")
    return [
        Unit(model, dataset, recipe.data[dataset.index].split, _key(model, dataset, recipe))
        for model in models
        for dataset in data
    ]


def _key(model: Input, data: Input, recipe: EvaluateRecipe) -> str:
    content = [[file.path, file.sha256] for item in (model, data) for file in item.files]
    parts = [
        REVISION,
        model.facts.commit,
        data.reference,
        recipe.data[data.index].split,
        recipe.limit,
        recipe.batch_size or BATCH_SIZE,
        content,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _journalled(journal: Path, unit: Unit) -> dict[str, Any] | None:
    note = journal / f"{unit.name}.json"
    if not note.is_file():
        return None
    entry: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return entry if entry["key"] == unit.key else None


def _publishable(ports: Ports, unit: Unit, entry: dict[str, Any]) -> dict[str, Any]:
    path = f"predictions/{unit.name}.parquet"
    target = ports.workspace.out / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ports.workspace.journal / f"{unit.name}.parquet", target)
    return {
        "model": _name(unit.model),
        "data": _name(unit.data) | {"split": unit.split},
        "metrics": entry["metrics"],
        "examples": entry["examples"],
        "predictions": path,
    }


def _name(item: Input) -> dict[str, Any]:
    return {"index": item.index, "reference": item.reference, "repo": item.facts.repo, "commit": item.facts.commit}


def _first_numbers(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean accuracy of each model over its data: what a list of jobs shows."""
    means: dict[str, list[float]] = {}
    for row in rows:
        means.setdefault(row["model"]["reference"], []).append(row["metrics"]["accuracy"]["value"])
    return {
        "mean_accuracy": {reference: sum(values) / len(values) for reference, values in means.items()},
        "evaluations": len(rows),
    }
