"""Our definitions in lm-eval: what is asked, what is refused, and that nothing of the data is ever run."""

import subprocess
import sys

import numpy as np
import pytest

from tests.text_models import gpt2_folder
from tests.workers.engine.evaluate.harness.rows import ANSWERS, CHOICES, examples
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.tasks import task_get
from workers.engine.evaluate.batches import Part
from workers.engine.evaluate.harness.docs import docs_of, shots_of
from workers.engine.evaluate.harness.formats import FORMATS
from workers.engine.evaluate.harness.words import token_f1
from workers.engine.evaluate.tasks.harness import answer
from workers.engine.predict.load import load_predictor
from workers.engine.predict.predictor import Predictor


class Texts(Predictor):
    """No tokenizer: every character costs one nat, one of the alphabet's second half two."""

    can = frozenset({"token_logprobs", "generate"})

    def __init__(self, written="Paris\nand more"):
        super().__init__(name="alice/composed")
        self.seen, self.written = [], written

    def token_logprobs(self, texts, max_length=None):
        self.seen += texts
        return [(np.array([-1.0 - (character > "m") for character in text]), len(text)) for text in texts]

    def generate(self, prompts, max_new_tokens, stop=()):
        self.seen += prompts
        return [self.written for _ in prompts]


@pytest.fixture
def quiz(tmp_path):
    return examples(tmp_path / "quiz", "multiple-choice", CHOICES)


@pytest.fixture
def questions(tmp_path):
    return examples(tmp_path / "questions", "generation", ANSWERS)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    with load_predictor(
        gpt2_folder(tmp_path_factory.mktemp("m"), length=200), task="multiple-choice", name="m"
    ) as loaded:
        yield loaded


def test_answers_are_the_columns_of_the_task(quiz, questions):
    for task, rows in (("multiple-choice", quiz), ("generation", questions)):
        found = answer(Texts(), rows, batch_size=3, options={})
        assert set(found) == {name for name, _ in task_get(task).answers}
        assert {len(column) for column in found.values()} == {len(rows)}


def test_choices_are_weighed_by_their_text_after_the_question(quiz):
    found = answer(Texts(), quiz, batch_size=4, options={})
    weights = [[sum(-1.0 - (c > "m") for c in f" {choice}") for choice in row["choices"]] for row in CHOICES]
    assert found["prediction"].tolist() == [int(np.argmax(row)) for row in weights]
    norm = [
        int(np.argmax([w / len(c) for w, c in zip(ws, row["choices"], strict=True)]))
        for ws, row in zip(weights, CHOICES, strict=True)
    ]
    assert found["correct_norm"].tolist() == [n == row["label"] for n, row in zip(norm, CHOICES, strict=True)]
    first = np.array(weights[0])
    assert found["logprob"][0] == pytest.approx(first[0] - np.logaddexp.reduce(first), abs=1e-12)
    assert found["confidence"][0] == pytest.approx(np.exp(first.max() - np.logaddexp.reduce(first)), abs=1e-12)


def test_templates_in_the_data_stay_text(quiz):
    predictor = Texts()
    answer(predictor, quiz, batch_size=4, options={})
    assert "{{ 7 * 7 }} and {% raw %} __import__('os')" in predictor.seen


def test_letters_list_the_choices_and_weigh_their_letters(quiz):
    predictor = Texts()
    answer(predictor, quiz, batch_size=4, options={"style": "letters"})
    assert "The sky is\nA. blue\nB. green and loud\nC. seven\nAnswer: C" in predictor.seen


def test_letters_go_on_after_z():
    doc = {"question": "?", "choices": [str(index) for index in range(28)], "label": 0}
    assert FORMATS["letters"].choices(doc)[24:] == ["Y", "Z", "AA", "AB"]


def test_examples_before_a_question_are_the_first_others(quiz):
    assert [doc["question"] for doc in shots_of(quiz, 2)] == [row["question"] for row in CHOICES[:3]]
    predictor = Texts()
    answer(predictor, quiz, batch_size=4, options={"fewshot": 2})
    assert "Two and two make four\n\nÜnïcode wörks: yes or no? yes\n\nThe sky is blue" in predictor.seen
    assert "The sky is blue\n\nTwo and two make four\n\nSnow is hot" in predictor.seen


