"""The definitions themselves, against numpy in float64 and against the kernels that processors run."""

import numpy as np
import pytest
import torch

from kernels.choices import ALWAYS, Cuts, Drawn, Ranked
from kernels.reference import changes, competition, gram, philox, selection
from kernels.selection import cut_of
from kernels.traffic import TRAFFIC, traffic_get


def family(size: int, count: int = 3) -> tuple[torch.Tensor, list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(4)
    base = torch.randn(size, generator=generator)
    steps = [torch.randint(-9, 10, (size,), generator=generator) * 2**-5 for _ in range(count)]
    return base, [base + step for step in steps]


def largest(values: np.ndarray, keep: int) -> np.ndarray:
    order = np.argsort(-np.abs(values), kind="stable")[:keep]
    mask = np.zeros(values.size, bool)
    mask[order] = True
    return mask


@pytest.mark.parametrize("keep", [1, 7, 300, 1000])
def test_a_cut_keeps_the_largest_and_the_first_among_equals(keep):
    base, (source, *_) = family(1000)
    delta = (source - base).numpy()
    value, stays = changes.kept(Cuts(cut_of(base, source, keep)), source - base)
    if keep < 1000:
        mask = largest(delta, keep)
        # Where the cut is amid zeros it keeps all of them: what it would drop is zero anyway.
        assert np.array_equal(stays.numpy() & (delta != 0), mask & (delta != 0))
    assert np.array_equal(value.numpy(), np.where(stays.numpy(), delta, 0))


def test_a_cut_among_what_is_not_a_number_keeps_all():
    source = torch.tensor([1.0, float("nan"), float("nan"), 3.0])
    assert cut_of(None, source, 1) == Cuts().lower
    assert cut_of(None, torch.tensor([5.0]), 1) == Cuts().lower


def test_ties_by_the_paper_in_float64():
    base, sources = family(2000)
    keep, weights = 600, [1.0, 0.5, 2.0]
    cuts = [Cuts(cut_of(base, source, keep)) for source in sources]
    given = {"weights": weights, "factors": [1.0] * 3, "scale": 0.8, "dtype": torch.float32}
    found = changes.changes(base, sources, cuts, **given, vote=True, normalize=True)
    deltas = np.stack([(source - base).double().numpy() for source in sources])
    kept = np.stack([np.where(largest(delta, keep), delta, 0) for delta in deltas])
    votes = kept * np.array(weights)[:, None]
    sign = np.where(votes.sum(0) >= 0, 1, -1)
    agrees = votes * sign > 0
    divisor = (agrees * np.array(weights)[:, None]).sum(0)
    wanted = base.double().numpy() + 0.8 * (votes * agrees).sum(0) / np.where(divisor == 0, 1, divisor)
    np.testing.assert_allclose(found.result.numpy(), wanted, rtol=1e-6, atol=1e-6)
    assert found.agreed == int(agrees.sum())
    assert found.kept == [keep] * 3


def test_draws_keep_what_bernoulli_keeps():
    base, sources = family(900, 2)
    keys = [philox.key_of(1, "w", index) for index in range(2)]
    drawn = [Drawn(key, round(0.4 * ALWAYS)) for key in keys]
    given = {"weights": [1.0, 1.0], "factors": [2.5, 2.5], "scale": 1.0, "dtype": torch.bfloat16, "merged": True}
    found = changes.changes(base, sources, drawn, **given, divisor=2.0)
    masks = [philox.bernoulli(key, 0.4, 0, 900) for key in keys]
    terms = [2.5 * mask * (source - base) for mask, source in zip(masks, sources, strict=True)]
    torch.testing.assert_close(found.merged, (terms[0] + terms[1]) / 2)
    assert found.kept == [int(mask.sum()) for mask in masks]
    assert found.result.dtype == torch.bfloat16


def test_ranks_follow_magnitude_and_place_and_set_the_odds():
    base, (source,) = family(60, 1)
    ranks = selection.row_ranks(base, source, 12)
    rows = np.abs((source - base).numpy()).reshape(5, 12)
    order = np.argsort(rows, axis=1, kind="stable")
    assert np.array_equal(np.take_along_axis(ranks.numpy().reshape(5, 12), order, 1), np.tile(np.arange(12), (5, 1)))
    limits = torch.where(torch.arange(12) < 6, 0, ALWAYS)
    value, stays = changes.kept(Ranked((1, 2), ranks, limits, torch.full((12,), 2.0)), source - base)
    assert torch.equal(stays, ranks >= 6)
    assert torch.equal(value, torch.where(stays, 2 * (source - base), 0.0))


def test_choices_are_of_one_kind():
    base, sources = family(10, 2)
    given = {"weights": [1.0, 1.0], "factors": [1.0, 1.0], "scale": 1.0, "dtype": torch.float32}
    with pytest.raises(ValueError, match="one kind"):
        changes.changes(base, sources, [Cuts(), Drawn((1, 2), 3)], **given)


def test_products_and_sums_in_float64():
    base, sources = family(1500)
    matrix = np.stack([(source - base).double().numpy() for source in sources])
    np.testing.assert_allclose(gram.gram(base, sources).numpy(), matrix @ matrix.T, rtol=1e-12)
    sums = gram.kept_sums(sources[0], base)
    np.testing.assert_allclose(sums, [sources[0].double().abs().sum(), base.double().abs().sum()], rtol=1e-12)


def test_pcb_shares_by_the_formula_in_float64():
    base, sources = family(800)
    bounds, scores = [(0.03, 0.25)] * 3, [(0.001, 0.02), (-0.02, 0.02), (0.001, 0.02)]
    weights = [1.0, 0.5, 2.0]
    found = competition.share_out(base, sources, bounds, scores, weights=weights, scale=0.9, dtype=torch.float32)
    deltas = np.stack([(source - base).double().numpy() for source in sources])
    clamped = np.clip(np.abs(deltas), 0.03, 0.25)
    within = (clamped - 0.03) / 0.22
    values = np.exp(3 * (within**2 - 1)) * np.tanh(deltas * deltas.sum(0))
    low, high = (np.array(side)[:, None] for side in zip(*scores, strict=True))
    shares = (np.clip(values, low, high) - low) / (high - low)
    total = (np.array(weights)[:, None] * shares * clamped * np.sign(deltas)).sum(0)
    wanted = base.double().numpy() + 0.9 * total / np.maximum(shares.sum(0), 1e-12)
    np.testing.assert_allclose(found.result.numpy(), wanted, rtol=2e-5, atol=1e-6)


def test_histograms_hold_every_finite_value_once():
    base, sources = family(700)
    sources[1][3] = float("inf")
    counts = competition.competition_counts(base, sources)
    assert counts.sum(dim=1).tolist() == [700, 699, 700]
    fullest = [[int(row.argmax())] for row in counts]
    within = competition.competition_counts(base, sources, None, fullest)
    assert torch.equal(within.sum(dim=(1, 2)), counts.max(dim=1).values)


@pytest.mark.parametrize("row", TRAFFIC, ids=lambda row: row.name)
def test_a_fused_map_moves_every_input_once_and_the_result_once(row):
    assert row is traffic_get(row.name)
    for sources, each in ((1, 2), (3, 2), (4, 4)):
        assert 0 < row.moved(sources, each) <= (sources + 1) * each + each + 4 * sources
        assert row.passes(sources, each) >= 1
