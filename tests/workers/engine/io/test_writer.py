import hashlib
import itertools

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from kernels.raw import format_of
from workers.engine.io.digest import TensorMark, digest_of_folder, tensor_digest, tensor_sha256
from workers.engine.io.writer import ShardWriter, Slot, order_of

STATE = {
    "flags": torch.tensor([True, False, True]),
    "half": torch.randn(3, 5).bfloat16(),
    "wide": torch.randn(7, dtype=torch.float64),
    "plain": torch.randn(2, 2, 2),
    "empty": torch.empty(0, 4),
    "scalar": torch.tensor(3, dtype=torch.int64),
}


def slots(state):
    return order_of([Slot(name, format_of(tensor), tuple(tensor.shape)) for name, tensor in state.items()])


def write(path, state):
    with ShardWriter(path, slots(state)) as writer:
        for slot in slots(state):
            writer.write(slot.name, state[slot.name])
        writer.finish()
        return writer


def test_writes_what_safetensors_reads(tmp_path):
    path = tmp_path / "model.safetensors"
    writer = write(path, STATE)
    found = load_file(path)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], STATE[name]) for name in STATE)
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt"}
    assert writer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert writer.size_bytes == path.stat().st_size


def test_aligns_every_tensor_to_its_own_format(tmp_path):
    path = tmp_path / "model.safetensors"
    write(path, STATE)
    from workers.engine.io.reader import facts_of_weights

    for fact in facts_of_weights(tmp_path).values():
        assert fact.begin % (fact.size_bytes // max(fact.elements, 1) or 1) == 0


def test_writes_slices_and_transposes_as_they_look(tmp_path):
    state = {"x": torch.arange(12.0).reshape(3, 4).T}
    write(tmp_path / "model.safetensors", state)
    assert torch.equal(load_file(tmp_path / "model.safetensors")["x"], state["x"])


def test_an_unfinished_file_never_gets_its_name(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(ValueError, match="announces"), ShardWriter(path, slots(STATE)) as writer:
        writer.write("half", STATE["half"])
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_tensor_other_than_the_announced(tmp_path):
    with pytest.raises(ValueError, match="announces"), ShardWriter(tmp_path / "m", [Slot("a", "F32", (2,))]) as writer:
        writer.write("a", torch.zeros(3))


def test_refuses_to_finish_with_tensors_missing(tmp_path):
    with (
        pytest.raises(ValueError, match="1 tensors are missing"),
        ShardWriter(tmp_path / "m", [Slot("a", "F32", (2,))]) as writer,
    ):
        writer.finish()


def test_the_digest_ignores_sharding_and_order(tmp_path):
    write(tmp_path / "model.safetensors", STATE)
    one = digest_of_folder(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    names = sorted(STATE)
    write(other / "model-00001-of-00002.safetensors", {name: STATE[name] for name in names[::2]})
    write(other / "model-00002-of-00002.safetensors", {name: STATE[name] for name in names[1::2]})
    assert digest_of_folder(other) == one


def test_the_digest_sees_name_format_shape_and_bytes():
    tensor = torch.arange(4.0)
    marks = [
        TensorMark("a", "F32", (4,), tensor_sha256(tensor)),
        TensorMark("b", "F32", (4,), tensor_sha256(tensor)),
        TensorMark("a", "I32", (4,), tensor_sha256(tensor)),
        TensorMark("a", "F32", (2, 2), tensor_sha256(tensor)),
        TensorMark("a", "F32", (4,), tensor_sha256(-tensor)),
    ]
    digests = [tensor_digest([mark]) for mark in marks]
    assert all(one != other for one, other in itertools.combinations(digests, 2))
