"""Triton kernels against the reference: run by `tests/kernels/test_triton.py` in a process of its own, interpreted or on a GPU."""

import itertools
import os

import pytest
import torch

from kernels.choices import ALWAYS, Cut, Cuts, Drawn, Ranked
from kernels.reference import changes, competition, election, gram, philox, selection
from kernels.triton import changes as triton_changes
from kernels.triton import competition as triton_competition
from kernels.triton import draws as triton_draws
from kernels.triton import election as triton_election
from kernels.triton import gram as triton_gram
from kernels.triton import selection as triton_selection

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
DTYPES = [torch.float32, torch.bfloat16, torch.float16]
SIZES = [0, 1, 37, 1024, 1500]
# (vote, divisor, normalize, raw, count)
VOTES = [
    {"vote": True, "normalize": True},
    {"vote": True, "normalize": True, "raw": True, "count": True},
    {"vote": True},
    {"divisor": 1.9},
    {},
]


def family(size, dtype, count=3, seed=0):
    """A base and sources with small changes, some of them equal, some none, one not a number."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(size, generator=generator).to(dtype)
    sources = []
    for _ in range(count):
        steps = torch.randint(-6, 7, (size,), generator=generator) * 2**-6
        sources.append((base.float() + steps).to(dtype))
    if size > 3:
        sources[0][2] = float("nan")
    return base.to(DEVICE), [source.to(DEVICE) for source in sources]


def equal(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert torch.equal(one.isnan(), other.isnan())
    assert torch.equal(one.nan_to_num(1.5), other.nan_to_num(1.5))


def cuts_of(base, sources):
    """A cut amid ties, one with outliers, and everything."""
    size = base.numel()
    if size == 0:
        return [Cuts()] * len(sources)
    bits = changes.magnitudes(sources[0].float() - base.float())
    middle = int(bits.sort().values[size // 2])
    return [Cuts(Cut(middle, size // 2)), Cuts(Cut(0, -1), Cut(middle, size // 3)), Cuts()]


def drawn_of(base, sources):
    return [Drawn(philox.key_of(7, "w", index), limit) for index, limit in enumerate((round(0.3 * ALWAYS), 1, ALWAYS))]


def ranked_of(base, sources):
    size = base.numel()
    columns = next(width for width in (37, 25, 64, 1) if size % width == 0)
    odds = torch.linspace(0.2, 0.8, columns, dtype=torch.float64)
    limits, factors = (odds * ALWAYS).round().long().to(DEVICE), (1 / odds).float().to(DEVICE)
    return [
        Ranked(philox.key_of(7, "w", index), selection.row_ranks(base, source, columns), limits, factors)
        for index, source in enumerate(sources)
    ]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("choose", [cuts_of, drawn_of, ranked_of])
def test_the_fused_map_gives_the_bits_of_the_reference(choose, dtype):
    # Drawing is slow to interpret.
    few = choose is not cuts_of and DEVICE == "cpu"
    if few and dtype == torch.float16:
        pytest.skip("the maps of cuts show it")
    for size, options in zip(SIZES, VOTES, strict=True):
        if few and size in (1, 1024):
            continue
        base, sources = family(size, dtype)
        choices = choose(base, sources)
        given = {
            "weights": [1.0, 0.3, -0.7],
            "factors": [1.0, 1 / 0.3, 1.1],
            "scale": 0.7,
            "dtype": dtype,
            "merged": True,
        }
        found = triton_changes.changes(base, sources, choices, **given, **options)
        wanted = changes.changes(base, sources, choices, **given, **options)
        equal(found.result, wanted.result)
        equal(found.merged, wanted.merged)
        assert (found.kept, found.agreed) == (wanted.kept, wanted.agreed)


def test_the_fused_map_takes_mixed_formats_strides_and_no_base():
    base, sources = family(1200, torch.float32)
    sources = [sources[0][::2], sources[1].bfloat16()[::2], sources[2].half()[600:]]
    for under, dtype in itertools.product((base[::2], None), (torch.float32, torch.bfloat16)):
        choices = [Cuts(Cut(int(torch.tensor(0.02).view(torch.int32)), -1))] * 3
        given = {
            "weights": [1.0] * 3,
            "factors": [1.0] * 3,
            "scale": 1.0,
            "dtype": dtype,
            "vote": True,
            "normalize": True,
        }
        equal(
            triton_changes.changes(under, sources, choices, **given).result,
            changes.changes(under, sources, choices, **given).result,
        )


@pytest.mark.parametrize("count", [1, 2, 6])
def test_elects_among_any_number_of_sources(count):
    generator = torch.Generator().manual_seed(1)
    deltas = [torch.randint(-2, 3, (700,), generator=generator).float().to(DEVICE) for _ in range(count)]
    weights = [1.0, -0.5, 2.0, 0.1, 1.0, 0.7][:count]
    for raw, normalize in itertools.product((False, True), repeat=2):
        out, own = torch.empty_like(deltas[0]), torch.empty_like(deltas[0])
        scratch = [torch.empty_like(out) for _ in range(3)]
        options = {"normalize": normalize, "raw": raw, "count": raw}
        _, wanted = election.elect(deltas, weights, out=out, scratch=scratch, **options)
        _, found = triton_election.elect(deltas, weights, out=own, **options)
        equal(own, out)
        assert found == wanted


def test_elects_into_every_other_place():
    deltas = [torch.randn(40, generator=torch.Generator().manual_seed(seed)).to(DEVICE)[::2] for seed in (1, 2)]
    out, wanted = torch.zeros(40, device=DEVICE), torch.empty(20, device=DEVICE)
    triton_election.elect(deltas, [1.0, 1.0], normalize=True, out=out[::2])
    scratch = [torch.empty_like(wanted) for _ in range(3)]
    election.elect(deltas, [1.0, 1.0], normalize=True, out=wanted, scratch=scratch)
    equal(out[::2].contiguous(), wanted)
    assert not out[1::2].any()


@pytest.mark.parametrize(("start", "count"), [(0, 0), (0, 1), (4 * (2**32 - 2), 1027)])
def test_draws_the_bits_of_the_reference(start, count):
    key = philox.key_of(3, "layer.weight", 1)
    assert torch.equal(triton_draws.words(key, start, count, device=DEVICE).cpu(), philox.words(key, start, count))
    probability = {0: 0.5, 1: 1.0}.get(count, 0.3)
    wanted = philox.bernoulli(key, probability, start, count)
    assert torch.equal(triton_draws.bernoulli(key, probability, start, count, device=DEVICE).cpu(), wanted)


def test_refuses_to_start_inside_a_block():
    with pytest.raises(ValueError, match="multiple of four"):
        triton_draws.words((1, 2), 3, 10, device=DEVICE)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_counts_magnitudes_and_finds_ties(size, dtype):
    base, (source, *_) = family(size, dtype)
    for under in (base, None):
        counts = selection.magnitude_counts(under, source)
        assert torch.equal(triton_selection.magnitude_counts(under, source), counts)
        upper = int(counts[1:].argmax()) + 1
        lower = selection.magnitude_counts(under, source, upper)
        assert torch.equal(triton_selection.magnitude_counts(under, source, upper), lower)
        bits, many = upper << selection.LOWER_BITS | int(lower.argmax()), int(lower.max())
        for wanted in {0, min(1, many), many}:
            place = selection.place_of(under, source, bits, wanted)
            assert triton_selection.place_of(under, source, bits, wanted) == place
        with pytest.raises(ValueError, match="entries of this magnitude"):
            triton_selection.place_of(under, source, bits, many + 1)


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (1, 1), (3, 5), (2, 64)])
def test_ranks_rows(rows, columns):
    base, (source, *_) = family(rows * columns, torch.bfloat16)
    wanted = selection.row_ranks(base, source, columns)
    assert torch.equal(triton_selection.row_ranks(base, source, columns), wanted)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_adds_up_products(dtype, monkeypatch):
    monkeypatch.setattr(triton_gram, "SPAN", 2048)
    for size, under in ((0, True), (1, False), (5000, True)):
        base, sources = family(size, dtype)
        sources[0] = sources[0].nan_to_num(0.5)
        given = (base if under else None, sources)
        torch.testing.assert_close(triton_gram.gram(*given), gram.gram(*given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", SIZES)
def test_shares_out_as_pcb_does(size, dtype):
    base, sources = family(size, dtype)
    bounds, scores = [(2**-6, 2**-4), (0.0, 2**-5), (2**-5, 2**-5)], [(1e-5, 1e-3), (-1e-3, 1e-3), (0.0, 0.0)]
    assert torch.equal(
        triton_competition.competition_counts(base, sources), competition.competition_counts(base, sources)
    )
    given = {"weights": [1.0, 0.5, 2.0], "scale": 0.9, "merged": True}
    found = triton_competition.share_out(base, sources, bounds, scores, dtype=dtype, **given)
    wanted = competition.share_out(base, sources, bounds, scores, dtype=dtype, **given)
    torch.testing.assert_close(found.merged, wanted.merged, rtol=2e-5, atol=1e-7, equal_nan=True)
    torch.testing.assert_close(found.result, wanted.result, equal_nan=True)
    assert found.result.dtype == dtype


def test_counts_scores_within_bins():
    base, sources = family(900, torch.float32)
    bounds = [(2**-6, 2**-4)] * 3
    uppers = [[0x8000 | 0x3C00, 0x8000 | 0x3F80]] * 3
    counted = triton_competition.competition_counts(base, sources, None, uppers)
    assert torch.equal(counted, competition.competition_counts(base, sources, None, uppers))
    # Scores differ in their last places: bins of 16 bits hold nearly all of them alike.
    scored, wanted = (of.competition_counts(base, sources, bounds) for of in (triton_competition, competition))
    assert int(scored.sum()) == int(wanted.sum())
    assert int((scored - wanted).abs().sum()) <= 12
