"""Numbers that are in range and still wrong, found before anything is read; each repair leads to a recipe without the finding."""

from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, found, vit

BASE, A, B = vit("base"), vit("a"), vit("b")


def merge(
    method: str, sources: Any = ("demo/a", "demo/b"), base: str | None = "demo/base", **more: Any
) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "merge", "method": method, "sources": list(sources), **more}
    return document if base is None else document | {"base": base}


def weighted(*weights: float) -> list[dict[str, Any]]:
    return [{"model": f"demo/{name}", "weight": weight} for name, weight in zip("ab", weights, strict=False)]


def repaired(document: dict[str, Any], code: str) -> Any:
    """The finding, after making sure that each of its repairs makes it go away."""
    finding = found(checked(document, BASE, A, B), code)
    for repair in finding.repair:
        assert code not in codes(checked(patched(document, repair), BASE, A, B)), repair.label
    return finding


@pytest.mark.parametrize("method", ["della", "della_linear"])
@pytest.mark.parametrize(("density", "epsilon"), [(0.9, 0.15), (0.1, 0.15), (0.5, 0.5), (0.005, 0.15), (0.999, 0.2)])
def test_odds_outside_of_zero_and_one(method: str, density: float, epsilon: float) -> None:
    finding = repaired(merge(method, density=density, epsilon=epsilon), "odds_out_of_range")
    assert (finding.severity, finding.where) == ("error", "epsilon")
    beside = [{"model": "demo/a", "density": density, "epsilon": epsilon}, "demo/b"]
    assert repaired(merge(method, beside), "odds_out_of_range").where == "sources[0].epsilon"


def test_the_spread_does_not_matter_where_everything_is_kept() -> None:
    assert checked(merge("della", density=1.0, epsilon=0.5), BASE, A, B).ok


@pytest.mark.parametrize("method", ["breadcrumbs", "breadcrumbs_ties"])
def test_density_and_outliers_that_are_more_than_there_is(method: str) -> None:
    finding = found(checked(merge(method, ["demo/a"], density=0.9, gamma=0.3), BASE, A), "gamma_too_large")
    assert (finding.severity, finding.where) == ("warning", "gamma")
    assert "only 0.1 of the largest changes are left out" in finding.message


@pytest.mark.parametrize(
    "method", ["dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear"]
)
def test_a_density_of_one_leaves_nothing_out(method: str) -> None:
    assert repaired(merge(method, density=1.0), "nothing_left_out").severity == "warning"
    assert "nothing_left_out" not in codes(checked(merge(method), BASE, A, B))


@pytest.mark.parametrize("method", ["task_arithmetic", "dare_linear", "breadcrumbs", "della_linear"])
def test_weights_that_cancel_where_their_sum_divides(method: str) -> None:
    document = merge(method, weighted(1.0, -1.0), normalize=True)
    assert repaired(document, "weights_sum_to_zero").severity == "error"
    assert checked(document | {"normalize": False}, BASE, A, B).ok


def test_weights_of_the_other_means_that_cancel() -> None:
    error = repaired(merge("multislerp", weighted(1.0, -1.0), base=None), "weights_sum_to_zero")
    assert error.severity == "error"
    middle = repaired(merge("nuslerp", weighted(1.0, -1.0), base=None), "weights_sum_to_zero")
    assert (middle.severity, "the middle is taken" in middle.message) == ("warning", True)


@pytest.mark.parametrize("method", ["ties", "della"])
def test_weights_of_both_signs_where_those_that_agree_divide(method: str) -> None:
    assert repaired(merge(method, weighted(1.0, -0.9)), "weights_of_both_signs").severity == "warning"


@pytest.mark.parametrize("t", [0, 1, 5.0])
def test_distances_that_take_nothing_or_everything(t: float) -> None:
    code = "changes_nothing" if t == 0 else "distance_too_large"
    assert repaired(merge("nearswap", ["demo/a"], t=t), code).severity == "warning"


def test_nothing_selected_and_all_switched_off() -> None:
    assert repaired(merge("sce", select_topk=0), "changes_nothing").where == "select_topk"
    assert repaired(merge("passthrough", ["demo/a"], base=None, scale=0), "all_zero").where == "scale"


@pytest.mark.parametrize("method", ["breadcrumbs_ties", "della", "sce", "multislerp", "karcher"])
def test_a_single_source_is_told(method: str) -> None:
    base = None if method in {"multislerp", "karcher"} else "demo/base"
    assert found(checked(merge(method, ["demo/a"], base), BASE, A), "single_source").severity == "warning"
