"""Trained regions: the stitch in numpy, the mask's update against torch's own gradient, and resumption."""

import numpy as np
import pytest
import torch

from tests.workers.engine.merge import lessons
from tests.workers.engine.merge.steps import tensors
from workers.contracts.errors import Cancelled
from workers.engine.merge.localize_stitch_trained import merge
from workers.engine.merge.step import MergeStep


def test_stitches_masks_and_averages_overlaps():
    base, *sources = tensors(3)
    masks = [torch.rand(37, 11, generator=torch.Generator().manual_seed(seed)) < 0.4 for seed in (1, 2)]
    step = MergeStep(
        name="w", raw_base=base.flatten(), raw_sources=tuple(source.flatten() for source in sources), source_ids=(1, 2),
        parameters={"lambda": 0.5}, format="F32", shape=(37, 11),
        learned={f"mask{index + 1}": mask.to(torch.uint8) for index, mask in enumerate(masks)},
    )  # fmt: skip
    b, m = base.double().numpy(), [mask.numpy().astype(float) for mask in masks]
    taus = [source.double().numpy() - b for source in sources]
    expected = b + 0.5 * (m[0] * taus[0] + m[1] * taus[1]) / np.maximum(m[0] + m[1], 1)
    np.testing.assert_allclose(merge(step).view(37, 11).double().numpy(), expected, rtol=1e-6, atol=1e-7)
    assert step.measures.kept == [int(mask.sum()) for mask in masks]


@pytest.fixture
def room(tmp_path):
    return tmp_path, lessons.family(tmp_path), [lessons.digits(tmp_path)]


def made(room, out="learned", cancel_at=None, **options):
    root, folders, data = room
    return lessons.learning_of(
        root, folders, "localize_stitch_trained", data, out=out, cancel_at=cancel_at, examples=16, **options
    )


def test_masks_follow_the_gradient(room):
    from transformers import ViTForImageClassification

    learning = made(room, mask_rate=1e3)
    lessons.learn(learning)
    _, folders, (data,) = room
    base, own = (dict(ViTForImageClassification.from_pretrained(folder).named_parameters()) for folder in folders[:2])
    taus = {name: (own[name] - base[name]).detach() for name in base}
    sizes = np.sort(np.concatenate([tau.abs().flatten().numpy() for tau in taus.values()]))[::-1]
    limit = sizes[int(0.1 * sizes.size) - 1]
    scores = {name: torch.where(tau.abs() >= limit, 3.0, -3.0).requires_grad_() for name, tau in taus.items()}
    model = ViTForImageClassification.from_pretrained(folders[0]).eval()
    weights = {name: base[name].detach() + scores[name].sigmoid() * taus[name] for name in base}
    pixels, labels = torch.from_numpy(data.take(list(range(16)))["image"]), torch.from_numpy(data.gold(list(range(16))))
    logits = torch.func.functional_call(model, weights, (), {"pixel_values": pixels}).logits
    torch.nn.functional.cross_entropy(logits, labels).backward()
    for name in ("classifier.weight", "classifier.bias", "vit.layernorm.weight"):
        expected = (scores[name].detach() - 1e3 * scores[name].grad > 0) & (taus[name] != 0)
        found = lessons.learned(learning, name)["mask1"].bool()
        assert (found != expected).float().mean() < 0.02  # rounding at the border


def test_without_a_rate_the_largest_changes_are_kept(room):
    report = lessons.learn(made(room, mask_rate=0.0))
    assert report["kept"] == pytest.approx([0.1, 0.1], abs=0.002)


def test_goes_on_after_a_kill_with_equal_bytes(room):
    whole = made(room, out="whole")
    lessons.learn(whole)
    with pytest.raises(Cancelled):
        lessons.learn(made(room, out="killed", cancel_at=2))
    resumed = made(room, out="killed")
    lessons.learn(resumed)
    assert lessons.files(resumed) == lessons.files(whole)
