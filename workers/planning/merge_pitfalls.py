"""Findings about numbers that are each in range and together do nothing, or what nobody means: densities, odds, distances."""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.planning.wording import add, finding

SHOWN = 8
# A vote needs a second voice.
VOTING = frozenset({"ties", "dare_ties", "breadcrumbs_ties", "della", "sce"})
# Where `normalize` divides by the weights of all sources, which may sum to nothing.
DIVIDED_BY_ALL = frozenset({"linear", "task_arithmetic", "dare_linear", "breadcrumbs", "della_linear"})
_UNTHINNED = {
    "dare_linear": "Task arithmetic", "della_linear": "Task arithmetic", "breadcrumbs": "Task arithmetic",
    "dare_ties": "TIES without trimming", "della": "TIES without trimming", "breadcrumbs_ties": "TIES without trimming",
}  # fmt: skip


def pitfall_findings(
    method: Method, shared: dict[str, Any], per_source: Sequence[dict[str, Any]], own: Sequence[Set[str]] = ()
) -> list[Finding]:
    """Values may be missing where a filter fits no tensor; what is missing is said elsewhere.

    `own`: which values stand beside each source. The others are the recipe's, and are found and repaired there, once.
    """
    sources = [values for values in per_source if None not in values.values()]
    findings = _density(method, sources)
    told: dict[Path, Finding] = {}
    for index, values in enumerate(sources):
        names = own[index] if index < len(own) else frozenset()
        places = {name: ("sources", index, name) if name in names else (name,) for name in values}
        for path, entry in (*_odds(values, places), *_outliers(values, places)):
            if len(told) < SHOWN:
                told.setdefault(path, entry)
    findings += told.values()
    findings += _weights(method, shared, [values["weight"] for values in sources if "weight" in values])
    findings += _distance(shared.get("t")) if method.name == "nearswap" else []
    if shared.get("select_topk") == 0:
        repair = [add(("select_topk",), 1.0, "Select all")]
        message = "select_topk is 0: nothing is selected, and the result is the base itself."
        findings.append(finding("changes_nothing", "warning", ("select_topk",), message, repair=repair))
    findings += _unfiltered(method, shared)
    if method.name == "passthrough" and [values.get("scale") for values in sources] == [0]:
        message = "scale is 0: every number of the result is 0."
        findings.append(
            finding("all_zero", "warning", ("scale",), message, repair=[add(("scale",), 1.0, "Copy as is")])
        )
    return findings


def _density(method: Method, sources: Sequence[dict[str, Any]]) -> list[Finding]:
    plain = _UNTHINNED.get(method.name)
    if plain is None or not sources or any(values.get("density") != 1 for values in sources):
        return []
    message = f"density is 1: nothing is left out, and {method.label} does what {plain} does."
    return [finding("nothing_left_out", "warning", ("density",), message, repair=[add(("density",), 0.5, "Keep half")])]


def _unfiltered(method: Method, shared: dict[str, Any]) -> list[Finding]:
    """Filters that let everything through."""
    for name, value, meant, plain in (
        ("agreeing", 0, 2, "every change counts, and Consensus does what task arithmetic does"),
        ("ratio", 0.0, 1.0, "every column counts in full, and the changes are added up"),
    ):
        if method.name == ("consensus" if name == "agreeing" else "widen") and shared.get(name) == value:
            repair = [add((name,), meant, f"Use {meant:g}")]
            return [finding("nothing_left_out", "warning", (name,), f"{name} is 0: {plain}.", repair=repair)]
    return []


def _odds(values: dict[str, Any], places: Mapping[str, Path]) -> Iterator[tuple[Path, Finding]]:
    density, epsilon = values.get("density"), values.get("epsilon")
    if density is None or epsilon is None or density >= 1 or (density - epsilon > 0 and density + epsilon < 1):
        return
    message = (
        f"epsilon is {epsilon:g} around a density of {density:g}: odds would run from {density - epsilon:g} to "
        f"{density + epsilon:g}. They must lie between 0 and 1."
    )
    # The largest hundredth below the nearer end; finer where that leaves nothing.
    room = min(density, 1 - density)
    fitting = (math.ceil(round(room * 100, 6)) - 1) / 100 or round(room / 2, 9)
    repair = [add(places["epsilon"], fitting, f"Use {fitting:g}")]
    yield places["epsilon"], finding("odds_out_of_range", "error", places["epsilon"], message, repair=repair)


def _outliers(values: dict[str, Any], places: Mapping[str, Path]) -> Iterator[tuple[Path, Finding]]:
    density, gamma = values.get("density"), values.get("gamma")
    if density is None or not gamma or density >= 1 or density + gamma <= 1:
        return
    message = (
        f"density {density:g} and gamma {gamma:g} are more than there is: density comes first, and only {1 - density:.3g} "
        "of the largest changes are left out."
    )
    fitting = round(1 - gamma, 9)
    repair = [add(places["density"], fitting, f"Keep {fitting:g}")] if fitting > 0 else []
    yield places["gamma"], finding("gamma_too_large", "warning", places["gamma"], message, repair=repair)


def _weights(method: Method, shared: dict[str, Any], weights: Sequence[float]) -> list[Finding]:
    total = sum(weights)
    if method.name == "multislerp" and shared.get("normalize_weights") and weights and abs(total) < 1e-8:
        message = "The weights sum to 0, and each is divided by their sum."
        repair = [add(("normalize_weights",), False, "Do not divide")]
        consequence = "Every number of the result would be infinite."
        return [finding("weights_sum_to_zero", "error", ("sources",), message, consequence, repair)]
    if method.name == "nuslerp" and weights and abs(total) < 1e-6:
        message = "The weights sum to 0, so they tell no place between the models: the middle is taken."
        return [finding("weights_sum_to_zero", "warning", ("sources",), message)]
    is_mixed = any(weight < 0 for weight in weights) and any(weight > 0 for weight in weights)
    if method.name in VOTING and is_mixed and shared.get("normalize") and shared.get("reduce", "weight") == "weight":
        message = "Weights of both signs: where a positive and a negative one agree, the sum they are divided by may be close to 0."
        consequence = "Single numbers of the result may become very large."
        repair = [add(("normalize",), False, "Do not divide")]
        return [finding("weights_of_both_signs", "warning", ("sources",), message, consequence, repair)]
    return []


def _distance(t: float | None) -> list[Finding]:
    if t == 0:
        return [finding("changes_nothing", "warning", ("t",), "t is 0: the result is the base itself.")]
    if t is not None and t >= 1:
        message = f"t is {t:g}. Weights rarely differ by that much, so that nearly all of the source is taken over."
        repair = [add(("t",), 0.0001, "Use 0.0001")]
        return [
            finding(
                "distance_too_large",
                "warning",
                ("t",),
                message,
                "t is a distance between weights, not a share.",
                repair,
            )
        ]
    return []
