"""The numbers are those of lm-eval's own command line, on the same rows and the same model."""

import json
import sys

import numpy as np
import pytest

from tests.text_models import gpt2_folder
from tests.workers.engine.evaluate.harness.rows import ANSWERS, CHOICES, examples, write
from workers.engine.evaluate.tasks.harness import answer
from workers.engine.predict.load import load_predictor

CHOICE = """
task: quiz
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
num_fewshot: {fewshot}
fewshot_split: test
fewshot_config: {{sampler: first_n}}
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
"""
ANSWER = """
task: quiz
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
num_fewshot: {fewshot}
fewshot_split: test
fewshot_config: {{sampler: first_n}}
generation_kwargs: {{until: ["\\n", "q"], max_gen_toks: 12, do_sample: false, temperature: 0.0}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """One whose tokenizer adds nothing to a text, one whose tokenizer puts a start token before it."""
    plain = gpt2_folder(tmp_path_factory.mktemp("plain"), length=160, seed=3)
    begun = gpt2_folder(tmp_path_factory.mktemp("begun"), length=160, seed=3)
    path = begun / "tokenizer.json"
    document = json.loads(path.read_text())
    start, text = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    document["post_processor"] = {
        "type": "TemplateProcessing", "single": [start, text], "pair": [start, text, text],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return {"plain": plain, "begun": begun}


def command_line(monkeypatch, tmp_path, model, yaml, rows, fewshot):
    """What `lm_eval run` writes down: the totals, and each sample in order."""
    from lm_eval.__main__ import cli_evaluate

    folder = write(tmp_path / "rows", rows)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "quiz.yaml").write_text(yaml.format(rows=folder / "test.jsonl", fewshot=fewshot))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    arguments = [
        "lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32", "--tasks", "quiz", "--include_path",
        str(tmp_path / "tasks"), "--output_path", str(tmp_path / "out"), "--log_samples", "--device", "cpu", "--batch_size", "4",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", arguments)
    # The tasks that it brings are 15 000 files, which it would read to find one name.
    from lm_eval.tasks import TaskManager

    whole = TaskManager.__init__
    monkeypatch.setattr(
        TaskManager, "__init__", lambda self, *a, **k: whole(self, *a, **{**k, "include_defaults": False})
    )
    cli_evaluate()
    (totals,) = (tmp_path / "out").rglob("results_*.json")
    (samples,) = (tmp_path / "out").rglob("samples_quiz_*.jsonl")
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    return json.loads(totals.read_text())["results"]["quiz"], sorted(lines, key=lambda line: line["doc_id"])


@pytest.mark.parametrize(("kind", "fewshot"), [("plain", 0), ("begun", 2)])
def test_multiple_choice(monkeypatch, tmp_path, models, kind, fewshot):
    model = models[kind]
    totals, samples = command_line(monkeypatch, tmp_path, model, CHOICE, CHOICES, fewshot)
    with load_predictor(model, task="multiple-choice", name="alice/m") as predictor:
        ours = answer(
            predictor,
            examples(tmp_path / "ours", "multiple-choice", CHOICES),
            batch_size=4,
            options={"fewshot": fewshot},
        )
    assert ours["correct"].mean() == pytest.approx(totals["acc,none"], abs=1e-12)
    assert ours["correct_norm"].mean() == pytest.approx(totals["acc_norm,none"], abs=1e-12)
    assert ours["correct"].tolist() == [sample["acc"] == 1 for sample in samples]
    for sample, logprob, gold in zip(samples, ours["logprob"], ours["gold"], strict=True):
        weights = np.array([float(response[0]) for response in sample["filtered_resps"]])
        assert logprob == pytest.approx(weights[gold] - np.logaddexp.reduce(weights), abs=1e-4)


@pytest.mark.parametrize(("kind", "fewshot"), [("plain", 1), ("begun", 0)])
def test_generation(monkeypatch, tmp_path, models, kind, fewshot):
    model = models[kind]
    totals, samples = command_line(monkeypatch, tmp_path, model, ANSWER, ANSWERS, fewshot)
    options = {"fewshot": fewshot, "stop": ["\n", "q"], "max_new_tokens": 12}
    with load_predictor(model, task="generation", name="alice/m") as predictor:
        ours = answer(predictor, examples(tmp_path / "ours", "generation", ANSWERS), batch_size=2, options=options)
    assert ours["prediction"].tolist() == [sample["filtered_resps"][0].strip() for sample in samples]
    assert any(ours["prediction"])
    assert ours["correct"].mean() == totals["exact_match,none"]
