"""RANK: which entry to start from for a labelled sample. One unit is one model; finished units survive a kill."""

import hashlib
import json
import os
import time
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.estimators import Estimator
from workers.contracts.jobs import Input, JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import BATCH_SIZE, RankRecipe
from workers.contracts.tasks import Task
from workers.jobs.bases import base_folder_of
from workers.jobs.cost import Meter
from workers.jobs.inputs import inputs_of, inputs_rows
from workers.jobs.outputs import result_of, write_json
from workers.planning.rank import LEAST, estimators_for, rank_task

REVISION = 1


def run(ports: Ports) -> JobResult:
    """Writes `out/report.json`: every model's scores and places, best first, and those that could not be ranked with the reason."""
    import torch

    torch.set_num_threads(ports.workspace.request.threads)
    torch.use_deterministic_algorithms(True)
    request = ports.workspace.request
    recipe = RankRecipe.model_validate(request.recipe)
    data = inputs_of(request, "data")[0]
    task = rank_task(recipe.data[0], data.facts)
    if task is None:
        raise UserError(f"{data.reference} has no labels that entries could be ranked by.")
    with Meter() as meter:
        report, resumed = _Ranking(ports, recipe, data, task).report()
        report["cost"] = meter.cost(read_bytes=sum(file.size_bytes for item in request.inputs for file in item.files))
    write_json(ports.workspace.out / "report.json", report)
    first = report["results"][0]["model"]["reference"]
    metrics = {
        "best": first,
        "ranked": len(report["results"]),
        "left_out": len(report["left_out"]),
        "ordered_by": report["ordered_by"],
    }
    return result_of(ports.workspace.out, metrics=metrics, report=report, resumed_units=resumed)


