"""EVALUATE: every model of the recipe on every split of its data. Finished examples survive a kill; every answer is kept.

A model that cannot be measured is left out and named, and takes no other down; data that cannot be read ends the job.
"""

import os
import shutil
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.jobs import Input, JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import EvaluateRecipe
from workers.contracts.tasks import metric_get
from workers.jobs.cost import Meter
from workers.jobs.evaluate_runner import Runner, journalled
from workers.jobs.evaluate_units import Unit, units_of
from workers.jobs.inputs import inputs_rows
from workers.jobs.outputs import result_of, write_json

_SHARE = "share"


def run(ports: Ports) -> JobResult:
    """Writes `out/predictions/<model>-<data>.parquet` (repeats: `…-<repeat>`) and `out/report.json`."""
    # Without it cuBLAS gives other bits from one run to the next; it is read when the device is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    request = ports.workspace.request
    torch.set_num_threads(request.threads)
    torch.use_deterministic_algorithms(True)
    recipe = EvaluateRecipe.model_validate(request.recipe)
    units = units_of(request, recipe)
    with Meter() as meter:
        rows, left_out, resumed = _measure_all(ports, units)
        cost = meter.cost(read_bytes=sum(file.size_bytes for item in request.inputs for file in item.files))
    report = {
        "schema": 1, "kind": "evaluate", "results": rows, "left_out": left_out, "inputs": inputs_rows(request), "cost": cost,
    }  # fmt: skip
    write_json(ports.workspace.out / "report.json", report)
    metrics = _first_numbers(rows) | ({"left_out": len(left_out)} if left_out else {})
    return result_of(ports.workspace.out, metrics=metrics, report=report, resumed_units=resumed)


def _measure_all(ports: Ports, units: list[Unit]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """The report's rows, what is left out, and how many units an earlier attempt had finished.

    Raises:
        UserError: the data cannot be read, or no model could be measured on any of it.
    """
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    first: UserError | None = None
    resumed = 0
    runner = Runner(ports, total=len(units))
    try:
        for done, unit in enumerate(units):
            ports.cancel.raise_if_requested()
            entry = journalled(ports.workspace.journal, unit)
            if entry is None:
                runner.open(unit)
                try:
                    entry = runner.measure(unit, done)
                except UserError as error:
                    first = first or error
                    left = _left_out(unit, error)
                    left_out.append(left)
                    ports.reporter.checkpoint(
                        unit.name, model=unit.model.reference, data=unit.data.reference, left_out=left["message"], code=left["code"]
                    )  # fmt: skip
                    message = f"{unit.model.reference} is not measured on {unit.data.reference}: {error}"
                    ports.reporter.log(message, "warning")
                    ports.reporter.progress(done + 1, len(units), "evaluations", unit.model.reference)
                    continue
                values = {name: value["value"] for name, value in entry["metrics"].items()}
                ports.reporter.checkpoint(
                    unit.name, model=unit.model.reference, data=unit.data.reference, task=unit.task.name, **values
                )
            else:
                resumed += 1
            rows.append(_publishable(ports, unit, entry))
            ports.reporter.log(_told(unit, entry))
            for finding in entry["warnings"]:
                ports.reporter.log(finding["message"], "warning")
            ports.reporter.progress(done + 1, len(units), "evaluations", unit.model.reference)
    finally:
        runner.close()
    if first is not None and not rows:
        raise first
    return rows, left_out, resumed


def _left_out(unit: Unit, error: UserError) -> dict[str, Any]:
    return {
        "model": _name(unit.model),
        "data": _name(unit.data) | {"split": unit.definition.split},
        "repeat": unit.repeat,
        "code": error.findings[0].code if error.findings else UserError.code,
        "message": str(error),
    }


def _publishable(ports: Ports, unit: Unit, entry: dict[str, Any]) -> dict[str, Any]:
    path = f"predictions/{unit.name}.parquet"
    target = ports.workspace.out / path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ports.workspace.journal / f"{unit.name}.parquet", target)
    return {
        "model": _name(unit.model),
        "data": _name(unit.data) | {"split": unit.definition.split},
        "task": unit.task.name,
        "definition": unit.definition.model_dump(mode="json"),
        "digest": unit.definition.digest,
        "benchmark": unit.measure.benchmark,
        "repeat": unit.repeat,
        "predictions": path,
        **{name: value for name, value in entry.items() if name != "key"},
    }


def _name(item: Input) -> dict[str, Any]:
    return {"index": item.index, "reference": item.reference, "repo": item.facts.repo, "commit": item.facts.commit}


def _told(unit: Unit, entry: dict[str, Any]) -> str:
    name = first_metric(unit)
    metric, value = metric_get(name), entry["metrics"][name]["value"]
    number = "undefined" if value is None else f"{value:.1%}" if metric.unit == _SHARE else f"{value:.4g}"
    return f"{unit.model.reference} on {unit.data.reference}: {metric.label.lower()} {number}, {entry['examples']} examples"


def first_metric(unit: Unit) -> str:
    """The metric that entries are ranked by."""
    return next((name for name in unit.definition.metrics if name in unit.task.metrics), unit.task.metrics[0])


def _first_numbers(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each model's first metric over its data, metric by metric: what a list of jobs shows."""
    means: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        asked = row["definition"]["metrics"]
        name = next((name for name in asked if name in row["metrics"]), next(iter(row["metrics"])))
        value = row["metrics"][name]["value"]
        if value is not None and not row["repeat"]:
            means.setdefault(f"mean_{name}", {}).setdefault(row["model"]["reference"], []).append(value)
    found = {
        name: {reference: sum(values) / len(values) for reference, values in of_models.items()}
        for name, of_models in means.items()
    }
    return {**found, "evaluations": len(rows)}
