"""Tasks that lm-eval brings: by name, over rows of ours, with nothing fetched."""

from pathlib import Path

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


def test_refuses_a_task_that_would_fetch_its_metric(sciq):
    with pytest.raises(UserError, match="Push its rows as a dataset") as caught:
        builtin.builtin_task("kobest_boolq", sciq, fewshot=0)
    assert caught.value.findings[0].code == "harness_download"


BOOM = """
import pathlib
pathlib.Path(__file__).with_name("ran").write_text("ran")
def boom(doc):
    return "{{ cycler }}"
"""


@pytest.mark.hostile
def test_a_task_file_beside_the_data_is_never_read(tmp_path, monkeypatch):
    """Neither by its name, nor by its path, nor because it lies there: no loader and no template sees it."""
    import lm_eval.tasks._yaml_loader as loader
    import lm_eval.utils

    rows = examples(tmp_path / "quiz", "multiple-choice", CHOICES)
    for name in ("quiz.yaml", "genepool_multiple_choice.yaml", "sciq.yaml"):
        task = f"task: {name.removesuffix('.yaml')}\noutput_type: multiple_choice\ndoc_to_text: !function utils.boom\n"
        (tmp_path / "quiz" / name).write_text(task + "doc_to_target: '{{ cycler.__init__.__globals__ }}'\n")
    (tmp_path / "quiz" / "utils.py").write_text(BOOM)
    monkeypatch.chdir(tmp_path / "quiz")

    def seen(*args, **options):
        raise AssertionError("a loader or a template was asked")

    monkeypatch.setattr(loader, "load_yaml", seen)
    monkeypatch.setattr(lm_eval.utils, "apply_template", seen)
    answer(Texts(), rows, batch_size=8, options={})
    for name in ("quiz", "quiz.yaml", "./quiz", str(tmp_path / "quiz" / "quiz.yaml")):
        with pytest.raises(UserError) as caught:
            answer(Texts(), rows, batch_size=8, options={"lm_eval_task": name})
        assert caught.value.findings[0].code in {"harness_unknown", "option_invalid"}
    assert builtin.task_files()["sciq"].is_relative_to(Path(loader.__file__).parent)
    assert not (tmp_path / "quiz" / "ran").exists()
