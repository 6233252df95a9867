"""The compiled kernels, against the definitions: bit for bit, on shapes around the block they work in, in every format."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.choices import ALWAYS, EVERYTHING, NOTHING, Cut, Cuts, Drawn, Ranked
from kernels.compiled import changes as compiled
from kernels.compiled import draws, gram, library, selection
from kernels.compiled.library import BLOCK
from kernels.raw import raw_of
from kernels.reference import changes as reference
from kernels.reference import gram as reference_gram
from kernels.reference import philox
from kernels.reference import selection as reference_selection
from kernels.select import count_of

pytestmark = pytest.mark.skipif(
    not library.is_built(), reason="The compiled kernels are not built: there was no C compiler."
)
SIZES = [0, 1, 15, 16, 17, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 37]
DTYPES = [torch.float32, torch.bfloat16, torch.float16]
formats = st.sampled_from(DTYPES)


def family(size: int, seed: int = 0, count: int = 3) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Coarse numbers: many changes are equal, some are none."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(size, generator=generator).mul(8).round().div(8)
    return base, [base + torch.randn(size, generator=generator).mul(8).round().div(8) for _ in range(count)]


@st.composite
def problems(draw):
    """A base, sources in any formats, choices of one mode, and the options of the map."""
    size, seed = draw(st.sampled_from(SIZES[1:])), draw(st.integers(0, 99))
    base, sources = family(size, seed, draw(st.integers(1, 4)))
    sources = [source.to(draw(formats)) for source in sources]
    base = base.to(draw(formats)) if draw(st.booleans()) else None
    bits = [EVERYTHING, NOTHING, Cut(int(torch.tensor(0.5).view(torch.int32)), draw(st.integers(-1, size)))]
    if draw(st.booleans()):
        choices = [Cuts(draw(st.sampled_from(bits)), draw(st.sampled_from(bits))) for _ in sources]
    else:
        limits = st.sampled_from([ALWAYS, ALWAYS // 2, 7])
        choices = [Drawn((seed, index), draw(limits)) for index in range(len(sources))]
    numbers = st.sampled_from([1.0, 0.5, -0.3, 2.0])
    options = {
        "weights": [draw(numbers) for _ in sources], "factors": [draw(st.sampled_from([1.0, 1 / 0.3])) for _ in sources],
        "scale": draw(st.sampled_from([1.0, 0.7])), "divisor": draw(st.sampled_from([1.0, 3.0])),
        "dtype": draw(st.sampled_from([*DTYPES, torch.float64])), "merged": True,
    }  # fmt: skip
    if draw(st.booleans()):
        options |= {"vote": True} | {name: draw(st.booleans()) for name in ("normalize", "raw", "count")}
    return base, sources, choices, options


@settings(max_examples=200, deadline=None)
@given(problem=problems())
def test_the_map_gives_the_bits_of_the_reference(problem):
    base, sources, choices, options = problem
    wanted, found = (module.changes(base, sources, choices, **options) for module in (reference, compiled))
    assert torch.equal(wanted.result, found.result)
    assert torch.equal(wanted.merged, found.merged)
    assert wanted.kept == found.kept
    assert not options.get("vote") or wanted.agreed == found.agreed
    under = 0 if base is None else base.double()
    for index, source in enumerate(sources):
        change = source.double() - under
        assert found.sums.squares[index] == pytest.approx(change.square().sum().item(), rel=1e-5)
        assert found.sums.products[index] == pytest.approx((change * wanted.merged).sum().item(), rel=1e-4, abs=1e-2)
    assert found.sums.square == pytest.approx(wanted.merged.double().square().sum().item(), rel=1e-5)
    assert found.sums.bad == int((~wanted.result.isfinite()).sum())


@settings(max_examples=100, deadline=None)
@given(problem=problems(), length=st.sampled_from([BLOCK, 2 * BLOCK]))
def test_what_is_looked_at_is_counted_as_numpy_counts_it(problem, length):
    base, sources, choices, options = problem
    options |= {"dtype": base.dtype if base is not None else torch.float32}
    out = torch.empty(sources[0].numel(), dtype=options["dtype"])
    found = compiled.changes(base, sources, choices, **options, out=out, look=(3 * BLOCK, length))
    seen = np.arange(out.numel()) % (3 * BLOCK) < length
    under = 0 if base is None else base.float()
    vectors = [(source.float() - under).numpy()[seen] for source in sources]
    merged = found.merged.numpy()[seen]
    looked = found.looked
    assert looked.seen == seen.sum()
    assert looked.changed == [np.count_nonzero(vector) for vector in vectors]
    assert looked.against == [np.count_nonzero(vector * np.sign(merged) < 0) for vector in vectors]
    assert looked.shared == np.count_nonzero(sum((vector != 0).astype(int) for vector in vectors) >= 2)
    signs = [np.sign(vector) for vector in vectors]
    assert looked.conflicts == np.count_nonzero((np.min(signs, 0) < 0) & (np.max(signs, 0) > 0))
    if base is not None:
        assert looked.moved == np.count_nonzero(merged)
        kept = (out.view(torch.uint8) == base.view(torch.uint8)).view(-1, out.element_size()).all(1).numpy()[seen]
        assert looked.lost == np.count_nonzero((merged != 0) & kept)
    pairs = [(one, other) for index, one in enumerate(vectors) for other in vectors[index + 1 :]]
    assert looked.products == pytest.approx(
        [float(one.astype(float) @ other) for one, other in pairs], rel=1e-4, abs=1e-2
    )
    if pairs:
        assert looked.squares == pytest.approx([float(one.astype(float) @ one) for one in vectors], rel=1e-5)


def test_beyond_sixteen_sources_there_are_no_pairs_and_part_of_a_block_is_not_looked_at():
    base, sources = family(BLOCK, count=17)
    given = {"weights": [1.0] * 17, "factors": [1.0] * 17, "scale": 1.0, "out": torch.empty(BLOCK)}
    found = compiled.changes(base, sources, [Cuts()] * 17, **given, look=(BLOCK, BLOCK)).looked
    assert found.products == found.squares == []
    assert len(found.changed) == 17
    with pytest.raises(ValueError, match=f"multiple of {BLOCK}"):
        compiled.changes(base, sources, [Cuts()] * 17, **given, look=(BLOCK, 4))


def test_numbers_are_read_and_written_where_they_lie_without_torch():
    base, sources = family(3 * BLOCK + 5)
    given = {"weights": [0.5, 0.2, 0.3], "factors": [1.0] * 3, "scale": 1.0}
    for dtype in DTYPES:
        tensors = [tensor.to(dtype) for tensor in (base, *sources)]
        under, *raws = map(raw_of, tensors)
        room = raw_of(torch.empty(base.numel(), dtype=dtype))
        found = compiled.changes(under, raws, [Cuts()] * 3, **given, out=room)
        assert found.result is room
        wanted = reference.changes(tensors[0], tensors[1:], [Cuts()] * 3, **given, dtype=dtype).result
        assert torch.equal(room.tensor(), wanted)
        assert selection.cut_of(under, raws[0], 700) == selection.cut_of(tensors[0], tensors[1], 700)
        assert np.array_equal(gram.gram(under, raws), gram.gram(tensors[0], tensors[1:]).numpy())


def test_a_part_is_that_part_of_the_whole():
    base, sources = family(4 * BLOCK + 9)
    choices = [Drawn((1, index), ALWAYS // 3) for index in range(3)]
    given = {"weights": [1.0] * 3, "factors": [3.0] * 3, "scale": 1.0, "dtype": torch.float32, "merged": True}
    whole = compiled.changes(base, sources, choices, **given)
    for part in (slice(0, 10), slice(BLOCK, 3 * BLOCK + 1), slice(4 * BLOCK, None)):
        found = compiled.changes(base, sources, choices, **given, part=part)
        assert torch.equal(found.result, whole.result[part])
        assert torch.equal(found.merged, whole.merged[part])
    with pytest.raises(ValueError, match=f"multiple of {BLOCK}"):
        compiled.changes(base, sources, choices, **given, part=slice(4, 8))


def test_tensors_with_gaps_and_other_formats_are_read_right():
    base, sources = family(2 * BLOCK)
    given = {"weights": [1.0] * 3, "factors": [1.0] * 3, "scale": 1.0, "dtype": torch.float32}
    gapped = [source[::2] for source in sources]
    wanted = reference.changes(base[::2], gapped, [Cuts()] * 3, **given)
    assert torch.equal(compiled.changes(base[::2], gapped, [Cuts()] * 3, **given).result, wanted.result)
    wide = [source.double() for source in gapped]
    assert torch.equal(compiled.changes(base[::2], wide, [Cuts()] * 3, **given).result, wanted.result)


def test_what_is_no_number_shows_whether_or_not_it_is_drawn():
    source = torch.zeros(BLOCK)
    source[3], source[5] = float("nan"), float("inf")
    given = {"weights": [1.0], "factors": [1.0], "scale": 1.0, "dtype": torch.bfloat16}
    found = compiled.changes(None, [source], [Drawn((0, 0), 1)], **given)
    assert found.result[[3, 5]].isnan().all()
    assert found.sums.bad == 2
    elected = compiled.changes(
        None, [source, source], [Cuts()] * 2, **given | {"weights": [1.0] * 2, "factors": [1.0] * 2}, vote=True
    )
    assert elected.result[3].isnan()
    assert elected.result[5] == float("inf")


def test_ranks_are_left_to_the_reference():
    base, (source, *_) = family(60)
    ranks = reference_selection.row_ranks(base, source, 12)
    choice = Ranked((1, 2), ranks, torch.full((12,), ALWAYS // 2), torch.full((12,), 2.0))
    given = {"weights": [1.0], "factors": [1.0], "scale": 1.0, "dtype": torch.float32}
    wanted, found = (module.changes(base, [source], [choice], **given) for module in (reference, compiled))
    assert torch.equal(wanted.result, found.result)


@settings(max_examples=100, deadline=None)
@given(size=st.sampled_from(SIZES[1:]), seed=st.integers(0, 999), density=st.floats(0, 1), data=st.data())
def test_a_cut_keeps_what_sorting_keeps(size, seed, density, data):
    base, (source, *_) = family(size, seed)
    source, under = source.to(data.draw(formats)), base.to(data.draw(formats)) if data.draw(st.booleans()) else None
    keep = count_of(density, size)
    change = source.float() - (0 if under is None else under.float())
    cut = selection.cut_of(under, source, keep)
    _, stays = reference.kept(Cuts(cut), change)
    order = np.argsort(-np.abs(change.numpy()), kind="stable")[:keep]
    wanted = np.zeros(size, bool)
    wanted[order] = True
    # Where the cut is amid zeros it keeps all of them: what it would drop is zero anyway.
    assert np.array_equal(stays.numpy() & (change.numpy() != 0), wanted & (change.numpy() != 0))


def test_a_cut_where_most_are_within_the_bounds_asks_for_more_room():
    source = torch.full((200_000,), 2.0)
    source[::2] = 2.0 + torch.arange(100_000) * 2.0**-22
    change, keep = source.clone(), 150_000
    _, stays = reference.kept(Cuts(selection.cut_of(None, source, keep)), change)
    assert int(stays.sum()) == keep


def test_finding_a_cut_leaves_its_inputs_as_they_are():
    base, (source, *_) = family(70_000)
    before = source.clone()
    selection.cut_of(base, source, 20_000)
    assert torch.equal(source, before)


def test_a_cut_among_what_is_not_a_number_keeps_all():
    source = torch.tensor([1.0, float("nan"), float("nan"), 3.0])
    assert selection.cut_of(None, source, 1) == EVERYTHING
    assert selection.cut_of(None, torch.tensor([5.0]), 1) == EVERYTHING


@pytest.mark.parametrize("wanted", [0, 1, 7, 300])
def test_the_place_of_a_tie_is_that_of_the_reference(wanted):
    base, (source, *_) = family(9 * BLOCK + 5)
    bits = int(torch.tensor(0.5).view(torch.int32))
    assert selection.place_of(base, source, bits, wanted) == reference_selection.place_of(base, source, bits, wanted)
    with pytest.raises(ValueError, match="not"):
        selection.place_of(base, source, bits, source.numel())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("choice", [Cuts(Cut(0x3F000000, 700)), Drawn((4, 5), ALWAYS // 3)], ids=["cut", "drawn"])
def test_lengths_before_and_after_are_sums_of_magnitudes(size, choice):
    base, (source, *_) = family(size)
    change = source - base
    before, after, again = compiled.lengths(base, source, choice)
    kept, _ = reference.kept(choice, change)
    assert before == pytest.approx(change.double().abs().sum().item(), rel=1e-12)
    assert after == pytest.approx(kept.double().abs().sum().item(), rel=1e-12)
    given = {"weights": [1.0], "factors": [1.0], "scale": 1.0, "dtype": torch.float32}
    # Draws that are remembered are the draws.
    found = compiled.changes(base, [source], [again], **given)
    assert torch.equal(found.result, reference.changes(base, [source], [choice], **given).result)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("has_base", [True, False])
def test_inner_products_are_those_of_float64(size, has_base):
    base, sources = family(size)
    sources = [source.to(dtype) for source, dtype in zip(sources, DTYPES, strict=True)]
    found, wanted = (module.gram(base if has_base else None, sources) for module in (gram, reference_gram))
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_draws_past_the_32_bit_counter_are_those_of_the_reference():
    start = 4 * (2**32 - 2)
    words = philox.words((7, 8), start, 16)
    assert torch.equal(draws.words((7, 8), start, 16), words)
    assert torch.equal(draws.bernoulli((7, 8), 0.5, start, 16), words < ALWAYS // 2)


def test_a_library_of_other_sources_is_refused(monkeypatch):
    monkeypatch.setattr(library, "INTERFACE", 99)
    library.library.cache_clear()
    with pytest.raises(ImportError, match="other sources"):
        library.library()
    library.library.cache_clear()


def test_a_library_that_is_not_built_is_told(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    library.library.cache_clear()
    with pytest.raises(ImportError, match="C compiler"):
        library.library()
    library.library.cache_clear()
