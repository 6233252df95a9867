"""Multiple choice and generation as jobs: through lm-eval, answer by answer, the same after a kill."""

import json

import pyarrow.parquet as pq
import pytest

from tests.text_models import gpt2_folder
from tests.workers.engine.evaluate.harness.rows import ANSWERS, CHOICES, write
from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled
from workers.contracts.jobs import JobRequest
from workers.contracts.parsing import parse
from workers.jobs import evaluate
from workers.planning.check import check
from workers.planning.folder import facts_of_folder


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A tiny left-to-right model, and both kinds of questions."""
    root = tmp_path_factory.mktemp("harness")
    folders = {
        ("model", 0): gpt2_folder(root / "gpt", length=120), ("data", 0): write(root / "quiz", CHOICES),
        ("data", 1): write(root / "ask", ANSWERS),
    }  # fmt: skip
    names = {("model", 0): "alice/gpt", ("data", 0): "alice/quiz", ("data", 1): "alice/ask"}
    document = {
        "kind": "evaluate", "models": ["alice/gpt"],
        "data": [
            {"data": "alice/quiz", "task": "multiple-choice", "options": {"fewshot": 1}},
            {"data": "alice/ask", "task": "generation", "options": {"max_new_tokens": 4}},
        ],
    }  # fmt: skip
    facts = {}
    for (role, index), name in names.items():
        facts[name] = facts_of_folder(folders[role, index]).model_copy(update={"repo": name, "commit": f"{index}" * 40})
    recipe = parse(document).recipe
    checked = check(recipe, facts)
    assert checked.ok, checked.findings
    inputs = tuple(
        entry(role, index, names[role, index], folder).model_copy(update={"facts": facts[names[role, index]]})
        for (role, index), folder in folders.items()
    )
    return JobRequest(kind="evaluate", recipe=recipe.model_dump(mode="json"), inputs=inputs), folders


def test_every_answer_is_kept_and_makes_the_numbers(asked, tmp_path):
    request, folders = asked
    result = evaluate.run(fake_ports(tmp_path, request, folders))
    quiz, ask = result.report["results"]
    choices, texts = (pq.read_table(tmp_path / "out" / row["predictions"]).to_pydict() for row in (quiz, ask))
    assert quiz["metrics"]["accuracy"]["value"] == pytest.approx(sum(choices["correct"]) / len(CHOICES))
    assert quiz["metrics"]["accuracy_norm"]["value"] == pytest.approx(sum(choices["correct_norm"]) / len(CHOICES))
    assert texts["gold"] == [row["answer"] for row in ANSWERS]
    assert ask["metrics"]["token_f1"]["value"] == pytest.approx(sum(texts["token_f1"]) / len(ANSWERS))
    assert quiz["definition"]["options"] == {"fewshot": 1}
    json.dumps(result.report, allow_nan=False)


def test_killed_run_ends_with_the_same_answers(asked, tmp_path):
    request, folders = asked
    whole = evaluate.run(fake_ports(tmp_path / "whole", request, folders))
    with pytest.raises(Cancelled):
        evaluate.run(fake_ports(tmp_path / "cut", request, folders, cancel_at=6))
    evaluate.run(fake_ports(tmp_path / "cut", request, folders))
    for row in whole.report["results"]:
        first, second = (tmp_path / name / "out" / row["predictions"] for name in ("whole", "cut"))
        assert first.read_bytes() == second.read_bytes()


def test_options_that_mean_nothing_are_refused_before_anything_runs(asked):
    request, _ = asked
    document = json.loads(json.dumps(request.recipe))
    document["data"][0]["options"] = {"fewshot": 99, "doc_to_text": "{{ cycler }}"}
    facts = {item.reference: item.facts for item in request.inputs}
    found = check(parse(document).recipe, facts).findings
    assert {finding.where for finding in found} == {"data[0].options.fewshot", "data[0].options.doc_to_text"}
