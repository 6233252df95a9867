"""TRY: one input through one model. Nothing is written: the answer is the job's metrics, the input is kept nowhere."""

import time

from workers.contracts.errors import UserError
from workers.contracts.jobs import JobResult
from workers.contracts.ports import Ports
from workers.contracts.recipes import TryRecipe
from workers.contracts.tasks import task_get
from workers.jobs.bases import base_folder_of
from workers.jobs.inputs import inputs_of
from workers.planning.try_out import task_of


def run(ports: Ports) -> JobResult:
    import torch

    torch.set_num_threads(ports.workspace.request.threads)
    from workers.engine.predict.load import load_predictor
    from workers.engine.tryout.answers import answer_of

    recipe = TryRecipe.model_validate(ports.workspace.request.recipe)
    request = ports.workspace.request
    model = inputs_of(request, "model")[0]
    base = next((item.facts for item in inputs_of(request, "base")), None)
    task = task_get(task_of(recipe, model.facts, base) or "")
    if task is None:
        raise UserError(f"{model.reference} does not say what it is for. Name the task.")
    ports.reporter.progress(0, 1, "answers", model.reference)
    with load_predictor(
        ports.workspace.input_folder("model", model.index), task=task.name, name=model.reference,
        base_folder=base_folder_of(ports.workspace, model),
    ) as predictor:  # fmt: skip
        ports.cancel.raise_if_requested()
        started = time.monotonic()
        answer = answer_of(predictor, task, recipe.input)
        answer["seconds"] = round(time.monotonic() - started, 4)
    ports.reporter.progress(1, 1, "answers", model.reference)
    return JobResult(metrics={"answer": {"task": task.name, **answer}})
