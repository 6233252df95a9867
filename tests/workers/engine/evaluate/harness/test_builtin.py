"""Tasks that lm-eval brings: by name, over rows of ours, with nothing fetched."""

import pytest

from tests.workers.engine.evaluate.harness.rows import CHOICES, examples
from tests.workers.engine.evaluate.harness.test_harness import Texts
from workers.contracts.errors import UserError
from workers.engine.evaluate.harness import builtin
from workers.engine.evaluate.tasks.harness import answer

# The columns of the original of `sciq`, with those that the task of our table reads beside them.
SCIQ = [
    {
        "support": f"Fact {index}.", "question": f"Which one is {index}?", "distractor1": "x", "distractor2": "yy", "distractor3": "zzz",
        "correct_answer": str(index), "choices": ["x", "yy", "zzz", str(index)], "label": 3,
    }
    for index in range(4)
]  # fmt: skip


@pytest.fixture
def sciq(tmp_path):
    return examples(tmp_path / "sciq", "multiple-choice", SCIQ)


def test_asks_rows_of_ours_in_the_tasks_own_way(sciq):
    predictor = Texts()
    found = answer(predictor, sciq, batch_size=8, options={"lm_eval_task": "sciq"})
    assert any(
        text.startswith("Fact 0.") and text.endswith("Question: Which one is 0?\nAnswer: 0") for text in predictor.seen
    )
    assert found["gold"].tolist() == [3] * 4
    assert found["correct"].tolist() == [True] * 4, "one digit is the shortest of the four"


@pytest.mark.parametrize(
    ("name", "code"),
    [("no-such-task", "harness_unknown"), ("humaneval", "harness_unsafe"), ("wikitext", "harness_kind"), ("mmlu", "harness_unknown")],
)  # fmt: skip
def test_refuses_what_is_no_such_task(sciq, name, code):
    with pytest.raises(UserError) as caught:
        answer(Texts(), sciq, batch_size=8, options={"lm_eval_task": name})
    assert caught.value.findings[0].code == code


def test_refuses_rows_that_are_not_its_own(tmp_path):
    rows = examples(tmp_path / "quiz", "multiple-choice", CHOICES)
    with pytest.raises(UserError, match="columns of its original") as caught:
        answer(Texts(), rows, batch_size=8, options={"lm_eval_task": "sciq"})
    assert caught.value.findings[0].code == "harness_misfit"


def test_refuses_a_task_that_would_fetch_its_metric(sciq, monkeypatch):
    import lm_eval.tasks._yaml_loader as loader

    config = {
        "task": "sciq",
        "output_type": "multiple_choice",
        "metric_list": [{"metric": "bleu", "hf_evaluate": True}],
    }
    monkeypatch.setattr(loader, "load_yaml", lambda path, resolve_func: config)
    with pytest.raises(UserError, match="Push its rows as a dataset") as caught:
        builtin.builtin_task("sciq", sciq, fewshot=0)
    assert caught.value.findings[0].code == "harness_download"
