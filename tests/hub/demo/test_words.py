"""What a terminal shows: the table, the finding in one sentence, and how far loading is."""

import io

import pytest
from rich.console import Console

from hub.demo.progress import Lines, steps_for
from hub.demo.table import sentence_make, table_make
from hub.evals.records import Comparison, DomainScore, ModelScores, SeedRow
from workers.statistics.interval import Interval


def model(reference, role, share):
    score = DomainScore("demo/digits-clean", share, share - 0.02, share + 0.02, 100)
    return ModelScores(
        reference, role, "c" * 40, Interval(share, share - 0.02, share + 0.02), {"demo/digits-clean": score}, (share,)
    )


def comparison(low, value, high, seeds=1):
    return Comparison(
        split="test", best_parent="demo/a", gain=Interval(value, low, high), given_up=(), flips=(), examples=100,
        models=(model("demo/merged", "child", 0.8 + value), model("demo/a", "parent", 0.8), model("demo/base", "base", 0.6)),
        seeds=tuple(SeedRow(f"seed-{number}", {}, "demo/a", value) for number in range(seeds)),
    )  # fmt: skip


def test_table_ends_with_the_child():
    stream = io.StringIO()
    Console(file=stream, width=120).print(table_make(comparison(0.01, 0.05, 0.09)))
    rows = [line for line in stream.getvalue().splitlines() if "%" in line and "interval" not in line]
    assert [row.split()[1] for row in rows] == ["base", "a", "merged"]
    assert "85.0%" in rows[-1]
    assert "83.0% to 87.0%" in rows[-1]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((0.01, 0.05, 0.09), "85.0% right over 1 domains and 3 seeds: 5.0 points more than the best single model, a"),
        (
            (-0.09, -0.05, -0.01),
            "75.0% right over 1 domains and 3 seeds: 5.0 points fewer than the best single model, a",
        ),
        ((-0.01, 0.02, 0.05), "includes zero"),
    ],
)
def test_sentence_says_what_was_found(interval, words):
    assert words.replace("1 domains", "1 domain") in sentence_make(comparison(*interval, seeds=3))


def test_log_gets_a_line_at_each_tenth(capsys):
    steps = Lines()
    steps.begin("Training")
    for number in range(1001):
        steps.tell(number, 1000, "digits")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training …"
    assert len(lines) == 11
    assert lines[-1] == "Training [====================] 100% digits"


def test_a_pipe_gets_lines_and_a_terminal_bars():
    assert isinstance(steps_for(Console(file=io.StringIO())), Lines)
    assert not isinstance(steps_for(Console(file=io.StringIO(), force_terminal=True)), Lines)
