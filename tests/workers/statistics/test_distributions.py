"""Tails and quantiles against scipy."""

import pytest
from scipy import special, stats

from workers.statistics import distributions as ours

DEGREES = [1, 2, 3.5, 10, 199, 9_999, 10_000, 10_001, 10**6]


@pytest.mark.parametrize("df", DEGREES)
@pytest.mark.parametrize("p", [0.5, 0.6, 0.9, 0.975, 0.9999])
def test_student_quantile(df, p):
    assert ours.student_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("df", DEGREES[:6])
@pytest.mark.parametrize("t", [0, 0.1, 1, 3, 20])
def test_student_tail(df, t):
    assert ours.student_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2, 3), (50, 0.5), (0.5, 50), (12.5, 80)])
@pytest.mark.parametrize("x", [0, 1e-6, 0.2, 0.5, 0.9, 1])
def test_incomplete_beta(a, b, x):
    assert ours.incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("x", [-9, -1.96, 0, 0.3, 5])
def test_normal(x):
    assert ours.normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-9)
    assert ours.normal_quantile(0.3) == pytest.approx(stats.norm.ppf(0.3), rel=1e-12)


def test_ends_of_the_normal():
    assert (ours.normal_quantile(0), ours.normal_quantile(1)) == (-float("inf"), float("inf"))


@pytest.mark.parametrize("x", [0, 0.5, 3.84, 40])
def test_chi_square(x):
    assert ours.chi_square_tail(x) == pytest.approx(stats.chi2.sf(x, 1), rel=1e-9)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (5, 20), (20, 20), (470, 1000), (4_900, 10_000), (12_400, 25_000)])
def test_coin(k, n):
    assert ours.coin_tail(k, n) == pytest.approx(stats.binom.cdf(k, n, 0.5), rel=1e-9)
    assert ours.coin_at(k, n) == pytest.approx(stats.binom.pmf(k, n, 0.5), rel=1e-9)


@pytest.mark.parametrize(("p", "df"), [(0.975, 0), (0.2, 5), (1.0, 5)])
def test_quantiles_that_are_not_there(p, df):
    with pytest.raises(ValueError, match="no quantile"):
        ours.student_quantile(p, df)
