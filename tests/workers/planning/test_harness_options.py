"""Options of the harness, said before anything runs."""

import pytest

from tests.workers.planning.zoo import checked, dataset, found, vit
from workers.planning import harness_files
from workers.planning.harness import harness_findings


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("multiple-choice", {}), ("multiple-choice", {"fewshot": 5, "style": "letters"}), ("multiple-choice", {"lm_eval_task": "arc_easy"}),
        ("generation", {"max_new_tokens": 1024, "stop": ["\n", "###"], "fewshot": 0}),
    ],
)  # fmt: skip
def test_takes_what_means_something(task, options):
    assert harness_findings(task, options) == []


def test_says_everything_at_once_and_where():
    options = {"fewshot": 99, "stop": [], "max_new_tokens": 0, "style": "plain", "lm_eval_task": "/etc/task.yaml"}
    found = harness_findings("generation", options, ("data", 0, "options"))
    assert {finding.where for finding in found} == {f"data[0].options.{name}" for name in options}
    assert all(finding.severity == "error" and finding.repair for finding in found if "own way" not in finding.message)


@pytest.mark.parametrize(
    ("task", "name", "code", "words"),
    [
        ("multiple-choice", "no-such-task", "harness_unknown", "brings no task no-such-task"),
        ("generation", "squadv2", "harness_download", "is a program that fetches its own data. Push its rows as a dataset"),
        ("multiple-choice", "kobest_boolq", "harness_download", "would fetch its metric. Push its rows as a dataset"),
        ("generation", "noticia", "harness_download", "needs things that are not on this machine. Push its rows"),
        ("generation", "humaneval", "harness_unsafe", "runs code"),
        ("multiple-choice", "gsm8k", "harness_kind", "is of the kind generate_until; multiple-choice needs multiple_choice"),
    ],
)  # fmt: skip
def test_a_task_of_lm_eval_that_cannot_be_used_is_refused_before_anything_runs(task, name, code, words):
    item = {"data": "demo/quiz", "task": task, "options": {"lm_eval_task": name}}
    result = checked({"kind": "evaluate", "models": ["demo/a"], "data": [item]}, vit("a"), dataset("quiz"))
    refused = found(result, code)
    assert (refused.severity, refused.where) == ("error", "data[0].options.lm_eval_task")
    assert words in refused.message


def test_what_lm_eval_would_make_of_its_own_data_is_never_asked_for():
    assert harness_files.refusal("sciq", "multiple-choice") == ("", "")
    assert harness_files.refusal("gsm8k", "generation") == ("", "")
    assert harness_files.refusal("niah_single_1", "generation") == ("", "")


def test_where_lm_eval_is_not_installed_that_is_said(monkeypatch):
    monkeypatch.setattr(harness_files, "task_files", dict)
    (told,) = harness_files.named_findings({"lm_eval_task": "sciq"}, "multiple-choice", ("options",))
    assert (told.severity, told.where) == ("warning", "options.lm_eval_task")
    assert "lm-eval is not installed here" in told.message
    assert "The worker looks before" in told.consequence
