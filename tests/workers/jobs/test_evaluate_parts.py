"""Parts: where they end is a matter of time, what they hold is not."""

import contextlib

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.contracts.tasks import task_get
from workers.engine.evaluate.answers import answers_table
from workers.jobs.evaluate_parts import PART_S, Parts, answer_parts

TASK = task_get("tabular-regression")


def table(start, stop):
    numbers = np.arange(start, stop, dtype=np.float64)
    columns = dict.fromkeys(("gold", "prediction", "squared_error", "absolute_error"), numbers)
    return answers_table(
        TASK, columns, index=np.arange(start, stop), shas=[str(number) for number in range(start, stop)]
    )


def answer(folder, *, took, examples=200, batch_size=3, is_whole=False, stop_after=None):
    """The parts asked for, when each takes what `took(examples)` says."""
    clock, asked = [0.0], []

    def ask(start, stop, batch):
        if stop_after is not None and len(asked) == stop_after:
            raise KeyboardInterrupt
        asked.append((start, stop))
        clock[0] += took(stop - start)
        return table(start, stop)

    parts = Parts(folder, "key")
    with contextlib.suppress(KeyboardInterrupt):
        answer_parts(
            parts, ask, examples=examples, batch_size=batch_size, is_whole=is_whole, smaller=lambda batch: None,
            now=lambda: clock[0],
        )  # fmt: skip
    return asked, parts


def test_parts_grow_until_they_take_their_time(tmp_path):
    asked, parts = answer(tmp_path, took=lambda count: count * PART_S / 100)
    assert [stop - start for start, stop in asked[:4]] == [12, 24, 48, 96]
    assert parts.table().column("example_id").to_pylist() == list(range(200))
    assert parts.seconds == 200 * PART_S / 100


def test_parts_shrink_when_they_take_too_long(tmp_path):
    asked, _ = answer(tmp_path, took=lambda count: 3 * PART_S * count, examples=40)
    assert [stop - start for start, stop in asked[:5]] == [12, 6, 3, 3, 3]


def test_what_needs_everything_is_one_part(tmp_path):
    asked, _ = answer(tmp_path, took=lambda count: 0.0, is_whole=True)
    assert asked == [(0, 200)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pace=st.floats(0.001, 30), cut=st.integers(0, 6), examples=st.integers(1, 120), batch_size=st.integers(1, 9))
def test_every_example_is_answered_once_whenever_it_is_cut(tmp_path, pace, cut, examples, batch_size):
    folder = tmp_path / f"{pace}-{cut}-{examples}-{batch_size}"
    first, _ = answer(folder, took=lambda count: pace * count, examples=examples, batch_size=batch_size, stop_after=cut)
    rest, parts = answer(folder, took=lambda count: pace * count, examples=examples, batch_size=batch_size)
    assert [number for start, stop in [*first, *rest] for number in range(start, stop)] == list(range(examples))
    assert all(start % batch_size == 0 for start, _ in [*first, *rest]), "batches would be cut otherwise"
    assert parts.table().column("example_id").to_pylist() == list(range(examples))


def test_parts_of_another_key_are_removed(tmp_path):
    answer(tmp_path, took=lambda count: 0.0, stop_after=2)
    assert Parts(tmp_path, "key").stop > 0
    assert Parts(tmp_path, "other").stop == 0
    assert list(tmp_path.iterdir()) == []
