"""Terms of a loss against numpy in float64, and the sum that is minimised."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from workers.engine.train.losses import (
    IGNORED,
    Batch,
    Objective,
    Term,
    cross_entropy,
    masked_token,
    next_token,
    squared_error,
)

LOGITS = torch.randn(4, 5, 7, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(7, (4, 5), generator=torch.Generator().manual_seed(1))


def batch(**targets):
    return Batch({}, targets, 1)


def log_softmax(logits):
    logits = np.asarray(logits, dtype=np.float64)
    logits = logits - logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_with_smoothing(smoothing):
    scores, labels = log_softmax(LOGITS[:, 0]), LABELS[:, 0].numpy()
    wanted = -((1 - smoothing) * scores[range(4), labels] + smoothing * scores.mean(-1)).mean()
    outputs = SimpleNamespace(logits=LOGITS[:, 0])
    assert float(cross_entropy(smoothing=smoothing).value(outputs, batch(labels=LABELS[:, 0]))) == pytest.approx(wanted)


def test_next_token_is_guessed_from_what_stands_before_it_and_padding_counts_nothing():
    labels = LABELS.clone()
    labels[1, 3:] = IGNORED
    scores = log_softmax(LOGITS)
    wanted = np.mean(
        [-scores[row, at - 1, labels[row, at]] for row in range(4) for at in range(1, 5) if labels[row, at] != IGNORED]
    )
    assert float(next_token().value(SimpleNamespace(logits=LOGITS), batch(labels=labels))) == pytest.approx(wanted)


def test_masked_token_is_guessed_where_it_stands():
    labels = torch.full_like(LABELS, IGNORED)
    labels[0, 2], labels[3, 0] = 4, 1
    scores = log_softmax(LOGITS)
    wanted = -(scores[0, 2, 4] + scores[3, 0, 1]) / 2
    assert float(masked_token().value(SimpleNamespace(logits=LOGITS), batch(labels=labels))) == pytest.approx(wanted)


def test_squared_error_of_the_one_number_a_regression_gives():
    target = torch.tensor([0.5, -1.0, 2.0, 0.0])
    wanted = np.square(LOGITS[:, 0, 0].numpy().astype(np.float64) - target.numpy()).mean()
    outputs = SimpleNamespace(logits=LOGITS[:, 0, :1])
    assert float(squared_error().value(outputs, batch(target=target))) == pytest.approx(wanted)


def constant(value):
    return lambda outputs, batch: torch.tensor(value)


def test_total_is_the_weighted_sum_and_weights_run_in_a_line():
    objective = Objective((Term("one", constant(2.0)), Term("two", constant(10.0), 1.0, final_weight=0.0)))
    totals = [float(objective(None, batch(), share)[0]) for share in (0.0, 0.5, 1.0)]
    assert totals == [12.0, 7.0, 2.0]
    assert {name: float(value) for name, value in objective(None, batch())[1].items()} == {"one": 2.0, "two": 10.0}


@pytest.mark.parametrize("terms", [(), (Term("one", constant(1.0)), Term("one", constant(2.0)))])
def test_an_objective_has_terms_with_names_of_their_own(terms):
    with pytest.raises(ValueError, match="name of its own"):
        Objective(terms)
