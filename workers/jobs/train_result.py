"""What comes out of a training: its files, its scores on data that it has not seen, its report."""

import importlib
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.ports import Ports
from workers.contracts.recipes import TrainRecipe
from workers.jobs.inputs import inputs_of
from workers.jobs.train_data import open_one
from workers.jobs.train_parts import Parts


def save(ports: Ports, recipe: TrainRecipe, parts: Parts) -> None:
    from workers.engine.train.save import save_adapter, save_model, save_words

    out = ports.workspace.out
    if recipe.lora is not None:
        base = inputs_of(ports.workspace.request, "model")[0]
        name = base.facts.repo or base.reference.split("@")[0]
        save_adapter(parts.model, out, base=name, revision=base.facts.commit)
        return
    save_model(parts.model, out)
    folder = ports.workspace.input_folder("model", 0) if recipe.model is not None else None
    save_words(folder, parts.tokenizer, out)


def measure(ports: Ports, recipe: TrainRecipe, parts: Parts) -> list[dict[str, Any]]:
    """Loads what was saved, as anybody would, and measures it: a row for each dataset, with every metric of the task.

    A training is worth keeping also where its validation data turns out unreadable: such a dataset is told of and left out.
    """
    if not parts.measured:
        return []
    from workers.engine.data.leakage import overlap
    from workers.engine.predict.load import load_predictor
    from workers.statistics.scores import metrics_of

    task = parts.task
    module, _, function = task.runner.partition(":")
    answer = getattr(importlib.import_module(module), function)
    base = ports.workspace.input_folder("model", 0) if recipe.lora is not None else None
    predictor = load_predictor(
        ports.workspace.out, task=task.name, name="the result", base_folder=base, device=ports.workspace.request.device
    )
    rows = []
    options = {} if recipe.max_length is None or task.is_classification else {"max_length": recipe.max_length}
    for place in parts.measured:
        item = place[1]
        try:
            examples = open_one(ports, recipe, task.name, parts.labels, place)
        except UserError as error:
            ports.reporter.log(f"{item.split} of {item.data} is not measured. {error}", "warning")
            continue
        columns = answer(
            predictor, examples, batch_size=recipe.batch_size, options=options,
            between=lambda done: ports.cancel.raise_if_requested(),
        )  # fmt: skip
        leaked = sum(overlap(examples, part) for part in parts.training)
        if leaked:
            ports.reporter.log(
                f"{leaked} of {len(examples)} examples of {examples.name} are also trained on. What is measured there is too good.",
                "warning",
            )
        rows.append({"data": item.data, "split": item.split, "leakage": leaked, "metrics": metrics_of(task, columns)})
    return rows
