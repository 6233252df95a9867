"""NaN and infinity counted by their bits, against torch's own idea of each dtype."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.statistics.finite import FORMS, Broken, Span, broken_of, count

NUMPY = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


@pytest.mark.parametrize("name", ["F16", "BF16", "F8_E5M2", "F8_E4M3"])
def test_every_number_of_a_form_is_told_as_torch_tells_it(name):
    torch = pytest.importorskip("torch")
    dtype = {"F16": torch.float16, "BF16": torch.bfloat16, "F8_E5M2": torch.float8_e5m2, "F8_E4M3": torch.float8_e4m3fn}[name]  # fmt: skip
    bits = np.arange(2 ** (8 * dtype.itemsize), dtype=FORMS[name].bits)
    numbers = torch.frombuffer(bytearray(bits.tobytes()), dtype=dtype).to(torch.float64)
    assert count(bits.tobytes(), FORMS[name]) == (int(numbers.isnan().sum()), int(numbers.isinf().sum()))


@pytest.mark.parametrize("name", ["F32", "F64"])
@given(data=st.data())
def test_any_numbers_are_told_as_numpy_tells_them(name, data):
    width = 8 * np.dtype(NUMPY[name]).itemsize
    values = data.draw(st.lists(st.one_of(st.floats(width=width), st.sampled_from([np.nan, np.inf, -np.inf, -np.nan])), max_size=20))  # fmt: skip
    array = np.array(values, dtype=NUMPY[name])
    assert count(array.tobytes(), FORMS[name]) == (int(np.isnan(array).sum()), int(np.isinf(array).sum()))


@given(cuts=st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_chunks_may_cut_numbers_anywhere(cuts):
    first = np.array([1, np.nan, np.inf, 2, -np.inf], dtype=np.float32).tobytes()
    whole = b"\xff" * 7  # integers: no number of theirs is NaN
    last = np.array([np.nan, 0], dtype=np.float64).tobytes()
    raw = first + whole + last
    spans = [Span("c", "F64", 127, 143), Span("a", "F32", 100, 120), Span("b", "I8", 120, 127), Span("d", "F32", 120, 120)]  # fmt: skip
    chunks, place = [], 0
    while place < len(raw):
        size = cuts[len(chunks) % len(cuts)]
        chunks.append(raw[place : place + size])
        place += size
    assert list(broken_of(spans, chunks, 100)) == [Broken("a", 1, 2), Broken("c", 1, 0)]


def test_a_file_that_ends_early_is_an_error():
    with pytest.raises(ValueError, match="byte 104"):
        list(broken_of([Span("a", "F32", 100, 120)], [b"\0" * 4], 100))


def test_longer_than_one_stretch():
    array = np.zeros(700_000, dtype=np.float32)
    array[[3, 400_000, 699_999]] = [np.nan, np.inf, np.nan]
    assert count(array.tobytes(), FORMS["F32"]) == (2, 1)
