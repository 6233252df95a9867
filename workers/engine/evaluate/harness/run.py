"""Runs one task object of lm-eval and gives what it logged of each document, in their order."""

import logging
from typing import Any

from workers.contracts.errors import GenepoolError


def samples_of(model: Any, task: Any) -> list[dict[str, Any]]:
    """lm-eval's own records: `filtered_resps`, `target`, and each metric of the task by its name."""
    # Its warnings are about settings that we make on purpose.
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    from lm_eval.evaluator import evaluate

    name = task.config.task
    results = evaluate(
        lm=model, task_dict={"tasks": {name: task}, "groups": {}, "group_map": {}}, bootstrap_iters=0, log_samples=True
    )
    if results is None:
        raise GenepoolError("lm-eval gave no results")
    # A task may read the same answer in several ways; the first one is its own choice.
    found: dict[int, dict[str, Any]] = {}
    for sample in results["samples"][name]:
        found.setdefault(int(sample["doc_id"]), sample)
    return [found[index] for index in sorted(found)]
