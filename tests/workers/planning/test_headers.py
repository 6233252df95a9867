import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.files import SAFETENSORS, entry, safetensors_bytes
from workers.planning.headers import MAX_HEADER_BYTES, Header, HeaderError, header_length, read_header


def read(content: bytes) -> Header:
    return read_header(io.BytesIO(content), len(content))


def valid(count: int = 4) -> bytes:
    header = {f"layer.{index}.weight": entry(index * 8, index * 8 + 8, shape=[2]) for index in range(count)}
    return safetensors_bytes({"__metadata__": {"format": "pt"}, **header}, bytes(range(count * 8)))


@pytest.mark.hostile
@pytest.mark.parametrize("name", SAFETENSORS)
def test_refuses(name: str) -> None:
    code, content = SAFETENSORS[name]
    with pytest.raises(HeaderError) as caught:
        read(content)
    assert caught.value.code == code
    assert caught.value.message
    assert caught.value.message.isprintable()


def test_reads_what_the_library_writes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    state = {
        "b": torch.ones(3, 2, dtype=torch.bfloat16),
        "a": torch.zeros(5),
        "empty": torch.zeros(0, 4),
        "n": torch.tensor(3),
    }
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    content = (tmp_path / "model.safetensors").read_bytes()
    header = read(content)
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {
        name: tuple(value.shape) for name, value in state.items()
    }
    assert header.tensors["b"].dtype == "BF16"
    assert header.metadata == {"format": "pt"}
    place = header.tensors["a"]
    assert content[place.begin : place.end] == state["a"].numpy().tobytes()


def test_places_count_from_the_start_of_the_file() -> None:
    content = valid()
    facts = read(content).facts("model.safetensors")
    fact = facts["layer.1.weight"]
    assert content[fact.begin : fact.end] == bytes(range(8, 16))
    assert (fact.file, fact.size_bytes, fact.elements) == ("model.safetensors", 8, 2)


def test_accepts_a_file_without_tensors() -> None:
    assert read(safetensors_bytes({})).tensors == {}


def test_accepts_padding_behind_the_json() -> None:
    assert list(read(safetensors_bytes(json.dumps({"a": entry(0, 4)}) + "     ", b"\0" * 4)).tensors) == ["a"]


def test_order_in_the_header_does_not_matter() -> None:
    assert set(read(safetensors_bytes({"b": entry(4, 8), "a": entry(0, 4)}, b"\0" * 8)).tensors) == {"a", "b"}


def test_reads_a_stream_that_gives_little_at_a_time() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(3, size or 0))

    content = valid()
    assert len(read_header(Slow(content), len(content)).tensors) == 4


def test_length_is_refused_before_anything_is_read() -> None:
    with pytest.raises(HeaderError) as caught:
        header_length((MAX_HEADER_BYTES + 1).to_bytes(8, "little"), 2**40)
    assert caught.value.code == "header_too_large"


@given(st.integers(0, 10**9), st.integers(1, 12))
def test_mutated_headers_are_read_or_refused_and_nothing_else(seed: int, changes: int) -> None:
    draws = random.Random(seed)
    content = bytearray(valid())
    for _ in range(changes):
        kind = draws.randrange(3)
        place = draws.randrange(len(content))
        if kind == 0:
            content[place] = draws.randrange(256)
        elif kind == 1:
            del content[place : place + draws.randrange(1, 9)]
        else:
            content[place:place] = draws.choice(
                [b"[", b"{", b'"', b"0", b"9" * 30, b",", b"null", b"\xff", b"-1", b"1e400"]
            )
        if not content:
            break
    try:
        header = read(bytes(content))
    except HeaderError:
        return
    places = sorted((tensor.begin, tensor.end) for tensor in header.tensors.values())
    assert all(begin <= end for begin, end in places)
    assert places == [] or (places[0][0] == header.data_begin and places[-1][1] == len(content))


def outcome(content: bytes) -> str:
    """The code of the refusal, "" when the file is read."""
    try:
        read(content)
    except HeaderError as error:
        return error.code
    return ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert outcome(content).startswith("header_") or content[8:9] == b"{"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["F32", "dtype", "shape", "data_offsets"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "a"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), _json, max_size=4), st.binary(max_size=16))
def test_any_json_is_read_or_refused(document: dict[str, object], data: bytes) -> None:
    is_bare = set(document) <= {"__metadata__"}
    assert outcome(safetensors_bytes(document, data)).startswith("header_") or is_bare
