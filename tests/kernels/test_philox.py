"""Philox against the known answers of Random123, and the properties that the draws of a merge rely on."""

import pytest
import torch

from kernels import draws as numpy_draws
from kernels.compiled import draws as compiled_draws
from kernels.compiled.library import is_built
from kernels.reference import philox

ONES = 0xFFFFFFFF


BUILT = pytest.mark.skipif(not is_built(), reason="The compiled kernels are not built: there was no C compiler.")


@pytest.fixture(params=[numpy_draws, pytest.param(compiled_draws, marks=BUILT)], ids=["numpy", "compiled"])
def draws(request):
    """Both ways in which the CPU draws."""
    return request.param


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_gives_the_known_answers_of_random123(counter, key, answer):
    assert tuple(int(word) for word in philox.philox4x32(counter, key)) == answer


def test_draws_do_not_depend_on_how_they_are_cut():
    key = philox.key_of(7, "a.weight", 2)
    whole = philox.words(key, 0, 1003)
    cut = torch.cat([philox.words(key, start, min(100, 1003 - start)) for start in range(0, 1003, 100)])
    assert torch.equal(whole, cut)


def test_draws_continue_past_the_32_bit_counter():
    key = philox.key_of(7, "huge", 1)
    start = 4 * (2**32 - 1)
    across = philox.words(key, start, 8)
    assert torch.equal(across[4:], philox.words(key, start + 4, 4))
    assert not torch.equal(across[4:], philox.words(key, 0, 4))


@pytest.mark.parametrize(("start", "count"), [(0, 0), (0, 5), (8, 1), (2**34, 70_001)])
def test_the_cpu_words_are_those_of_the_reference(start, count, draws):
    key = philox.key_of(3, "w", 1)
    own, reference = draws.words(key, start, count), philox.words(key, start, count)
    assert own.dtype == reference.dtype
    assert torch.equal(own, reference)


@pytest.mark.parametrize(
    ("start", "count"), [(0, 1), (0, 70_001), (4, 7), (1 << 20, 65_536), (4 * (2**32 - 2), 16), (0, 0)]
)
@pytest.mark.parametrize("probability", [1e-9, 0.3, 0.5, 1.0])
def test_the_cpu_kernel_gives_the_reference_bits(start, count, probability, draws):
    key = philox.key_of(3, "layer.weight", 1)
    expected = philox.bernoulli(key, probability, start, count)
    assert torch.equal(draws.bernoulli(key, probability, start, count), expected)


def test_refuses_to_start_inside_a_block(draws):
    for module in (philox, draws):
        with pytest.raises(ValueError, match="multiple of four"):
            module.bernoulli((1, 2), 0.5, 3, 10)
    with pytest.raises(ValueError, match="multiple of four"):
        draws.words((1, 2), 6, 10)


def test_probability_one_keeps_everything(draws):
    assert draws.bernoulli((1, 2), 1.0, 0, 10_000).all()


@pytest.mark.parametrize("density", [0.05, 0.3, 0.9])
def test_keeps_the_asked_share(density, draws):
    count = 1 << 18
    kept = draws.bernoulli(philox.key_of(0, "w", 1), density, 0, count).float().mean().item()
    assert abs(kept - density) <= 4 * (density * (1 - density) / count) ** 0.5


def test_tensors_sources_and_seeds_have_streams_of_their_own(draws):
    keys = {
        philox.key_of(seed, name, source) for seed in (0, 1) for name in ("a", "b", "a\x000") for source in (0, 1, 10)
    }
    assert len(keys) == 18
    first, second = (draws.bernoulli(philox.key_of(0, "w", source), 0.5, 0, 4096) for source in (1, 2))
    assert abs((first == second).float().mean().item() - 0.5) < 0.05
