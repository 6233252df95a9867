import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.xet.errors import BadXet
from hub.xet.shards import Segment, hash_text, shard_read
from tests.hub.xet.packing import MAGIC, NAMED, VERIFIED, file_records, hash_bytes, shard

HASH = st.binary(min_size=32, max_size=32).map(bytes.hex)
SEGMENT = st.tuples(HASH, st.integers(1, 1000), st.integers(0, 100), st.integers(101, 8192))


@given(HASH)
def test_hashes_survive_their_text_form(text):
    assert hash_text(hash_bytes(text)) == text


def test_each_group_of_eight_bytes_is_reversed():
    assert hash_text(bytes(range(32))).startswith("07060504030201000f0e")


@given(st.lists(st.tuples(HASH, st.lists(SEGMENT, max_size=4), st.booleans()), max_size=4), st.integers(1, 200))
def test_reads_what_was_written(files, size):
    data = shard(*(file_records(name, segments, flags=NAMED | (VERIFIED if v else 0)) for name, segments, v in files))
    found = shard_read(data[at : at + size] for at in range(0, len(data), size))
    assert [file.sha256 for file in found] == [name for name, _, _ in files]
    assert [file.segments for file in found] == [[Segment(*one) for one in segments] for _, segments, _ in files]


@given(st.binary(max_size=300))
def test_anything_else_is_refused_and_nothing_worse(data):
    for whole in (data, shard()[:48] + data):
        try:
            shard_read([whole])
        except BadXet:
            continue


NAME = "ab" * 32


@pytest.mark.hostile
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 48,
        struct.pack("<32sQQ", MAGIC, 1, 0),
        shard(file_records(NAME, [("cd" * 32, 10, 0, 1)]))[:-400],
        shard(file_records(NAME, [("cd" * 32, 10, 0, 1)], flags=VERIFIED)),
        shard(file_records(NAME, [("cd" * 32, 10, 1, 1)])),
        shard(file_records(NAME, [("cd" * 32, 10, 5, 1)])),
        shard(file_records(NAME, [("cd" * 32, 10, 0, 8193)])),
        shard(file_records(NAME, [("cd" * 32, 0, 0, 1)])),
        shard(file_records(NAME, [("cd" * 32, 128 * 1024 + 1, 0, 1)])),
        shard(struct.pack("<32sII8x", b"h" * 32, NAMED, 2**32 - 1)),
    ],
)
def test_refuses_what_is_malformed(data):
    with pytest.raises(BadXet):
        shard_read([data])
