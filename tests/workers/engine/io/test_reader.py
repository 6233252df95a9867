import json

import pytest
import torch
from safetensors.torch import save_file

from kernels.raw import FORMATS as NAMES
from tests.builders import mlp_state, model_folder
from workers.contracts.errors import UserError
from workers.engine.io.dtypes import dtype_of, format_named
from workers.engine.io.reader import Reader, facts_of_weights, tensors_of

FORMATS = [dtype_of(name) for name in NAMES]


def sample(dtype: torch.dtype) -> torch.Tensor:
    numbers = torch.arange(24).reshape(2, 3, 4)
    return numbers % 2 == 0 if dtype == torch.bool else numbers.to(dtype)


@pytest.mark.parametrize("dtype", FORMATS, ids=str)
def test_reads_every_format(tmp_path, dtype):
    save_file({"x": sample(dtype)}, tmp_path / "model.safetensors")
    ((name, tensor),) = tensors_of(tmp_path)
    assert (name, tensor.dtype, tensor.shape) == ("x", dtype, (2, 3, 4))
    assert torch.equal(tensor.view(torch.uint8), sample(dtype).view(torch.uint8))


def test_reads_shards_through_their_index(tmp_path):
    state = mlp_state(sizes=(4, 4, 4, 4))
    model_folder(tmp_path, state, shards=3)
    save_file({"stray": torch.ones(1)}, tmp_path / "stray.safetensors")
    found = dict(tensors_of(tmp_path))
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_reads_empty_and_scalar_tensors(tmp_path):
    save_file({"empty": torch.empty(0, 3), "scalar": torch.tensor(2.5)}, tmp_path / "model.safetensors")
    found = dict(tensors_of(tmp_path))
    assert found["empty"].shape == (0, 3)
    assert found["scalar"].item() == 2.5


def test_reads_a_tensor_that_is_not_aligned(tmp_path):
    raw = torch.tensor([1.5, -2.5]).numpy().tobytes()
    header = json.dumps(
        {
            "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
        }
    ).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\x07" + raw)
    assert dict(tensors_of(tmp_path))["b"].tolist() == [1.5, -2.5]


def test_writing_to_a_tensor_leaves_the_file_alone(tmp_path):
    save_file({"x": torch.zeros(4)}, tmp_path / "model.safetensors")
    before = (tmp_path / "model.safetensors").read_bytes()
    next(tensors_of(tmp_path))[1].fill_(9)
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_released_pages_come_back_from_the_file(tmp_path):
    state = {"x": torch.randn(100_000)}
    facts = facts_of_weights(model_folder(tmp_path, state))
    with Reader(tmp_path) as reader:
        tensor = reader.tensor("x", facts["x"])
        reader.prefetch(facts["x"])
        reader.release(facts["x"])
        assert torch.equal(tensor, state["x"])


def test_tells_of_a_file_that_is_gone(tmp_path):
    facts = facts_of_weights(model_folder(tmp_path, mlp_state()))
    (tmp_path / "model.safetensors").unlink()
    with Reader(tmp_path) as reader, pytest.raises(UserError, match="is not there") as caught:
        reader.tensor("layers.0.bias", facts["layers.0.bias"])
    assert caught.value.findings[0].code == "weights_unreadable"


def test_tells_of_a_file_that_changed_since_the_check(tmp_path):
    facts = facts_of_weights(model_folder(tmp_path, mlp_state()))
    model_folder(tmp_path, mlp_state(sizes=(8, 32, 4)))
    with Reader(tmp_path) as reader, pytest.raises(UserError, match="no longer there as it was"):
        reader.tensor("layers.0.weight", facts["layers.0.weight"])


def test_tells_of_a_file_that_was_cut_off(tmp_path):
    facts = facts_of_weights(model_folder(tmp_path, mlp_state()))
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with Reader(tmp_path) as reader, pytest.raises(UserError, match="cut off"):
        reader.tensor("layers.0.weight", facts["layers.0.weight"])


def test_names_formats_three_ways():
    assert dtype_of("BF16") is dtype_of("bfloat16") is torch.bfloat16
    assert format_named("float16") == format_named("F16") == "F16"
    with pytest.raises(ValueError, match="known are"):
        dtype_of("float31")
