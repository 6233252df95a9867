"""Tasks that lm-eval brings, by name alone, over rows of ours: its way of asking, our data. Nothing is downloaded."""

from typing import Any

from workers.engine.evaluate.batches import Measured
from workers.engine.predict.predictor import refused
from workers.planning.harness_files import needs_words, refusal, task_files, unknown_words

_WHERE = "data.options.lm_eval_task"
_MEAN = {"aggregation": "mean", "higher_is_better": True}


def builtin_task(name: str, examples: Measured, *, fewshot: int) -> Any:
    """The task object `name` of lm-eval, over the rows of `examples` with all their columns.

    SECURITY: a name is looked up among the files that lm-eval was installed with; it is never taken for a path. What those files
    hold (functions, templates) is lm-eval's; values of rows are put into them and never read as templates.

    Raises:
        UserError: lm-eval brings no such task, it is not of this kind, it would fetch or run something, or the rows do not have
            the columns that it reads.
    """
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.tasks._yaml_loader import load_yaml

    path = task_files().get(name)
    if path is None:
        raise refused("harness_unknown", unknown_words(name), _WHERE)
    code, message = refusal(name, examples.task)
    if code:
        raise refused(code, message, _WHERE)
    try:
        config = dict(load_yaml(path, resolve_func=True))
    except Exception as error:
        # Some of its functions fetch what they need as soon as they are loaded; here nothing answers.
        raise refused("harness_download", needs_words(name), _WHERE) from error
    for key in (
        "tag",
        "group",
        "task_list",
        "dataset_path",
        "dataset_name",
        "dataset_kwargs",
        "training_split",
        "validation_split",
    ):
        config.pop(key, None)
    rows = rows_of(examples)
    config |= {
        "task": name,
        "custom_dataset": lambda **options: {"test": rows},
        "test_split": "test",
        "fewshot_split": "test",
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": fewshot,
        "metadata": {"version": 1},
    }
    if examples.task == "multiple-choice":
        config["metric_list"] = [{"metric": "acc", **_MEAN}, {"metric": "acc_norm", **_MEAN}]
    try:
        return ConfigurableTask(config=config)
    except Exception as error:
        # Functions and templates of the task meet rows that were not made for them, and fail in many ways.
        raise misfit(name, examples, error) from error


def misfit(name: str, examples: Measured, error: Exception) -> Exception:
    """What to say when the rows are not those that the task was written for."""
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    message = (
        f"The rows of {examples.name} are not what lm-eval's {name} reads ({type(error).__name__}: {reason}). "
        "Give the data the columns of its original, or leave lm_eval_task out."
    )
    return refused("harness_misfit", message, _WHERE)


def rows_of(examples: Measured) -> Any:
    """All columns of the rows, as the library that lm-eval reads them with holds them."""
    from datasets import Dataset

    whole: Any = examples
    start = 0
    while hasattr(whole, "whole"):
        start += whole.start
        whole = whole.whole
    split = whole.split
    places = list(range(start, start + len(examples)))
    taken = split.take(places, list(split.columns))
    lists = {name: values.tolist() if hasattr(values, "tolist") else list(values) for name, values in taken.items()}
    return Dataset.from_list([{name: values[row] for name, values in lists.items()} for row in range(len(places))])
