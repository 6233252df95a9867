"""Options of the harness, said before anything runs."""

import pytest

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
