"""Findings about the numbers of a merge: weights that cancel out, settings that change nothing."""

from collections.abc import Sequence, Set
from typing import Any

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.planning.merge_pitfalls import DIVIDED_BY_ALL, VOTING, pitfall_findings
from workers.planning.wording import add, counted, finding

SMALLEST_SUM = 1e-8


def value_findings(
    method: Method, shared: dict[str, Any], per_source: list[dict[str, Any]], own: Sequence[Set[str]] = ()
) -> list[Finding]:
    """`own`: the names of the values that stand beside each source."""
    findings: list[Finding] = []
    weights = [values["weight"] for values in per_source if "weight" in values]
    if weights:
        findings += _weights(method, weights, bool(shared.get("normalize")))
    if shared.get("lambda") == 0:
        findings.append(
            finding(
                "changes_nothing",
                "warning",
                ("lambda",),
                "lambda is 0: the result is the base itself.",
                repair=[add(("lambda",), 1.0, "Use 1")],
            )
        )
    if method.name == "slerp" and shared.get("t") in {0, 1}:
        same = "the base" if shared["t"] == 0 else "the source"
        findings.append(
            finding("changes_nothing", "warning", ("t",), f"t is {shared['t']:g}: the result is {same} itself.")
        )
    findings += pitfall_findings(method, shared, per_source, own)
    if method.name in VOTING and len(per_source) == 1:
        message = f"{method.label} is given one source. Its vote on signs needs at least two."
        findings.append(
            finding(
                "single_source",
                "warning",
                ("sources",),
                message,
                "Nothing is resolved, the change is only thinned out.",
            )
        )
    if method.name == "consensus" and shared.get("task", 0) > len(per_source):
        message = f"task is {shared['task']}: there are {counted(len(per_source), 'source')}, counted from 1."
        repair = [add(("task",), 0, "Keep what enough models need")]
        findings.append(finding("no_such_source", "error", ("task",), message, repair=repair))
    elif method.name == "consensus" and not shared.get("task") and shared.get("agreeing", 0) > len(per_source):
        message = f"agreeing is {shared['agreeing']} and {counted(len(per_source), 'source')} {'is' if len(per_source) == 1 else 'are'} given: the result is the base itself."
        repair = [add(("agreeing",), len(per_source), f"Use {len(per_source)}")]
        findings.append(finding("changes_nothing", "warning", ("agreeing",), message, repair=repair))
    if method.name in {"linear", "multislerp", "karcher"} and len(per_source) == 1:
        findings.append(
            finding("single_source", "warning", ("sources",), "One source is given: the result is a copy of it.")
        )
    return findings


def is_zero_sum(weights: Sequence[float]) -> bool:
    return abs(sum(weights)) < SMALLEST_SUM


def _weights(method: Method, weights: list[float], normalize: bool) -> list[Finding]:
    if all(weight == 0 for weight in weights):
        if method.takes_base:
            return [
                finding("changes_nothing", "warning", ("sources",), "All weights are 0: the result is the base itself.")
            ]
        return [
            finding(
                "weights_sum_to_zero",
                "error",
                ("sources",),
                "All weights are 0: every number of the result would be 0.",
            )
        ]
    # TIES divides by the weights that agree at each place, never by the sum of all.
    if normalize and is_zero_sum(weights) and method.name in DIVIDED_BY_ALL:
        listed = (
            " and ".join(f"{weight:g}" for weight in weights) if len(weights) <= 4 else f"The {len(weights)} weights"
        )
        message = f"{listed} sum to 0, and the result is divided by the sum of the weights."
        return [
            finding("weights_sum_to_zero", "error", ("sources",), message, "Every number of the result would be infinite.",
                    [add(("normalize",), False, "Do not divide")])
        ]  # fmt: skip
    return []
