"""Which column plays which role, and what data can be used for, from names and types alone."""

import pytest

from workers.contracts.tasks import TASKS, task_get
from workers.planning.columns import SYNONYMS, gold_role, roles_of, tasks_for

TEXT, WHOLE, NUMBER = "string", "int64", "double"


def roles(task: str, columns: dict[str, str], **given: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    row = task_get(task)
    assert row is not None
    found, findings = roles_of(row, columns, given, name="lab/data")
    return found, [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        ({"image": "image", "label": WHOLE}, "image-classification"),
        ({"review": TEXT, "Sentiment": TEXT}, "text-classification"),
        ({"text": TEXT, "label": TEXT}, "text-classification"),
        ({"text": TEXT}, "causal-lm"),
        ({"sepal": NUMBER, "petal": NUMBER, "kind": WHOLE}, ""),
        ({"sepal": NUMBER, "petal": NUMBER, "label": WHOLE}, "tabular-classification"),
        ({"age": NUMBER, "target": NUMBER}, "tabular-regression"),
        ({"x": "list<item: float>", "y": WHOLE}, "tabular-classification"),
        ({"sentence1": TEXT, "sentence2": TEXT, "score": NUMBER}, "text-regression"),
        ({"question": TEXT, "choices": "list<item: string>", "answerKey": TEXT}, "multiple-choice"),
        ({"question": TEXT, "answer": TEXT}, "generation"),
        ({"query": TEXT, "passage": TEXT}, "retrieval"),
    ],
)  # fmt: skip
def test_columns_say_what_data_is_for(columns: dict[str, str], first: str) -> None:
    assert [task.name for task in tasks_for(columns)][:1] == ([first] if first else [])


def test_a_column_plays_one_role_and_what_is_left_are_features() -> None:
    found, _ = roles("tabular-regression", {"index": WHOLE, "a": NUMBER, "target": NUMBER, "b": WHOLE, "name": TEXT})
    assert found == {"features": ("a", "b"), "target": ("target",)}


def test_what_the_asker_says_comes_before_names() -> None:
    columns = {"text": TEXT, "other": TEXT, "label": WHOLE, "rating": NUMBER}
    assert roles("text-classification", columns, text="other")[0]["text"] == ("other",)
    assert roles("text-classification", columns, label="rating")[1] == ["column_type"]
    assert roles("text-classification", columns, label="gone")[1] == ["column_missing"]
    assert roles("text-classification", columns, picture="text")[1] == ["column_role_unknown"]
    assert roles("text-classification", columns, text_pair="gone")[1] == ["column_missing"]


def test_only_what_models_must_not_see_is_gold() -> None:
    assert {task.name: gold_role(task) for task in TASKS if gold_role(task) not in ("label", "target")} == {
        "causal-lm": "", "masked-lm": "", "retrieval": "", "generation": "answer",
    }  # fmt: skip


def test_every_role_has_names_that_mean_it() -> None:
    assert {column.role for task in TASKS for column in task.columns} == set(SYNONYMS)
