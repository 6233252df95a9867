"""Learned coefficients: gradients against plain autograd, a convex problem whose optimum is known, and how they are shared out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from kernels.raw import format_of
from tests.workers.engine.merge.lessons import Killed
from tests.workers.engine.merge.steps import tensors
from workers.engine.merge.learning.coefficients import Course, merge_by_coefficients, train
from workers.engine.merge.learning.mixture import Mixture, Start
from workers.engine.merge.learning.sharing import shares
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Batch, Objective, Term


def step(base, sources, coefficients=None, name="w", **more):
    return MergeStep(
        name=name, raw_base=base.flatten(), raw_sources=tuple(source.flatten() for source in sources),
        source_ids=tuple(range(1, len(sources) + 1)), parameters={}, format=format_of(base), shape=tuple(base.shape), seed=4,
        learned={} if coefficients is None else {"coefficients": coefficients}, **more,
    )  # fmt: skip


class Linear:
    """Stands for a student whose model is x·w: a mixture of its weights is a line through least squares."""

    def __init__(self, base, sources, learning):
        self.learning, self.device, self.places = learning, torch.device("cpu"), {"w": "w"}
        self._step = step(base, sources)

    def steps(self):
        yield self._step

    def run(self, weights, inputs):
        return SimpleNamespace(logits=inputs["x"] @ weights["w"])


class Points:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def batch(self, rows, *, seed):
        task = torch.zeros(len(rows), dtype=torch.int64)
        return Batch({"x": self.x[rows], "task": task}, {"y": self.y[rows]}, len(rows))


def mixture_of(base, sources, starts, **options):
    learning = SimpleNamespace(sources=len(sources), seed=4, first_source=1)
    return Mixture(Linear(base, sources, learning), {"w": starts}, **options)


@pytest.mark.parametrize(("sharing", "count"), [("chunks", 1), ("chunks", 3), ("lots", 5)])
def test_gradients_are_those_of_plain_autograd(sharing, count):
    base, *sources = tensors(3)
    mixture = mixture_of(base, sources, Start(0.3, count), sharing=sharing)
    weight = torch.randn(37, 11, generator=torch.Generator().manual_seed(9))
    (mixture.merged()["w"] * weight).sum().backward()
    plain = torch.full((2, count), 0.3, dtype=torch.float64, requires_grad=True)
    held = [shares(sharing, count, 0, 407, elements=407, seed=4, name="w", source=source).long() for source in (1, 2)]
    total = base.double().flatten() + sum(
        plain[index][held[index]] * (source - base).double().flatten() for index, source in enumerate(sources)
    )
    (total * weight.double().flatten()).sum().backward()
    torch.testing.assert_close(mixture.coefficients[0].grad.double(), plain.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mixture.merged()["w"].double().flatten(), total.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("sharing", "count"), [("chunks", 1), ("chunks", 7), ("lots", 4)])
def test_merging_applies_what_was_learned(sharing, count):
    base, *sources = tensors(3)
    mixture = mixture_of(base, sources, Start(0.3, count), sharing=sharing)
    with torch.no_grad():
        mixture.coefficients[0].copy_(torch.rand(2, count, generator=torch.Generator().manual_seed(1)))
    table = mixture.values()["w"].detach()
    result = merge_by_coefficients(step(base, sources, table), sharing).view(37, 11)
    torch.testing.assert_close(result, mixture.merged()["w"].detach(), rtol=1e-6, atol=1e-7)


def test_lots_are_even_and_drawn_by_tensor_and_source():
    drawn = shares("lots", 5, 0, 50_000, elements=50_000, seed=1, name="w", source=1)
    counts = torch.bincount(drawn.long(), minlength=5)
    assert (counts - 10_000).abs().max() < 4 * (50_000 * 0.2 * 0.8) ** 0.5
    assert not torch.equal(drawn, shares("lots", 5, 0, 50_000, elements=50_000, seed=1, name="w", source=2))
    parts = [shares("lots", 5, at, 1000, elements=50_000, seed=1, name="w", source=1) for at in range(0, 50_000, 1000)]
    assert torch.equal(torch.cat(parts), drawn)


def test_chunks_are_equal_and_in_order():
    held = shares("chunks", 3, 0, 10, elements=10, seed=0, name="w", source=1)
    assert held.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


class Tally:
    def __init__(self, at=None):
        self.at, self.told = at, []

    def __call__(self, done, total, unit, message):
        self.told.append(done)
        if done == self.at:
            raise Killed


def learn(tmp_path, *, kill_at=(), squash="none", steps=250):
    """y = x·(b + 0.7·τ_0 + 0.2·τ_1): the optimum is known."""
    base, *sources = tensors(3, (6, 2))
    x = torch.randn(24, 6, generator=torch.Generator().manual_seed(3))
    y = x @ (base + 0.7 * (sources[0] - base) + 0.2 * (sources[1] - base))
    error = Objective((Term("error", lambda answer, batch: (answer.logits - batch.targets["y"]).square().mean()),))
    for at in [*kill_at, None]:
        told = Tally(at)
        learning = SimpleNamespace(
            sources=2, seed=4, first_source=1, journal=tmp_path, key="k", device="cpu", told=told,
            reporter=SimpleNamespace(metric=lambda *_: None, log=lambda *_: None),
        )  # fmt: skip
        mixture = Mixture(Linear(base, sources, learning), {"w": Start(0.4)}, squash=squash)
        try:
            progress = train(learning, mixture, Points(x, y), error, Course(steps, 24, 0.03))
            return mixture, progress
        except Killed:
            continue
    raise AssertionError


def test_finds_the_known_optimum_of_a_convex_problem(tmp_path):
    mixture, progress = learn(tmp_path)
    np.testing.assert_allclose(mixture.values()["w"].detach().flatten().numpy(), [0.7, 0.2], atol=2e-3)
    assert progress.curve[-1][1]["loss"] < 1e-4 * progress.curve[0][1]["loss"]


def test_coefficients_stay_between_the_bounds(tmp_path):
    mixture, _ = learn(tmp_path, squash="sigmoid", steps=50)
    values = mixture.values()["w"].detach()
    assert 0 < values.min() < values.max() < 1


def test_goes_on_after_kills_with_equal_bits(tmp_path):
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole, first = learn(tmp_path / "whole", steps=40)
    killed, second = learn(tmp_path / "killed", kill_at=(7, 23), steps=40)
    assert torch.equal(whole.values()["w"], killed.values()["w"])
    assert first.curve == second.curve
    assert second.resumed_step > 0