class _Ranking:
    """The sample, read once, and the models that look at it one after the other."""

    def __init__(self, ports: Ports, recipe: RankRecipe, data: Input, task: Task) -> None:
        from workers.engine.data.examples import examples_of
        from workers.engine.data.splits import open_split
        from workers.engine.transfer.sample import sample_draw

        self.ports, self.recipe, self.data, self.task = ports, recipe, data, task
        self.estimators: tuple[Estimator, ...] = estimators_for(recipe, task)
        measure = recipe.data[0]
        folder = ports.workspace.input_folder("data", data.index)
        split = open_split(folder, measure.split, reference=data.reference, scratch=ports.workspace.journal / "scratch")
        examples = examples_of(
            split, task.name, columns=measure.columns, labels=measure.labels, limit=measure.limit, name=data.reference
        )
        self.sample = sample_draw(examples, limit=recipe.limit, seed=recipe.seed, least=LEAST)

    def report(self) -> tuple[dict[str, Any], int]:
        from workers.engine.transfer.scores import places_of

        models = inputs_of(self.ports.workspace.request, "model")
        entries: dict[int, dict[str, Any]] = {}
        resumed = 0
        for done, model in enumerate(models):
            self.ports.cancel.raise_if_requested()
            entry = self._journalled(model)
            resumed += entry is not None
            entries[model.index] = entry if entry is not None else self._measured(model, done, len(models))
            self.ports.reporter.progress(done + 1, len(models), "models", model.reference)
        scores = {index: entry["scores"] for index, entry in entries.items() if "scores" in entry}
        if not scores:
            reasons = "; ".join(entry["left_out"]["message"] for entry in list(entries.values())[:5])
            raise UserError(f"None of the models could look at the sample. {reasons}")
        places = {row.name: places_of(scores, row.name) for row in self.estimators}
        ordered_by = next(row.name for row in self.estimators if places[row.name])
        by_index = {model.index: model for model in models}
        order = sorted(
            scores, key=lambda index: (places[ordered_by].get(index, len(models) + 1), by_index[index].reference)
        )
        results = [
            {
                "model": _name(by_index[index]), "place": places[ordered_by].get(index), "scores": entries[index]["scores"],
                "places": {name: held[index] for name, held in places.items() if index in held},
                "dimensions": entries[index]["dimensions"], "seconds": entries[index]["seconds"],
            }
            for index in order
        ]  # fmt: skip
        left_out = [
            {"model": _name(by_index[index]), **entry["left_out"]}
            for index, entry in entries.items()
            if "left_out" in entry
        ]
        examples = self.sample.examples
        return {
            "schema": 1, "kind": "rank", "task": self.task.name,
            "data": _name(self.data) | {"split": self.recipe.data[0].split},
            "examples": len(self.sample.rows), "of": len(examples), "labels": list(examples.labels),
            "estimators": [row.name for row in self.estimators if places[row.name]], "ordered_by": ordered_by,
            "baseline": self._baseline(), "results": results, "left_out": left_out,
            "warnings": [warning.message for warning in examples.warnings],
            "inputs": inputs_rows(self.ports.workspace.request),
        }, resumed  # fmt: skip

    def _measured(self, model: Input, done: int, total: int) -> dict[str, Any]:
        """The scores of one model, or why it has none: one broken entry does not take the others down."""
        from workers.engine.predict.load import load_predictor
        from workers.engine.transfer.sample import views_of
        from workers.engine.transfer.scores import scores_of

        started = time.monotonic()
        workspace = self.ports.workspace

        def between(seen: int) -> None:
            self.ports.cancel.raise_if_requested()
            self.ports.reporter.progress(done + 0.9 * seen / len(self.sample.rows), total, "models", model.reference)

        entry: dict[str, Any] = {"key": self._key(model)}
        try:
            with load_predictor(
                workspace.input_folder("model", model.index), task=self._head(model), name=model.reference,
                base_folder=base_folder_of(workspace, model), device=workspace.request.device,
            ) as predictor:  # fmt: skip
                views = views_of(predictor, self.sample, self.estimators, batch_size=BATCH_SIZE, between=between)
            entry["scores"] = scores_of(
                views, self.sample.targets, self.estimators, name=model.reference, seed=self.recipe.seed
            )
            entry["dimensions"] = views.features.shape[1] if views.features is not None else None
            entry["seconds"] = round(time.monotonic() - started, 3)
            told = ", ".join(f"{name} {value:.4f}" for name, value in entry["scores"].items())
            self.ports.reporter.log(f"{_called(model)}: {told}")
        except UserError as error:
            code = error.findings[0].code if error.findings else UserError.code
            entry["left_out"] = {"code": code, "message": str(error)}
            self.ports.reporter.log(f"{_called(model)} is left out: {error}", "warning")
        self._keep(model, entry)
        return entry

    def _head(self, model: Input) -> str:
        """The head that the model has; models that live as ONNX are loaded for the task itself."""
        from workers.planning.lone import is_onnx

        return self.task.name if is_onnx(model.facts) else ""

    def _baseline(self) -> float | None:
        """What always naming the commonest class gets right; None for numbers."""
        import numpy as np

        if not self.task.is_classification:
            return None
        return float(np.unique(self.sample.targets, return_counts=True)[1].max() / len(self.sample.rows))

    def _key(self, model: Input) -> str:
        inputs = [
            item for item in self.ports.workspace.request.inputs if item.role == "base" and item.index == model.index
        ]
        content = [[file.path, file.sha256] for item in (model, self.data, *inputs) for file in item.files]
        recipe = self.recipe.model_dump(mode="json", include={"data", "estimators", "limit", "seed"})
        return hashlib.sha256(json.dumps([REVISION, self.task.name, recipe, content]).encode()).hexdigest()

    def _keep(self, model: Input, entry: dict[str, Any]) -> None:
        journal = self.ports.workspace.journal
        write_json(journal / f"{model.index}.part", entry)
        os.replace(journal / f"{model.index}.part", journal / f"{model.index}.json")
        self.ports.reporter.checkpoint(f"model-{model.index}")

    def _journalled(self, model: Input) -> dict[str, Any] | None:
        note = self.ports.workspace.journal / f"{model.index}.json"
        if not note.is_file():
            return None
        entry: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        return entry if entry["key"] == self._key(model) else None


def _called(item: Input) -> str:
    """For the log: no commit in full, which a ranking of everything that fits has in each reference."""
    name, _, revision = item.reference.partition("@")
    return f"{name}@{revision[:7]}" if revision else name


def _name(item: Input) -> dict[str, Any]:
    return {"index": item.index, "reference": item.reference, "repo": item.facts.repo, "commit": item.facts.commit}
