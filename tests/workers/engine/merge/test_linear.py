import pytest
import torch

from kernels.compiled.library import is_built
from kernels.dispatch import OVERRIDE
from kernels.raw import raw_of
from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors
from workers.contracts.errors import UserError
from workers.engine.merge import mapping
from workers.engine.merge.step import STRETCH


@pytest.mark.parametrize("shape", [(3,), (300, 700)])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [1.0, 0.5, 2.0], [0.1, 0.7, -0.3]])
def test_is_bit_equal_to_plain_torch_in_float32(shape, weights):
    sources = tensors(3, shape)
    direct = sum(weight * source for weight, source in zip(weights, sources, strict=True)) / sum(weights)
    assert torch.equal(merged("linear", None, sources, weight=weights), direct)


def test_without_normalize_is_the_plain_weighted_sum():
    sources = tensors(2)
    result = merged("linear", None, sources, weight=[0.3, 0.9], normalize=False)
    assert torch.equal(result, 0.3 * sources[0] + 0.9 * sources[1])


def test_agrees_with_float64():
    sources, weights = tensors(5, seed=4), [1.0, -0.5, 2.0, 0.25, 0.1]
    expected = references.linear([source.double().numpy() for source in sources], weights, True)
    assert close(merged("linear", None, sources, weight=weights), expected)


def test_float64_is_computed_in_float64():
    sources = [tensor.double() for tensor in tensors(3)]
    result = merged("linear", None, sources, weight=[0.1, 0.2, 0.3], maths=torch.float64)
    direct = (0.1 * sources[0] + 0.2 * sources[1] + 0.3 * sources[2]) / (0.1 + 0.2 + 0.3)
    assert torch.equal(result, direct)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32_and_rounded_once(dtype):
    sources = [tensor.to(dtype) for tensor in tensors(3)]
    direct = (sum(source.float() for source in sources) / 3.0).to(dtype)
    assert torch.equal(merged("linear", None, sources), direct)


def test_refuses_weights_that_sum_to_zero():
    with pytest.raises(UserError, match="nothing to divide by") as caught:
        merged("linear", None, tensors(2), weight=[1.0, -1.0])
    assert [finding.code for finding in caught.value.findings] == ["weights_sum_to_zero"]


@pytest.mark.skipif(not is_built(), reason="The compiled kernels are not built: there was no C compiler.")
def test_what_is_no_number_is_looked_at_piece_by_piece(monkeypatch):
    asked, real = [], mapping.kernel

    def watched(name, device):
        def run(*given, **options):
            asked.append(options)
            return real(name, device)(*given, **options)

        return run

    monkeypatch.setenv(OVERRIDE, "compiled")
    monkeypatch.setattr(mapping, "kernel", watched)
    sources = tensors(2, (3 * STRETCH + 7,))
    sources[1][2 * STRETCH + 1] = float("nan")
    step, result = step_and_result("linear", None, sources)
    assert torch.equal(result.isnan().nonzero(), torch.tensor([[2 * STRETCH + 1]]))
    assert (step.measures.bad_inputs, step.measures.bad_results) == (1, 1)
    # The change in float32 is never there as a whole.
    assert [options["part"].stop - options["part"].start for options in asked if options.get("merged")] == [
        STRETCH
    ] * 3 + [7]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kernels", ["compiled", "cpu", "reference"])
def test_what_is_no_number_has_one_pattern(monkeypatch, dtype, kernels):
    if kernels == "compiled" and not is_built():
        pytest.skip("The compiled kernels are not built: there was no C compiler.")
    monkeypatch.setenv(OVERRIDE, kernels)
    one, other = (torch.ones(5, dtype=torch.float16) for _ in range(2))
    one.view(torch.int16)[2] = 0x7FFF - 0x100  # a NaN of an unusual pattern
    made = merged("linear", None, [one, other], dtype=dtype)
    assert raw_of(made).data.tobytes() == raw_of(made.masked_fill(made.isnan(), float("nan"))).data.tobytes()
