"""Angles between sources, signs at odds, changes too small to store: against numpy in float64, element by element."""

from itertools import combinations

import numpy as np
import pytest
import torch

from tests.workers.engine.merge.steps import step_and_result, tensors
from workers.engine.merge.diagnostics import EVERY, LENGTH, MOST_PAIRED
from workers.engine.merge.step import STRETCH


def report_of(method, base, sources, **options):
    step, result = step_and_result(method, base, sources, **options)
    return step.measures.report(step.elements), result


def changes_of(base, sources):
    return [(source.double() - base.double()).numpy().ravel() for source in sources]


@pytest.mark.parametrize("method", ["task_arithmetic", "ties", "tsv_m"])
def test_angles_between_the_sources_are_those_of_their_changes(method):
    base, *sources = tensors(4, (40, 30))
    report, _ = report_of(method, base, sources)
    changes = changes_of(base, sources)
    wanted = [one @ other / np.sqrt((one @ one) * (other @ other)) for one, other in combinations(changes, 2)]
    assert report["pairs"] == pytest.approx(wanted, abs=1e-6)
    assert report["sampled"] == 1.0


def test_signs_at_odds_and_overruled_sources_are_counted():
    base, *sources = tensors(4, (50, 20), seed=3)
    sources[0] = torch.where(torch.rand(base.shape, generator=torch.Generator().manual_seed(1)) < 0.6, base, sources[0])
    report, _ = report_of("task_arithmetic", base, sources, weight=[1.0, 2.0, -0.5])
    changes = np.stack([(source - base).numpy().ravel() for source in sources])
    merged = changes[0] + 2 * changes[1] - 0.5 * changes[2]
    shared = (changes != 0).sum(axis=0) > 1
    at_odds = (changes > 0).any(axis=0) & (changes < 0).any(axis=0)
    assert report["conflict"] == pytest.approx(at_odds.sum() / shared.sum())
    overruled = [(change * merged < 0).sum() / (change != 0).sum() for change in changes]
    assert report["overruled"] == pytest.approx(overruled)


def test_two_opposite_changes_are_pure_conflict():
    base = torch.zeros(9, 9)
    change = tensors(1, (9, 9))[0]
    report, result = report_of("task_arithmetic", base, [base + change, base - change], weight=[1.0, 1.0])
    assert report["pairs"] == [-1.0]
    assert report["conflict"] == 1.0
    assert not result.any()
    assert report["overruled"] == [0.0, 0.0]
    assert report["lost"] is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_changes_below_half_a_unit_in_the_last_place_are_lost(dtype):
    base = torch.linspace(0.5, 2.0, 600).to(dtype)
    source = (base.double() * (1 + torch.linspace(0, 0.01, 600))).to(torch.float64)
    report, result = report_of(
        "task_arithmetic", base.double(), [source], weight=[0.3], dtype=dtype, maths=torch.float64
    )
    merged = 0.3 * (source - base.double()).numpy()
    wanted = (merged != 0) & (result.double().numpy() == base.double().numpy())
    assert report["lost"] == pytest.approx(wanted.sum() / (merged != 0).sum())
    spacing = torch.finfo(dtype).eps * 2.0 ** np.floor(np.log2(base.double().numpy()))
    assert (
        wanted[np.abs(merged) < 0.49 * spacing / 2].sum()
        == ((merged != 0) & (np.abs(merged) < 0.49 * spacing / 2)).sum()
    )
    assert not wanted[np.abs(merged) > spacing].any()


def test_without_a_base_nothing_counts_as_lost():
    _, *sources = tensors(3)
    report, _ = report_of("linear", None, sources)
    assert report["lost"] is None
    assert len(report["pairs"]) == 1


def test_one_source_has_no_pairs_and_no_conflict():
    base, source = tensors(2)
    report, _ = report_of("task_arithmetic", base, [source], weight=[-1.0])
    assert report["pairs"] is None
    assert report["conflict"] is None
    assert report["overruled"] == [1.0]


def test_nothing_is_told_of_an_empty_tensor_or_of_no_change():
    empty = torch.zeros(0)
    report, _ = report_of("task_arithmetic", empty, [empty, empty])
    assert (report["pairs"], report["conflict"], report["lost"], report["sampled"]) == (None, None, None, None)
    base = torch.ones(4)
    still, _ = report_of("task_arithmetic", base, [base, base])
    assert (still["pairs"], still["conflict"], still["overruled"], still["lost"]) == ([None], None, [None, None], None)


def test_entries_that_are_no_numbers_leave_their_angles_open():
    base, *sources = tensors(3)
    sources[0] = sources[0].clone()
    sources[0][0, 0] = float("nan")
    report, _ = report_of("task_arithmetic", base, sources)
    assert report["pairs"] == [None]
    assert 0 < report["conflict"] < 1


def test_large_tensors_are_sampled_evenly():
    elements = STRETCH * (EVERY + 2) + 5
    base = torch.zeros(elements)
    one, other = torch.ones(elements), torch.ones(elements)
    other[STRETCH * EVERY :] = -1.0
    report, _ = report_of("task_arithmetic", base, [one, other])
    assert report["sampled"] == pytest.approx(2 * LENGTH / elements)
    assert report["conflict"] == 0.5
    assert report["pairs"] == [0.0]


def test_pairs_of_very_many_sources_are_left_out():
    base, *sources = tensors(MOST_PAIRED + 2, (3, 3))
    report, _ = report_of("task_arithmetic", base, sources)
    assert report["pairs"] is None
    assert report["conflict"] == 1.0
