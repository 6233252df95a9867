"""The tables of tasks and metrics, and what makes two definitions the same."""

import pytest
from pydantic import ValidationError

from workers.contracts.benchmarks import Definition
from workers.contracts.tasks import METRICS, TASKS, metric_get, task_get

DIGITS = Definition(task="image-classification", data="builtin:digits", labels=("0", "1"), metrics=("accuracy",))


def test_names_are_given_once():
    for table in (TASKS, METRICS):
        assert len({row.name for row in table}) == len(table)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_metric_of_a_task_can_be_worked_out_from_its_answers(task):
    kept = {name for name, _ in task.answers}
    for name in task.metrics:
        metric = metric_get(name)
        if metric.form == "statistic":
            assert {"gold", "prediction"} <= kept
        else:
            assert {metric.value, metric.weight or metric.value} <= kept


def test_a_task_that_is_not_there():
    assert task_get("telepathy") is None
    with pytest.raises(KeyError):
        metric_get("telepathy")


@pytest.mark.parametrize(
    "change",
    [
        {"split": "validation"}, {"limit": 5}, {"protocol": 2}, {"labels": ("1", "0")}, {"columns": {"image": "picture"}},
        {"options": {"shots": 5}}, {"data": "builtin:wine"}, {"task": "tabular-classification"},
    ],
)  # fmt: skip
def test_whatever_can_change_an_answer_changes_the_digest(change):
    assert DIGITS.model_copy(update=change).digest != DIGITS.digest


@pytest.mark.parametrize("change", [{"metrics": ("nll",)}, {"slices": ("writer",)}, {"cluster": "writer"}])
def test_what_is_shown_of_the_same_answers_does_not(change):
    assert DIGITS.model_copy(update=change).digest == DIGITS.digest


def test_what_nobody_knows_is_refused():
    with pytest.raises(ValidationError):
        Definition(task="image-classification", data="builtin:digits", colour="red")
