"""The decoder against an encoder written from the description of the form, and against what is wrong on purpose."""

import lz4.frame
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.xet.chunks import CHUNKS_MAX, RAW_BYTES, XorbStream, chunks_decode, index_read
from hub.xet.errors import BadXet
from tests.hub.xet.packing import GROUPED, LZ4, PLAIN, chunk, xorb

RAWS = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=8)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(RAWS, st.sampled_from((PLAIN, LZ4, GROUPED)), st.integers(1, 50), st.booleans())
@example([b"a" * RAW_BYTES], GROUPED, 4096, True)
@example([b"abc", b"abcd", b"abcde", b"x"], GROUPED, 7, False)
def test_gives_back_what_was_packed_however_it_arrives(raws, scheme, size, has_footer):
    stream = XorbStream(pieces(xorb(raws, scheme, **({} if has_footer else {"footer": b""})), size))
    kept = b"".join(stream)
    assert b"".join(chunks_decode([kept])) == b"".join(raws)
    index = index_read(stream.index)
    assert [raw for _, raw in index] == [len(raw) for raw in raws]
    start = 0
    for (end, _), raw in zip(index, raws, strict=True):
        assert b"".join(chunks_decode([kept[start:end]])) == raw
        start = end
    assert start == len(kept)


@given(st.binary(max_size=400))
def test_anything_else_is_refused_and_nothing_worse(data):
    try:
        kept = b"".join(XorbStream([data]))
    except BadXet:
        return
    assert b"".join(chunks_decode([kept]))


@given(RAWS, st.data())
def test_a_damaged_xorb_is_read_the_same_or_refused(raws, data):
    packed = bytearray(xorb(raws))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        b"".join(XorbStream([bytes(packed)]))
    except BadXet:
        return


@pytest.mark.hostile
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"XETBLOB\1footer alone",
        chunk(b"x" * 100)[:5],
        chunk(b"x" * 100)[:-1],
        chunk(b"x" * 100, version=1),
        chunk(b"x" * 100, scheme=PLAIN, **{"raw": 99}),
        chunk(b"x" * 100, raw=99),
        chunk(b"x" * 100, raw=101),
        chunk(b"x" * 100, raw=0),
        chunk(b"", PLAIN),
        chunk(b"x" * 100, raw=RAW_BYTES + 1),
        chunk(b"x" * 100, stored=2**24 - 1),
        chunk(b"x" * (RAW_BYTES + 1), PLAIN),
        chunk(lz4.frame.compress(b"x" * 10) * 2, PLAIN)[:4] + b"\1" + (20).to_bytes(3, "little") + lz4.frame.compress(b"x" * 10) * 2,
    ],
)  # fmt: skip
def test_refuses_what_is_malformed(data):
    with pytest.raises(BadXet):
        b"".join(XorbStream([data]))


def test_refuses_an_unknown_scheme():
    packed = bytearray(chunk(b"x" * 100))
    packed[4] = 3
    with pytest.raises(BadXet, match="scheme 3"):
        b"".join(XorbStream([bytes(packed)]))


@pytest.mark.hostile
def test_a_bomb_is_not_unpacked():
    bomb = lz4.frame.compress(b"\0" * 2**24)
    assert len(bomb) < RAW_BYTES
    packed = bytes([0]) + len(bomb).to_bytes(3, "little") + bytes([LZ4]) + RAW_BYTES.to_bytes(3, "little") + bomb
    with pytest.raises(BadXet, match="one whole LZ4 frame"):
        b"".join(XorbStream([packed]))


@pytest.mark.hostile
def test_has_at_most_so_many_chunks():
    one = chunk(b"x", PLAIN)
    assert b"".join(XorbStream([one * CHUNKS_MAX])) == one * CHUNKS_MAX
    with pytest.raises(BadXet, match=str(CHUNKS_MAX)):
        b"".join(XorbStream([one * (CHUNKS_MAX + 1)]))
