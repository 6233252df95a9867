"""RegMean and RegMean++: least squares in numpy's float64, Gram matrices by hand, and resumption."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import model_folder, vit_config
from tests.workers.engine.merge import lessons
from tests.workers.engine.merge.steps import named, tensors
from tests.workers.engine.plans import parameters_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.errors import Cancelled
from workers.engine.execute import execute
from workers.engine.merge.learning.gram import regression
from workers.engine.merge.regmean import merge
from workers.engine.merge.step import MergeStep


def inputs(index, rows=40, width=11):
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(50 + index), dtype=torch.float64)


def gram(x):
    return x.T @ x / len(x)


def step(sources, learned, *, dtype=torch.float32, **parameters):
    return MergeStep(
        name="w", raw_base=None, raw_sources=tuple(source.flatten() for source in sources), source_ids=tuple(range(len(sources))),
        parameters=parameters_of("regmean", len(sources), parameters), format=named(dtype), shape=tuple(sources[0].shape), learned=learned,
    )  # fmt: skip


@pytest.mark.parametrize("axis", [0, 1])
def test_solves_the_stacked_least_squares_problem(axis):
    """With a = 1 the answer is numpy's lstsq over all inputs, each with its own model's answers."""
    sources = [tensor.T.contiguous() if axis == 0 else tensor for tensor in tensors(3)]
    xs = [inputs(index) for index in range(3)]
    learned = {f"gram{index}": gram(x) for index, x in enumerate(xs)} | {"axis": torch.tensor(axis)}
    result = merge(step(sources, learned, off_diagonal=1.0)).view(sources[0].shape)
    turned = [(source if axis == 0 else source.T).double().numpy() for source in sources]
    answers = np.concatenate([x.numpy() @ weight for x, weight in zip(xs, turned, strict=True)])
    expected, *_ = np.linalg.lstsq(np.concatenate([x.numpy() for x in xs]), answers, rcond=None)
    np.testing.assert_allclose((result if axis == 0 else result.T).numpy(), expected, rtol=1e-4, atol=1e-5)


@given(st.floats(0.0, 1.0))
def test_equal_weights_come_out_as_they_are(a):
    weight = torch.randn(11, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(regression([weight] * 3, [gram(inputs(index)) for index in range(3)], a), weight)


def test_without_its_off_diagonal_each_input_is_an_average_of_its_own():
    weights = [tensor.T.double() for tensor in tensors(2)]
    grams = [gram(inputs(index)) for index in range(2)]
    sizes = [each.diagonal()[:, None] for each in grams]
    expected = (sizes[0] * weights[0] + sizes[1] * weights[1]) / (sizes[0] + sizes[1])
    torch.testing.assert_close(regression(weights, grams, 0.0), expected)


def test_an_input_that_is_always_zero_needs_no_inverse():
    weights = [tensor.T.double() for tensor in tensors(2)]
    xs = [inputs(index) for index in range(2)]
    for x in xs:
        x[:, 3] = 0
    result = regression(weights, [gram(x) for x in xs], 0.95)
    assert result.isfinite().all()
    assert result[3].abs().max() < 1e-12
    shrunk = [gram(x) * 0.95 + torch.diag(gram(x).diagonal()) * 0.05 for x in xs]
    right = sum(each @ weight for each, weight in zip(shrunk, weights, strict=True))
    np.testing.assert_allclose(
        result.numpy(), np.linalg.pinv(sum(shrunk).numpy()) @ right.numpy(), rtol=1e-6, atol=1e-9
    )


def test_what_is_no_linear_layer_is_averaged():
    sources = tensors(3, (2, 3, 4, 5))
    torch.testing.assert_close(merge(step(sources, {})).view(2, 3, 4, 5), torch.stack(sources).mean(dim=0))


@pytest.fixture
def models(tmp_path):
    return lessons.family(tmp_path, layers=2)[1:]


def _seen(folder, pixels, path):
    """What goes into a layer of a model, by a hook on transformers' own."""
    from transformers import ViTForImageClassification

    model = ViTForImageClassification.from_pretrained(folder).double().eval()
    held = []
    model.get_submodule(path).register_forward_pre_hook(lambda module, given: held.append(given[0].detach()))
    model(pixel_values=pixels)
    return held[0].reshape(-1, held[0].shape[-1])


@pytest.mark.parametrize("method", ["regmean", "regmean_pp"])
def test_gram_matrices_are_those_of_what_goes_in(models, tmp_path, method):
    data = [lessons.digits(tmp_path, domain, labelled=False) for domain in ("clean", "noisy")]
    learning = lessons.learning_of(tmp_path, models, method, data, examples=16)
    lessons.learn(learning)
    name, path = "vit.encoder.layer.0.intermediate.dense.weight", "vit.layers.0.mlp.fc1"
    for index, folder in enumerate(models):
        pixels = torch.from_numpy(data[index].take(list(range(16)))["image"]).double()
        found = lessons.learned(learning, name)
        if method == "regmean":
            torch.testing.assert_close(found[f"gram{index}"], gram(_seen(folder, pixels, path)), rtol=1e-4, atol=1e-6)
        assert found[f"gram{index}"].shape == (8, 8)
    assert not lessons.learned(learning, "vit.layernorm.weight")


def test_layer_by_layer_inputs_come_from_what_is_merged_already(models, tmp_path):
    """What follows the blocks sees the finished merge below it; model i's own norm stands between, as within a block."""
    data = [lessons.digits(tmp_path, labelled=False)]
    learning = lessons.learning_of(tmp_path, models, "regmean_pp", data, examples=16)
    lessons.learn(learning)
    out = tmp_path / "merged"
    execute(
        learning.plan,
        models,
        out,
        tmp_path / "journal",
        reporter=FakeReporter(),
        cancel=FakeCancel(),
        learned=learning.out,
    )
    pixels = torch.from_numpy(data[0].take(list(range(16)))["image"]).double()
    found = lessons.learned(learning, "classifier.weight")
    for index, folder in enumerate(models):
        norm = {name: tensor for name, tensor in lessons.state(folder).items() if name.startswith("vit.layernorm")}
        mixed = model_folder(
            tmp_path / f"mixed-{index}", lessons.state(out) | norm, config=vit_config(**lessons.SIZES | {"layers": 2})
        )
        expected = gram(_seen(mixed, pixels, "classifier"))
        torch.testing.assert_close(found[f"gram{index}"], expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["regmean", "regmean_pp"])
def test_goes_on_after_a_kill_with_equal_bytes(models, tmp_path, method):
    data = [lessons.digits(tmp_path, labelled=False)]
    whole = lessons.learning_of(tmp_path, models, method, data, examples=16, out="whole")
    lessons.learn(whole)
    with pytest.raises(Cancelled):
        lessons.learn(lessons.learning_of(tmp_path, models, method, data, examples=16, out="killed", cancel_at=2))
    resumed = lessons.learning_of(tmp_path, models, method, data, examples=16, out="killed")
    lessons.learn(resumed)
    assert lessons.files(resumed) == lessons.files(whole)
