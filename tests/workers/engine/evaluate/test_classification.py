"""Answers of a model that a test writes down."""

import math

import pytest
import torch

from workers.contracts.errors import Cancelled, UserError
from workers.engine.datasets import Examples
from workers.engine.evaluate.answers import metrics_of, write_answers
from workers.engine.evaluate.classification import answer


class Table(torch.nn.Module):
    """Gives the logits of row `pixel_values[i, 0, 0, 0]`."""

    def __init__(self, rows):
        super().__init__()
        self.rows = torch.tensor(rows)

    def forward(self, pixel_values):
        return type("Output", (), {"logits": self.rows[pixel_values[:, 0, 0, 0].long()]})


def examples(labels):
    n = len(labels)
    images = torch.arange(n, dtype=torch.float32).view(n, 1, 1, 1)
    return Examples(images, torch.tensor(labels), torch.arange(n) + 100)


def test_chooses_the_largest_and_the_first_among_equals():
    found = answer(Table([[1.0, 2.0, 0.0], [5.0, 5.0, 1.0]]), examples([1, 1]), name="m")
    assert found.prediction.tolist() == [1, 0]
    assert found.correct.tolist() == [True, False]


def test_logprob_is_that_of_the_gold_class():
    found = answer(Table([[0.0, math.log(3.0)]]), examples([1]), name="m")
    assert found.logprob.tolist() == pytest.approx([math.log(0.75)])


def test_a_confident_mistake_keeps_its_size():
    """In float32 the softmax would be 0 and its logarithm minus infinity."""
    found = answer(Table([[0.0, 200.0]]), examples([0]), name="m")
    assert found.logprob.tolist() == pytest.approx([-200.0])


def test_batches_do_not_change_the_answers():
    rows = torch.randn(23, 4, generator=torch.Generator().manual_seed(0)).tolist()
    data = examples([index % 4 for index in range(23)])
    one, many = (answer(Table(rows), data, name="m", batch_size=size) for size in (1, 64))
    assert torch.equal(one.prediction, many.prediction)
    assert torch.equal(one.logprob, many.logprob)


def test_may_be_stopped_between_batches():
    def stop(done):
        raise Cancelled(str(done))

    with pytest.raises(Cancelled, match="2"):
        answer(Table([[0.0, 1.0]] * 5), examples([0] * 5), name="m", batch_size=2, between=stop)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_names_the_first_example_without_an_answer(bad):
    with pytest.raises(UserError, match="example 3"):
        answer(Table([[0.0, 1.0]] * 3 + [[bad, 0.0]] * 2), examples([0] * 5), name="m", batch_size=2)


@pytest.mark.parametrize("label", [-1, 2])
def test_refuses_labels_that_the_model_does_not_know(label):
    with pytest.raises(UserError) as caught:
        answer(Table([[0.0, 1.0]]), examples([label]), name="m")
    assert caught.value.findings[0].code == "labels_outside"


def test_metrics_can_be_worked_out_by_hand(tmp_path):
    found = answer(Table([[0.0, 0.0], [0.0, math.log(3.0)], [0.0, 0.0], [0.0, 0.0]]), examples([0, 1, 1, 0]), name="m")
    metrics = metrics_of(found)
    assert metrics["accuracy"]["value"] == 0.75
    assert metrics["nll"]["value"] == pytest.approx((3 * math.log(2) - math.log(0.75)) / 4)
    write_answers(found, tmp_path / "a.parquet")
    write_answers(found, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
