"""Stored changes: every form gives back what it stands for, and what is damaged is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from tests.builders import finetuned, mlp_state, model_folder
from tests.vectors import FORMS, vector_folder
from workers.contracts.errors import UserError
from workers.engine.io.deltas import DeltaReader, pack, pack_bits, unpack
from workers.engine.io.digest import tensor_sha256
from workers.engine.io.reader import Reader, facts_of_weights


def read(base, vector):
    with Reader(base) as before, DeltaReader(vector, before) as reader:
        return {name: reader.tensor(name, fact).clone() for name, fact in facts_of_weights(base).items()}


@pytest.fixture
def base(tmp_path):
    return model_folder(tmp_path / "base", mlp_state())


@pytest.fixture
def changes():
    before, after = mlp_state(), finetuned(mlp_state(), seed=1)
    return {name: after[name] - before[name] for name in before}


@pytest.mark.parametrize("form", FORMS)
def test_gives_the_base_with_its_change(form, base, changes, tmp_path):
    meant = vector_folder(tmp_path / "vector", changes, form)
    for name, tensor in read(base, tmp_path / "vector").items():
        assert tensor.dtype == torch.float32
        assert torch.allclose(tensor.double(), mlp_state()[name].double() + meant[name].double(), atol=2e-7), name


def test_what_is_not_stored_is_not_changed(base, changes, tmp_path):
    name = "layers.0.weight"
    vector_folder(tmp_path / "vector", {name: changes[name]}, "sparse")
    found = read(base, tmp_path / "vector")
    assert all(torch.equal(found[other], tensor) for other, tensor in mlp_state().items() if other != name)


def test_short_formats_are_put_together_in_float32(changes, tmp_path):
    state = mlp_state(dtype=torch.bfloat16)
    base = model_folder(tmp_path / "base", state)
    vector_folder(tmp_path / "vector", changes)
    for name, tensor in read(base, tmp_path / "vector").items():
        assert torch.equal(tensor, state[name].float() + changes[name])


@given(st.lists(st.integers(0, 2**20 - 1), max_size=40), st.integers(20, 33))
def test_packed_numbers_come_back(numbers, width):
    packed = pack(np.array(numbers), width)
    assert packed.numel() == (len(numbers) * width + 7) // 8
    assert unpack(packed, len(numbers), width).tolist() == numbers


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_bits_lie_lowest_first(bits):
    assert pack_bits(torch.tensor(bits))[0] & 1 == bits[0]


def _damaged(stored):
    """(what, keys with other tensors or None): each is refused."""
    name = "layers.0.bias"
    wide = {key: tensor.clone() for key, tensor in stored.items()}
    indices = wide[f"{name}:indices"]
    yield "places that do not rise", {f"{name}:indices": torch.zeros_like(indices)}
    yield "places outside", {f"{name}:indices": torch.full_like(indices, 255)}
    yield "bits too short", {f"{name}:indices": indices[:-1].clone()}
    yield "bits too long", {f"{name}:indices": torch.cat([indices, indices])}
    yield "a part missing", {f"{name}:indices": None}
    yield "no such form", {f"{name}:scale": torch.tensor(1.0)}
    yield "a mask of other places", {"layers.0.weight:mask": torch.zeros_like(wide["layers.0.weight:mask"])}
    yield "a mask too short", {"layers.0.weight:mask": wide["layers.0.weight:mask"][:-1].clone()}
    yield "codes for values", {f"{name}:values": torch.zeros(wide[f"{name}:values"].numel(), dtype=torch.int32)}
    yield (
        "more values than entries",
        {f"{name}:values": torch.zeros(100), f"{name}:indices": torch.zeros(50, dtype=torch.uint8)},
    )
    yield "wide places", {f"{name}:indices": indices.to(torch.int32)}


def test_damaged_vectors_are_refused(base, changes, tmp_path):
    state = {**mlp_state(), "layers.0.bias": torch.zeros(15)}
    base = model_folder(tmp_path / "odd", state)
    # 15 entries take four bits a place, which leaves room for one that is outside.
    vector_folder(tmp_path / "vector", changes | {"layers.0.bias": torch.randn(15)}, "sparse")
    path = tmp_path / "vector" / "task_vector.safetensors"
    stored = load_file(path)
    read(base, tmp_path / "vector")
    for what, changed in _damaged(stored):
        save_file({key: tensor for key, tensor in (stored | changed).items() if tensor is not None}, path)
        with pytest.raises(UserError) as caught:
            read(base, tmp_path / "vector")
        assert caught.value.findings[0].code == "task_vector_misfit", what


@pytest.mark.parametrize("form", ["low_rank", "one_bit", "dense"])
def test_other_shapes_are_refused(form, changes, tmp_path):
    base = model_folder(tmp_path / "base", mlp_state(sizes=(9, 16, 4)))
    vector_folder(tmp_path / "vector", changes, form)
    with pytest.raises(UserError, match=r"layers\.0\.weight"):
        read(base, tmp_path / "vector")


def test_another_base_is_told_by_its_tensors(base, changes, tmp_path):
    marks = {name: {"base_sha256": tensor_sha256(tensor)} for name, tensor in mlp_state().items()}
    vector_folder(tmp_path / "vector", changes, config={"schema": 1, "tensors": marks})
    read(base, tmp_path / "vector")
    other = model_folder(tmp_path / "other", mlp_state(seed=5))
    with pytest.raises(UserError) as caught:
        read(other, tmp_path / "vector")
    assert caught.value.findings[0].code == "other_base"
    (tmp_path / "vector" / "task_vector.json").write_text("[1")
    with pytest.raises(UserError, match="cannot be read"):
        read(base, tmp_path / "vector")
