import pytest
import torch

from tests.workers.engine.merge.steps import close, merged, tensors
from workers.engine.merge.layer_swap import language_share

PUBLISHED = {"bottom": 5, "top": 2, "transition": 1, "share": 0.5}


def test_the_published_layout_of_32_layers():
    shares = [language_share(layer, 32, **PUBLISHED) for layer in range(32)]
    assert shares == [1.0] * 5 + [0.5] + [0.0] * 23 + [0.5] + [1.0] * 2


@pytest.mark.parametrize("layer", [-1, 32])
def test_embeddings_and_head_follow_the_language_expert(layer):
    task, language = tensors(2)
    assert torch.equal(merged("layer_swap", None, [task, language], layer=layer, layers=32), language)


@pytest.mark.parametrize(("layer", "expected"), [(0, 1), (15, 0), (31, 1)])
def test_whole_layers_are_exact_copies(layer, expected):
    experts = [tensor.bfloat16() for tensor in tensors(2)]
    assert torch.equal(merged("layer_swap", None, experts, layer=layer, layers=32), experts[expected])


def test_a_transition_is_a_weighted_average():
    task, language = tensors(2)
    result = merged("layer_swap", None, [task, language], layer=5, layers=32, share=0.25)
    assert close(result, 0.75 * task.double() + 0.25 * language.double())


def test_a_tensor_of_one_expert_alone_is_taken_over():
    (task,) = tensors(1)
    assert torch.equal(merged("layer_swap", None, [task], layer=15, layers=32), task)
