import numpy as np
import pytest
import torch

from tests.workers.engine.merge import mask_references as references
from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("shape", [(30, 17), (9,), (2, 3, 4, 5)])
def test_agrees_with_float64(average, shape):
    base, *sources = tensors(4, shape)
    alphas = [9.0, 0.8, -0.4]
    result = merged("robust_signature", base, sources, strength=alphas, average=average, layer=0, layers=4)
    assert close(result, references.robust_signature(base, sources, alphas[1:], average))


def test_a_signature_is_at_right_angles_to_what_clean_training_changed():
    base, clean, corrupted = (tensor.double() for tensor in tensors(3))
    patched = merged("robust_signature", base, [clean, corrupted], maths=torch.float64, layer=0, layers=4)
    assert abs(float(((patched - clean) * (clean - base)).sum())) < 1e-12
    # What is corrupted along the clean change alone has no signature.
    along = merged("robust_signature", base, [clean, base + 3 * (clean - base)], maths=torch.float64, layer=0, layers=4)
    assert torch.allclose(along, clean, atol=1e-12)


@pytest.mark.parametrize(("layer", "layers", "depth", "is_patched"), [
    (-1, 13, 0.5, True), (6, 13, 0.5, True), (7, 13, 0.5, False), (13, 13, 0.5, False), (0, 13, 0.0, False), (12, 13, 1.0, True), (0, 0, 0.5, True),
])  # fmt: skip
def test_only_shallow_layers_are_patched(layer, layers, depth, is_patched):
    base, clean, corrupted = tensors(3)
    patched = merged("robust_signature", base, [clean, corrupted], layer=layer, layers=layers, depth=depth)
    assert torch.allclose(patched, clean, atol=1e-6) != is_patched


def test_patches_add_up_and_come_off_again():
    base, clean, first, second = tensors(4)
    together = merged("robust_signature", base, [clean, first, second], average=False)
    one_by_one = sum(merged("robust_signature", base, [clean, other]) - clean for other in (first, second))
    assert torch.allclose(together - clean, one_by_one, atol=1e-6)
    removed = merged("robust_signature", base, [clean, first], strength=-1.0)
    assert torch.allclose(removed - clean, clean - merged("robust_signature", base, [clean, first]), atol=1e-6)


def test_a_model_that_was_never_trained_clean_takes_the_whole_change():
    base, corrupted = tensors(2)
    patched = merged("robust_signature", base, [base.clone(), corrupted])
    assert np.allclose(patched, corrupted, atol=1e-6)


def test_a_tensor_that_the_clean_model_lacks_stays_the_base():
    base, corrupted = tensors(2)
    assert torch.equal(merged("robust_signature", base, [corrupted], ids=(2,)), base)
