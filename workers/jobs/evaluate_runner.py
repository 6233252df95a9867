"""Measures one unit: loads the entry, has it answer, works out the numbers and what they cost."""

import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from workers.contracts.ports import Ports
from workers.jobs.cost import Meter
from workers.jobs.evaluate_data import Data, open_data
from workers.jobs.evaluate_learned import Learned
from workers.jobs.evaluate_parts import Parts, answer_parts
from workers.jobs.evaluate_units import Unit
from workers.jobs.outputs import write_json

PROGRESS_STEP = 0.05  # of one unit: a large dataset has thousands of batches


class Runner:
    """Holds the last entry, and the data of all units, so that a row of the matrix loads its entry once."""

    def __init__(self, ports: Ports, total: int) -> None:
        self.ports, self.total = ports, total
        self.loaded: tuple[tuple[int, str], Any] | None = None
        self.data: dict[int, Data] = {}
        self.learned = Learned(ports)

    def close(self) -> None:
        if self.loaded is not None:
            self.loaded[1].close()
            self.loaded = None

    def open(self, unit: Unit) -> None:
        """Reads the data of the unit. Raises UserError where it is not what it should be: no model could be measured on it."""
        self._data(unit)

    def measure(self, unit: Unit, done: int) -> dict[str, Any]:
        """The unit's entry for the report, kept in the journal beside its answers."""
        import numpy as np

        from workers.engine.evaluate.answers import columns_of, write_table
        from workers.statistics.scores import metrics_of

        parts = Parts(self.ports.workspace.journal / unit.name, unit.key)
        with Meter() as meter:
            data, predictor = self._data(unit), self._predictor(unit)
            batch = self._answer(unit, parts, data, predictor, done)
            peak = meter.cost()["peak_memory_bytes"] + predictor.outside_bytes
        table = parts.table()
        cluster = np.array(data.cluster) if data.cluster is not None else None
        metrics = metrics_of(unit.task, columns_of(table, unit.task), cluster=cluster)
        leakage, told = self.learned.of(unit, data)
        entry = {
            "key": unit.key,
            "metrics": metrics,
            "examples": len(table),
            "labels": list(data.examples.labels),
            "batch_size": batch,
            "cost": self._cost(unit, data, predictor) | {
                "examples_per_s": round(len(table) / parts.seconds, 3) if parts.seconds else None,
                "peak_memory_bytes": peak,
            },
            "example_hash": data.example_hash,
            "duplicates": data.duplicates,
            "leakage": data.leakage | leakage,
            "warnings": [*data.warnings, *told, *_by_number(unit, data, predictor), *_remarks(predictor)],
        }  # fmt: skip
        journal = self.ports.workspace.journal
        write_table(table, journal / f"{unit.name}.parquet")
        write_json(journal / f"{unit.name}.part", entry)
        os.replace(journal / f"{unit.name}.part", journal / f"{unit.name}.json")
        return entry

    def _answer(self, unit: Unit, parts: Parts, data: Data, predictor: Any, done: int) -> int:
        from workers.engine.evaluate.answers import answers_table
        from workers.engine.evaluate.batches import Part

        runner, total = runner_of(unit), len(data.examples)

        def ask(start: int, stop: int, batch_size: int) -> Any:
            between = self._between(unit, done, start, total)
            columns = runner(
                predictor, Part(data.examples, start, stop), batch_size=batch_size, options=unit.definition.options,
                between=between,
            )  # fmt: skip
            return answers_table(
                unit.task, columns, index=data.examples.index[start:stop], shas=data.shas[start:stop],
                slices={name: values[start:stop] for name, values in data.slices.items()},
                cluster=data.cluster[start:stop] if data.cluster is not None else None,
            )  # fmt: skip

        def smaller(batch: int) -> None:
            self.ports.reporter.log(f"Memory ran out: going on with batches of {batch}.", "warning")

        return answer_parts(
            parts, ask, examples=total, batch_size=unit.batch_size, is_whole=unit.task.is_whole, smaller=smaller
        )

    def _cost(self, unit: Unit, data: Data, predictor: Any) -> dict[str, Any]:
        from workers.engine.evaluate.cost import clock, flops_of

        runner = runner_of(unit)

        def ask(examples: Any) -> Any:
            self.ports.cancel.raise_if_requested()
            return runner(predictor, examples, batch_size=1, options=unit.definition.options)

        clocked = clock(ask, data.examples)
        return {
            "parameters": predictor.parameters or None,
            "flops": flops_of(ask, data.examples),
            "latency_ms": clocked.latency_ms,
            "size_bytes": predictor.size_bytes,
            "device": predictor.device,
        }

    def _between(self, unit: Unit, done: int, start: int, total: int) -> Callable[[int], None]:
        told = start / total

        def between(answered: int) -> None:
            nonlocal told
            self.ports.cancel.raise_if_requested()
            share = (start + answered) / total
            if share - told >= PROGRESS_STEP or start + answered == total:
                told = share
                self.ports.reporter.progress(done + share, self.total, "evaluations", unit.model.reference)

        return between

    def _data(self, unit: Unit) -> Data:
        if unit.data.index not in self.data:
            folder = self.ports.workspace.input_folder("data", unit.data.index)
            self.data[unit.data.index] = open_data(folder, unit, self.ports.workspace.journal / "scratch")
        return self.data[unit.data.index]

    def _predictor(self, unit: Unit) -> Any:
        from workers.engine.predict.load import load_predictor

        key = (unit.model.index, unit.task.name)
        if self.loaded is None or self.loaded[0] != key:
            self.close()
            workspace = self.ports.workspace
            base = unit.base
            predictor = load_predictor(
                workspace.input_folder(unit.model.role, unit.model.index),
                task=unit.task.name,
                name=unit.model.reference,
                base_folder=workspace.input_folder(base.role, base.index) if base is not None else None,
                device=workspace.request.device,
            )
            self.loaded = (key, predictor)
        return self.loaded[1]


def runner_of(unit: Unit) -> Callable[..., dict[str, Any]]:
    """The function that the task table names."""
    module, _, function = unit.task.runner.partition(":")
    found: Callable[..., dict[str, Any]] = getattr(import_module(module), function)
    return found


def journalled(journal: Path, unit: Unit) -> dict[str, Any] | None:
    """The entry of a unit that an earlier attempt finished."""
    note = journal / f"{unit.name}.json"
    if not note.is_file():
        return None
    entry: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return entry if entry["key"] == unit.key else None


def _remarks(predictor: Any) -> list[dict[str, Any]]:
    return [
        {"code": "remark", "severity": "warning", "message": message, "where": "models", "stage": "run"}
        for message in predictor.remarks
    ]


def _by_number(unit: Unit, data: Data, predictor: Any) -> list[dict[str, Any]]:
    """Class numbers that nobody gave names to: taken as the entry's classes in their order, which a reader has to know."""
    from workers.planning.labels import BY_NUMBER, are_taken_by_number, number_words
    from workers.planning.wording import finding, short_name

    labels = data.examples.labels
    if not (unit.task.is_classification and labels and are_taken_by_number(labels, predictor.labels)):
        return []
    message = number_words(data.examples.name, labels, short_name(predictor.name), predictor.labels)
    told = finding("labels_by_number", "warning", ("data", unit.data.index, "labels"), message, BY_NUMBER)
    return [told.model_copy(update={"stage": "run"}).model_dump(mode="json")]
