"""What the measurements stand on: the content they send, the rounds they take, the figures they keep."""

import hashlib
import itertools
import json
import struct

from hub.bench.figures import interleaved, keep, skip
from hub.bench.leaderboards import p95
from hub.bench.sending import BLOCK_BYTES, HEAD_BYTES, content_make


def test_the_content_is_as_long_as_it_says_and_the_same_each_time():
    content = content_make(3 * BLOCK_BYTES + 17)
    whole = b"".join(content.chunks())
    assert len(whole) == content.size_bytes
    assert hashlib.sha256(whole).hexdigest() == content.sha256()
    assert content_make(content.size_bytes).sha256() != content.sha256()


def test_parts_put_together_are_the_whole():
    content = content_make(2 * BLOCK_BYTES + 5)
    edges = [0, 7, HEAD_BYTES, BLOCK_BYTES, BLOCK_BYTES + HEAD_BYTES + 1, content.size_bytes]
    parts = [b"".join(content.chunks(*pair)) for pair in itertools.pairwise(edges)]
    assert b"".join(parts) == b"".join(content.chunks())


def test_it_is_a_safetensors_file():
    content = content_make(2 * BLOCK_BYTES)
    head = content.head
    (length,) = struct.unpack("<Q", head[:8])
    tensor = json.loads(head[8 : 8 + length])["w"]
    assert tensor["data_offsets"] == [0, content.size_bytes - len(head)]


def test_rounds_take_turns_and_the_first_is_thrown_away():
    order = []
    seconds = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert [len(taken) for taken in seconds.values()] == [2, 2]


def test_figures_are_kept_where_a_script_finds_them(tmp_path, capsys):
    keep(tmp_path, "listing", [{"name": "kept", "seconds": 0.5}], rounds=3)
    kept = json.loads((tmp_path / "bench" / "listing.json").read_text())
    assert json.loads(capsys.readouterr().out) == kept
    assert (kept["benchmark"], kept["rounds"], kept["rows"][0]["name"]) == ("listing", 3, "kept")


def test_what_cannot_be_measured_here_says_why(tmp_path):
    assert skip(tmp_path, "download", "There is no nginx.") == 0
    assert json.loads((tmp_path / "bench" / "download.json").read_text())["skipped"] == "There is no nginx."


def test_the_95th_percentile_is_interpolated():
    assert p95([float(number) for number in range(101)]) == 95.0
    assert p95([2.0]) == 2.0
