"""LEEP and NCE against plain loops, and worked by hand."""

from collections import Counter
from math import log

import numpy as np
import pytest

from tests.workers.engine.transfer.problems import PROBLEMS, problem
from workers.contracts.errors import UserError
from workers.engine.transfer.leep import leep
from workers.engine.transfer.nce import nce


def leep_in_loops(theta, labels) -> float:
    n, sources = theta.shape
    joint = {
        (y, z): sum(theta[i, z] for i in range(n) if labels[i] == y) / n for y in set(labels) for z in range(sources)
    }
    of_source = [sum(joint[y, z] for y in set(labels)) for z in range(sources)]
    total = 0.0
    for i in range(n):
        total += log(sum(joint[labels[i], z] / of_source[z] * theta[i, z] for z in range(sources) if of_source[z] > 0))
    return total / n


def nce_in_loops(theta, labels) -> float:
    chosen = [int(row.argmax()) for row in theta]
    pairs, sources = Counter(zip(chosen, labels.tolist(), strict=True)), Counter(chosen)
    return sum(count / len(labels) * log(count / sources[z]) for (z, _), count in pairs.items())


@pytest.mark.parametrize("case", PROBLEMS)
def test_agrees_with_plain_loops(case):
    assert leep(case.probabilities, case.labels) == pytest.approx(
        leep_in_loops(case.probabilities, case.labels), abs=1e-9
    )
    assert nce(case.probabilities, case.labels) == pytest.approx(
        nce_in_loops(case.probabilities, case.labels), abs=1e-9
    )


@pytest.mark.parametrize("case", PROBLEMS[:6])
def test_is_at_least_the_entropy_of_the_labels(case):
    """Knowing nothing of the source costs H(Y); knowing something never costs more."""
    share = np.unique(case.labels, return_counts=True)[1] / len(case.labels)
    least = float((share * np.log(share)).sum())
    assert least - 1e-12 <= leep(case.probabilities, case.labels) <= 0
    assert least - 1e-12 <= nce(case.probabilities, case.labels) <= 0


def test_of_a_source_that_settles_the_label_is_zero():
    labels = np.array([0, 1, 0, 1, 2])
    theta = np.eye(4)[[2, 0, 2, 0, 1]]
    assert leep(theta, labels) == 0.0
    assert nce(theta, labels) == 0.0


def test_leaves_out_a_source_class_that_nothing_belongs_to():
    case = problem(2)
    wider = np.hstack([case.probabilities, np.zeros((len(case.labels), 1))])
    assert leep(wider, case.labels) == pytest.approx(leep(case.probabilities, case.labels), abs=1e-12)


def test_by_hand():
    """Two halves of 0 and 1, a source that is 3 : 1 sure: P(y|z) is 3/4 and 1/4, the expected prediction 10/16."""
    labels = np.array([0, 0, 1, 1])
    theta = np.array([[0.75, 0.25], [0.75, 0.25], [0.25, 0.75], [0.25, 0.75]])
    assert leep(theta, labels) == pytest.approx(log(10 / 16), abs=1e-12)
    assert nce(theta, labels) == 0.0


def test_refuses_what_is_no_distribution():
    with pytest.raises(ValueError, match="distributions"):
        leep(np.array([[0.5, 0.6]]), np.array([0]))
    with pytest.raises(UserError, match="NaN or infinity"):
        leep(np.array([[np.nan, 0.6]]), np.array([0]))
