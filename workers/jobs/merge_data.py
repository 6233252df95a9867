"""What a merge learns from data, before a tensor is merged. What an earlier attempt learned is not learned again."""

import hashlib
import importlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.jobs import Input, JobRequest
from workers.contracts.methods import method_get
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.jobs.inputs import inputs_of
from workers.jobs.merge_card import name_of
from workers.planning.merge_data import task_learned

REVISION = 2
REPORT = "learning.json"


@dataclass(frozen=True)
class Learned:
    """`folder` holds `part/tensor name`; `report` says in numbers how the learning went."""

    folder: Path
    report: dict[str, Any]


def learn(ports: Ports, recipe: MergeRecipe, models: Sequence[Input], folders: Sequence[Path]) -> Learned | None:
    """None for methods that learn nothing.

    Raises:
        UserError: the data does not fit the models, or they cannot be run; with its findings.
    """
    request = ports.workspace.request
    row = method_get("merge", recipe.method)
    if row is None or not row.learn or request.plan is None:
        return None
    from workers.engine.merge.learning.request import Learning, reference_of
    from workers.engine.predict.modules import read_json
    from workers.jobs.train import settle

    key = learning_key(request)
    out, journal = ports.workspace.journal / f"learned-{key[:16]}", ports.workspace.journal / "learning"
    if (out / REPORT).is_file():
        return Learned(out, json.loads((out / REPORT).read_text(encoding="utf-8")))
    settle(request)
    for folder in (out, journal):
        folder.mkdir(parents=True, exist_ok=True)
    first_source = sum(item.role == "base" for item in models)
    reference = folders[reference_of(request.plan, first_source)]
    task = task_learned(row, read_json(reference / "config.json"))
    # What a task vector's classes are called stands in its base.
    named = [folders[0] if place in request.plan.deltas else folder for place, folder in enumerate(folders)]
    sources = [folder for folder, item in zip(named, models, strict=True) if item.role == "source"]
    shared, *_ = (step.parameters for step in request.plan.steps if step.operation == "merge")
    labelled = row.learns_from_labels(shared)
    data = [_examples(ports, recipe, number, task, sources, labelled=labelled) for number in range(len(recipe.data))]
    ports.reporter.step("learn", "started")
    ports.reporter.log(f"{row.label} learns from {sum(map(len, data)):,} examples of {task}.")
    learning = Learning(
        plan=request.plan, folders=folders, names=[name_of(item) for item in models], first_source=first_source,
        data=data, task=task, out=out, journal=journal, key=key, reporter=ports.reporter, cancel=ports.cancel, device=request.device,
        memory_bytes=request.memory_bytes,
    )  # fmt: skip
    module, _, name = row.learn.partition(":")
    function: Callable[[Learning], dict[str, Any]] = getattr(importlib.import_module(module), name)
    report = {"task": task, "data": _data_rows(request, recipe), **function(learning)}
    _write(out / REPORT, report)
    ports.reporter.step("learn", "finished")
    return Learned(out, report)


def _examples(
    ports: Ports, recipe: MergeRecipe, number: int, task: str, sources: Sequence[Path], *, labelled: bool
) -> Any:
    """The dataset of that number as its source sees it: classes by the names that the source has for them."""
    from workers.engine.data.examples import examples_of
    from workers.engine.data.splits import open_split
    from workers.engine.predict.modules import read_json

    item = recipe.data[number]
    folder = ports.workspace.input_folder("data", number)
    split = open_split(folder, item.split, reference=item.data, scratch=ports.workspace.journal / "scratch")
    names = read_json(sources[min(number, len(sources) - 1)] / "config.json").get("id2label") or {}
    labels = [str(names[key]) for key in sorted(names, key=int)] if labelled else []
    examples = examples_of(split, task, columns=item.columns, labels=labels, labelled=labelled)
    for finding in examples.warnings:
        ports.reporter.log(f"{finding.message} {finding.consequence}".strip(), "warning")
    return examples


def _data_rows(request: JobRequest, recipe: MergeRecipe) -> list[dict[str, Any]]:
    inputs = {item.index: item for item in inputs_of(request, "data")}
    return [
        {
            "data": item.data, "split": item.split,
            "commit": inputs[index].facts.commit if index in inputs else "",
            "files": {file.path: file.sha256 for file in inputs[index].files} if index in inputs else {},
        }
        for index, item in enumerate(recipe.data)
    ]  # fmt: skip


def learning_key(request: JobRequest) -> str:
    """Names the learning: recipe, plan and content of every input, where it is computed and on how many threads."""
    content = [[file.path, file.size_bytes, file.sha256] for item in request.inputs for file in item.files]
    recipe = {name: value for name, value in request.recipe.items() if name not in {"output", "evaluate"}}
    plan = request.plan.model_dump_json() if request.plan is not None else ""
    parts = [REVISION, recipe, plan, content, request.device, request.threads]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _write(path: Path, report: dict[str, Any]) -> None:
    """Last of all: where it is, the folder is whole."""
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(report, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
