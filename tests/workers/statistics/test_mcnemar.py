"""McNemar's test in its four forms against statsmodels and scipy."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as oracle_mcnemar

from workers.statistics.mcnemar import EXACT_LIMIT, mcnemar, mcnemar_chi_square, mcnemar_exact, mcnemar_mid_p
from workers.statistics.signs import sign_flip_p

EXACT = 1e-9
PAIRS = [(5, 15), (15, 5), (0, 6), (1, 9), (10, 10), (3, 0), (450, 540)]


@pytest.mark.parametrize(("b", "c"), PAIRS)
def test_mcnemar_agrees_with_statsmodels(b, c):
    table = [[50, b], [c, 20]]
    assert mcnemar_exact(b, c) == pytest.approx(oracle_mcnemar(table, exact=True).pvalue, rel=EXACT)
    for correction in (True, False):
        expected = oracle_mcnemar(table, exact=False, correction=correction).pvalue
        if b != c:  # statsmodels corrects |b − c| = 0 to a negative, squared
            assert mcnemar_chi_square(b, c, correction=correction) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("b", "c"), PAIRS)
def test_mid_p_takes_half_of_what_was_seen(b, c):
    tail = stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5) / 2
    assert mcnemar_mid_p(b, c) == pytest.approx(min(1, 2 * tail), rel=EXACT)


def test_mcnemar_by_hand():
    assert mcnemar(5, 15) == pytest.approx(0.0414, abs=5e-5)
    assert mcnemar_mid_p(5, 15) == pytest.approx(0.0266, abs=5e-5)
    assert mcnemar(0, 0) == mcnemar_chi_square(0, 0) == 1.0


def test_mcnemar_of_many_is_close_to_exact():
    """Just above the limit the chi-square takes over: no jump."""
    half = EXACT_LIMIT // 2
    assert mcnemar(half - 30, half + 30) == pytest.approx(mcnemar(half - 29, half + 30), rel=0.1)
    assert mcnemar(400_000, 402_000) == pytest.approx(0.0255, abs=2e-4)


@pytest.mark.parametrize(("b", "c"), [*PAIRS, (40, 90), (700, 800)])
def test_signs_of_single_answers_are_mcnemars_test(b, c):
    expected = mcnemar(b, c) if b != c else 1.0
    assert sign_flip_p([1] * b + [-1] * c + [0] * 7) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("net", [[4, 3, 2, -1], [1, 1, -2, 4, 0, 3], [-4, -4, 1], [2, -2], [3, 0]])
def test_signs_agree_with_scipys_permutation_of_all_of_them(net):
    found = stats.permutation_test(
        (np.array(net),), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert sign_flip_p(net) == pytest.approx(found.pvalue, rel=EXACT)


def test_signs_by_hand():
    """Of the 8 choices of signs of 4, 2 and 1 those of +7 and −7 reach 7, and those of ±5 too where 5 was seen."""
    assert sign_flip_p([4, 2, 1]) == pytest.approx(2 / 8)
    assert sign_flip_p([4, 2, -1]) == pytest.approx(4 / 8)


def test_signs_of_many_examples_go_over_into_the_chi_square():
    exact, beyond = [3] * 120 + [-3] * 90 + [1] * 370, [3] * 120 + [-3] * 91 + [1] * 370
    assert sum(map(abs, exact)) == 1000 < sum(map(abs, beyond))
    assert sign_flip_p(beyond) == pytest.approx(sign_flip_p(exact), rel=0.05)


def test_forms_of_one_example_are_no_evidence_of_their_own():
    """Alike models, four forms that hang together: McNemar over all answers cries wolf, the signs of the examples do not."""
    draw = np.random.default_rng(11)
    nets = draw.choice([-1, 0, 1], p=[0.1, 0.8, 0.1], size=(400, 150))
    naive = [mcnemar(4 * int((net > 0).sum()), 4 * int((net < 0).sum())) < 0.05 for net in nets]
    assert np.mean(naive) > 0.2
    assert np.mean([sign_flip_p(4 * net) < 0.05 for net in nets]) <= 0.06