@pytest.mark.parametrize("options", [{"fewshot": 2}, {"style": "letters", "fewshot": 1}])
def test_a_part_is_asked_what_the_whole_is_asked(quiz, model, options):
    whole = answer(model, quiz, batch_size=1, options=options)
    parts = [answer(model, Part(quiz, start, start + 3), batch_size=1, options=options) for start in (0, 3)]
    for name, column in whole.items():
        assert np.array_equal(column, np.concatenate([part[name] for part in parts])), name


def test_generation_ends_at_a_stop_and_is_judged_by_its_text(questions):
    predictor = Texts()
    found = answer(predictor, questions, batch_size=2, options={"max_new_tokens": 5})
    assert found["prediction"].tolist() == ["Paris"] * 3
    assert found["correct"].tolist() == [True, False, False]
    assert found["token_f1"].tolist() == [1.0, 0.0, 0.0]
    assert predictor.seen[0] == "Capital of France?"


@pytest.mark.parametrize(
    ("written", "right", "f1"), [("the red  Fox", "red fox", 0.8), ("", "", 1.0), ("a", "", 0.0), ("a a b", "a b b", 2 / 3)]
)  # fmt: skip
def test_words_shared(written, right, f1):
    assert token_f1(written, right) == pytest.approx(f1)


def test_tells_how_far_it_is_and_stops_when_asked(quiz):
    told = []
    answer(Texts(), quiz, batch_size=5, options={}, between=told.append)
    assert told == sorted(told)
    assert told[-1] == len(quiz)

    def stop(done):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        answer(Texts(), quiz, batch_size=5, options={}, between=stop)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"fewshot": -1}, "fewshot"), ({"fewshot": True}, "fewshot"), ({"style": "poem"}, "style"), ({"fewshots": 1}, "Did you mean fewshot"),
        ({"lm_eval_task": "../../etc/passwd"}, "files and addresses are not read"), ({"lm_eval_task": "a", "style": "plain"}, "own way"),
        ({"doc_to_text": "{{ cycler }}"}, "no option"), ({"fewshot": 6}, "6 different examples"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(quiz, options, word):
    with pytest.raises(UserError, match=word) as caught:
        answer(Texts(), quiz, batch_size=4, options=options)
    assert caught.value.findings


@pytest.mark.parametrize("row", [{"choices": ["only"]}, {"choices": ["a", " "]}, {"label": 2}])
def test_examples_without_a_choice_are_refused(tmp_path, row):
    broken = {"question": "?", "choices": ["a", "b"], "label": 0} | row
    with pytest.raises(UserError):
        docs_of(examples(tmp_path / "q", "multiple-choice", [*CHOICES, broken]), range(7))


def test_predictor_that_weighs_no_texts_is_refused(quiz):
    with pytest.raises(UserError, match="cannot say how probable a text is"):
        answer(Predictor(name="alice/vit"), quiz, batch_size=4, options={})


def test_answer_longer_than_the_model_sees_is_refused(tmp_path, model):
    rows = [{"question": "?", "choices": ["a", "b" * 300], "label": 0}]
    with pytest.raises(UserError) as caught:
        answer(model, examples(tmp_path / "q", "multiple-choice", rows), batch_size=4, options={})
    assert caught.value.findings[0].code == "answer_too_long"


def test_nan_is_refused(quiz, monkeypatch):
    monkeypatch.setattr(
        Texts, "token_logprobs", lambda self, texts, max_length=None: [(np.array([np.nan]), 1) for _ in texts]
    )
    with pytest.raises(UserError, match="NaN"):
        answer(Texts(), quiz, batch_size=4, options={})


def test_lm_eval_is_loaded_by_those_alone_who_ask():
    """Its import costs seconds: who evaluates classifiers, or only plans, does not pay them."""
    code = "import sys, workers.engine.evaluate.tasks.harness, workers.planning.evaluate; print({'lm_eval', 'datasets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
