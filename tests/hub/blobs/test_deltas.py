"""Files kept as their difference from another: the same bytes to every reader, whole or in part, and no other ever."""

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.blobs.drivers import Damaged, Missing
from hub.blobs.drivers.delta_file import PIECE_BYTES, Run, delta_write
from hub.blobs.drivers.delta_pieces import WIDTHS, piece_decode, piece_encode
from hub.blobs.drivers.deltas import DeltaDriver, Kept


def sliced(content: bytes):
    return lambda start, end: content[start:end]


def noisy(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).standard_normal(size // 4).astype("<f4").tobytes()


def nearby(content: bytes, seed: int = 1) -> bytes:
    numbers = np.frombuffer(content, "<f4")
    return (numbers * (1 + 1e-4 * np.random.default_rng(seed).standard_normal(len(numbers)))).astype("<f4").tobytes()


def pack(store, new: bytes, base: bytes, runs: list[Run]) -> DeltaDriver:
    """A driver over `store` with the base and the difference, and without the file itself."""
    sha256 = hashlib.sha256(new).hexdigest()
    kept_base = store.put_stream([base])
    packed = store.put_stream(
        delta_write(sha256=sha256, base=kept_base.sha256, runs=runs, new=sliced(new), old=sliced(base))
    )
    kept = Kept(sha256, len(new), kept_base.sha256, packed.sha256)
    return DeltaDriver(store, lambda asked: kept if asked == sha256 else None)


@pytest.fixture
def fine_tune():
    """A header of its own, more than two pieces of numbers that lie elsewhere in the base, and a tail that only it has."""
    base = b"BASE" * 25 + noisy(2 * PIECE_BYTES + 4000) + b"end"
    new = b"header" + nearby(base[100:-3]) + noisy(40, 9)
    return new, base, [Run(6, None), Run(2 * PIECE_BYTES + 4000, 100, 4), Run(40, None)]


def test_gives_the_same_bytes_whole_and_in_any_range(store, fine_tune):
    new, base, runs = fine_tune
    driver = pack(store, new, base, runs)
    sha256 = hashlib.sha256(new).hexdigest()
    assert driver.plain.stat(sha256) is None
    assert driver.stat(sha256) == len(new)
    assert b"".join(driver.open(sha256)) == new
    draws = random.Random(3)
    ends = [0, 1, 6, 7, PIECE_BYTES + 5, PIECE_BYTES + 6, PIECE_BYTES + 7, len(new) - 1, len(new)]
    places = [(start, end) for start in ends for end in ends] + [
        (draws.randrange(len(new)), draws.randrange(len(new) + 9)) for _ in range(8)
    ]
    for start, end in places:
        assert b"".join(driver.open(sha256, start, end)) == new[start:end]
    assert b"".join(driver.open(sha256, len(new) + 5)) == b""


def test_takes_less_room_and_reads_only_what_a_range_needs(driver, fine_tune):
    new, base, runs = fine_tune
    kept = pack(driver, new, base, runs)
    sizes = dict(driver.list())
    assert sum(sizes.values()) - len(base) < 0.6 * len(new)
    read = []
    opened = driver.open

    def counted(sha256, start=0, end=None):
        return (read.append(len(chunk)) or chunk for chunk in opened(sha256, start, end))

    driver.open = counted
    start = PIECE_BYTES + 100
    assert b"".join(kept.open(hashlib.sha256(new).hexdigest(), start, start + 10)) == new[start : start + 10]
    assert sum(read) <= 3 * PIECE_BYTES


@given(data=st.binary(max_size=400), base=st.binary(min_size=400, max_size=400), width=st.sampled_from(WIDTHS))
def test_a_piece_comes_back_whatever_its_bits_are(data, base, width):
    data = data[: len(data) // width * width]
    base = base[: len(data)]
    assert piece_decode(piece_encode(data, base, width), base, width, len(data)) == data
    assert piece_decode(piece_encode(data, None, 1), None, 1, len(data)) == data


@pytest.mark.parametrize("width", WIDTHS)
def test_the_ends_of_the_numbers_wrap_around(width):
    low, high = bytes(width), b"\xff" * width
    for new, base in ((low, high), (high, low), (high, high)):
        assert piece_decode(piece_encode(new * 9, base * 9, width), base * 9, width, 9 * width) == new * 9


@pytest.mark.parametrize("whose", ["base", "packed"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.999999])
def test_damage_ends_the_answer_and_never_gives_wrong_bytes(driver, fine_tune, whose, place):
    new, base, runs = fine_tune
    kept = pack(driver, new, base, runs)
    sha256 = hashlib.sha256(new).hexdigest()
    found = kept._find(sha256)
    path = driver.local_path(getattr(found, whose))
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 8))] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    given_away = bytearray()
    try:
        for chunk in kept.open(sha256):
            given_away += chunk
    except Damaged:
        pass
    assert new.startswith(bytes(given_away))
    assert whose == "base" or len(given_away) < len(new)


@pytest.mark.parametrize("whose", ["base", "packed"])
def test_what_is_gone_or_cut_off_is_said_before_an_answer_begins(driver, fine_tune, whose):
    new, base, runs = fine_tune
    kept = pack(driver, new, base, runs)
    sha256 = hashlib.sha256(new).hexdigest()
    path = driver.local_path(getattr(kept._find(sha256), whose))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(Damaged):
        list(kept.open(sha256))
    path.unlink()
    with pytest.raises((Missing, Damaged)):
        kept.open(sha256)


def test_a_difference_of_another_file_is_refused(driver, fine_tune):
    new, base, runs = fine_tune
    found = pack(driver, new, base, runs)._find(hashlib.sha256(new).hexdigest())
    wrong = Kept("0" * 64, found.size_bytes, found.base, found.packed)
    with pytest.raises(Damaged, match="another"):
        DeltaDriver(driver, lambda asked: wrong).open("0" * 64)


def test_bytes_that_lie_there_come_first(driver, fine_tune):
    new, base, runs = fine_tune
    kept = pack(driver, new, base, runs)
    stored = kept.put_stream([new])
    assert kept.local_path(stored.sha256) is not None
    driver.delete(kept._find(stored.sha256).packed)
    assert b"".join(kept.open(stored.sha256)) == new


def test_the_store_signs_no_address_for_what_it_does_not_have(driver, fine_tune, monkeypatch):
    new, base, runs = fine_tune
    kept = pack(driver, new, base, runs)
    monkeypatch.setattr(driver, "presign_get", lambda sha256, **rest: f"https://store.example/{sha256}")
    options = {"filename": "a", "media_type": "b", "expires_s": 9}
    found = kept._find(hashlib.sha256(new).hexdigest())
    assert kept.presign_get(found.sha256, **options) is None
    assert kept.presign_get(found.base, **options) is not None
