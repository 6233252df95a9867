"""McNemar's test in its four forms against statsmodels and scipy."""

import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as oracle_mcnemar

from workers.statistics.mcnemar import EXACT_LIMIT, mcnemar, mcnemar_chi_square, mcnemar_exact, mcnemar_mid_p

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
