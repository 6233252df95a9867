"""Numbers in memory and torch's tensors are the same bytes, whichever comes first."""

import numpy as np
import pytest
import torch

from kernels.raw import FLOATING, FORMATS, Raw, format_of, raw_of, tensor_of


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shape", [(3, 4), (), (0, 5)], ids=["matrix", "scalar", "empty"])
def test_every_format_goes_there_and_back_without_a_copy(name, shape):
    dtype = getattr(torch, FORMATS[name])
    tensor = torch.arange(12).to(dtype)[: int(np.prod(shape))].reshape(shape)
    raw = raw_of(tensor)
    assert (raw.format, raw.shape, raw.numel()) == (name, shape, tensor.numel())
    back = raw.tensor()
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    assert raw.data.tobytes() == back.contiguous().flatten().view(torch.uint8).numpy().tobytes()
    assert not tensor.numel() or back.data_ptr() == tensor.data_ptr()
    assert format_of(raw) == format_of(tensor) == name
    assert dtype.is_floating_point == (name in FLOATING)
    assert tensor_of(tensor) is tensor
    assert raw_of(raw) is raw


def test_a_tensor_with_gaps_is_copied_in_the_order_of_its_rows():
    tensor = torch.arange(12.0).view(3, 4).T
    assert torch.equal(raw_of(tensor).tensor(), tensor)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("stride", [1, 3])
def test_read_as_float32_it_is_what_torch_reads(dtype, stride):
    special = torch.tensor([0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"), 6e-8, 3e38])
    tensor = torch.cat([special, torch.randn(100, generator=torch.Generator().manual_seed(1))]).to(dtype)
    found = torch.from_numpy(raw_of(tensor).floats(stride))
    assert torch.equal(found.view(torch.int32), tensor[::stride].float().view(torch.int32))


def test_another_shape_has_as_many_entries():
    raw = raw_of(torch.arange(6))
    assert raw.view((2, 3)).tensor().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert raw.view((2, 3)).flatten().shape == (6,)
    with pytest.raises(ValueError, match="6 entries"):
        raw.view((4,))


def test_what_torch_writes_is_in_the_memory():
    raw = Raw(np.zeros(8, dtype=np.uint8), "F32", (2,))
    raw.tensor().fill_(1.0)
    assert raw.floats().tolist() == [1.0, 1.0]
