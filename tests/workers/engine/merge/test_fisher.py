"""Fisher-weighted averaging: the formula, the Fisher information of a tiny ViT by finite differences, and its life as a job."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.engine.merge import lessons
from tests.workers.engine.merge.steps import named, tensors
from tests.workers.engine.plans import parameters_of
from workers.contracts.errors import Cancelled
from workers.engine.merge.fisher import merge
from workers.engine.merge.step import MergeStep


def step(sources, fishers, *, dtype=torch.float32, **parameters):
    return MergeStep(
        name="w", raw_base=None, raw_sources=tuple(source.flatten() for source in sources), source_ids=tuple(range(len(sources))),
        parameters=parameters_of("fisher", len(sources), parameters), format=named(dtype), shape=tuple(sources[0].shape),
        learned={f"fisher{index}": fisher for index, fisher in enumerate(fishers)},
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(), (5,), (37, 11), (2, 3, 4, 5), (0,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_is_the_formula(shape, dtype):
    sources = [tensor.to(dtype) for tensor in tensors(3, shape)]
    fishers = [torch.rand(shape, generator=torch.Generator().manual_seed(index)) for index in range(3)]
    weights, epsilon = [0.2, 1.0, 2.5], 1e-6
    result = merge(step(sources, fishers, dtype=dtype, weight=weights)).view(shape)
    counts = [weight * (fisher.double().numpy() + epsilon) for weight, fisher in zip(weights, fishers, strict=True)]
    expected = sum(count * source.double().numpy() for count, source in zip(counts, sources, strict=True)) / sum(counts)
    tolerance = {torch.float32: 2e-6, torch.float16: 2e-3, torch.bfloat16: 2e-2}[dtype]
    np.testing.assert_allclose(result.double().numpy(), expected, rtol=tolerance, atol=tolerance)


@given(st.floats(1e-6, 1.0))
def test_equal_information_gives_the_average(value):
    sources = tensors(3)
    result = merge(step(sources, [torch.full((37, 11), value)] * 3)).view(37, 11)
    torch.testing.assert_close(result, torch.stack(sources).mean(dim=0), rtol=1e-5, atol=1e-6)


def test_weights_that_cancel_out_give_the_plain_mean():
    sources = tensors(2)
    result = merge(step(sources, [torch.ones(37, 11)] * 2, weight=[1.0, -1.0])).view(37, 11)
    torch.testing.assert_close(result, torch.stack(sources).mean(dim=0))


def test_nothing_known_of_a_weight_averages_it():
    sources = tensors(2)
    result = merge(step(sources, [torch.zeros(37, 11)] * 2)).view(37, 11)
    torch.testing.assert_close(result, torch.stack(sources).mean(dim=0))


@pytest.fixture
def models(tmp_path):
    return lessons.family(tmp_path)[1:]


def test_expected_information_is_that_of_a_softmax_head(models, tmp_path):
    """Of the last layer's bias it is known in closed form: E_y[(1[y=k] − p_k)²] = p_k·(1 − p_k), meaned over examples."""
    from transformers import ViTForImageClassification

    data = lessons.digits(tmp_path, labelled=False)
    learning = lessons.learning_of(tmp_path, models, "fisher", [data], labels="expected", examples=16)
    lessons.learn(learning)
    for index, folder in enumerate(models):
        model = ViTForImageClassification.from_pretrained(folder).double().eval()
        pixels = torch.from_numpy(data.take(list(range(16)))["image"]).double()
        p = model(pixel_values=pixels).logits.softmax(dim=-1).detach()
        found = lessons.learned(learning, "classifier.bias")[f"fisher{index}"]
        torch.testing.assert_close(found.double(), (p * (1 - p)).mean(dim=0), rtol=1e-4, atol=1e-8)


def test_given_answers_make_the_empirical_information(models, tmp_path):
    from transformers import ViTForImageClassification

    data = lessons.digits(tmp_path, rows=4)
    learning = lessons.learning_of(tmp_path, models, "fisher", [data], labels="given", examples=4)
    lessons.learn(learning)
    model = ViTForImageClassification.from_pretrained(models[1]).double().eval()
    total = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    for row in range(4):
        logits = model(pixel_values=torch.from_numpy(data.take([row])["image"]).double()).logits
        model.zero_grad()
        logits.log_softmax(dim=-1)[0, int(data.gold([row])[0])].backward()
        for name, value in model.named_parameters():
            total[name] += value.grad**2 / 4
    for name, value in total.items():
        if name.startswith(("classifier", "vit.layernorm")):
            found = lessons.learned(learning, name)["fisher1"]
            torch.testing.assert_close(found.double(), value, rtol=1e-3, atol=1e-9)
    attention = lessons.learned(learning, "vit.encoder.layer.0.attention.attention.query.weight")["fisher1"]
    assert attention.shape == (8, 8)
    assert attention.sum() > 0


def test_normalised_information_has_length_one(models, tmp_path):
    learning = lessons.learning_of(
        tmp_path, models, "fisher", [lessons.digits(tmp_path, labelled=False)], normalize=True, examples=4
    )
    lessons.learn(learning)
    for part in ("fisher0", "fisher1"):
        squares = [lessons.learned(learning, step.name)[part].double().square().sum() for step in learning.merged]
        assert float(sum(squares)) == pytest.approx(1.0, rel=1e-5)


def test_goes_on_after_a_kill_with_equal_bytes(models, tmp_path):
    data = [lessons.digits(tmp_path, labelled=False)]
    whole = lessons.learning_of(tmp_path, models, "fisher", data, examples=6, out="whole")
    lessons.learn(whole)
    with pytest.raises(Cancelled):
        lessons.learn(lessons.learning_of(tmp_path, models, "fisher", data, examples=6, out="killed", cancel_at=9))
    resumed = lessons.learning_of(tmp_path, models, "fisher", data, examples=6, out="killed")
    lessons.learn(resumed)
    assert lessons.files(resumed) == lessons.files(whole)
    assert len(resumed.reporter.of("progress")) == 6  # the first model's was there


def test_another_seed_draws_other_answers(models, tmp_path):
    data = [lessons.digits(tmp_path, labelled=False)]
    found = []
    for seed in (0, 1):
        learning = lessons.learning_of(tmp_path, models, "fisher", data, examples=6, seed=seed, out=f"s{seed}")
        lessons.learn(learning)
        found.append(lessons.learned(learning, "classifier.bias")["fisher0"])
    assert not torch.equal(*found)
