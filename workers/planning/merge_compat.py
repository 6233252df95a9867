"""Findings about `compat: mergekit`: what it cannot do there, and what it does otherwise than one might think."""

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.contracts.recipes import MergeRecipe
from workers.contracts.settings import is_plain
from workers.planning.wording import add, finding, remove

KNOWN = frozenset({
    "linear", "slerp", "nuslerp", "multislerp", "karcher", "passthrough", "task_arithmetic", "ties", "dare_linear", "dare_ties",
    "breadcrumbs", "breadcrumbs_ties", "della", "della_linear", "model_stock", "sce", "arcee_fusion", "nearswap", "ram",
    "ramplus_tl",
})  # fmt: skip
# What these say is said by one way of computing there.
_ONLY = {"scope": "tensor", "vote": "weighted", "reduce": "weight"}
_DRAWN = frozenset({"dare_linear", "dare_ties", "della", "della_linear"})
_OFF: Path = ("compat",)


def compat_findings(recipe: MergeRecipe, method: Method) -> list[Finding]:
    if recipe.compat is None:
        if recipe.input_dtype is None:
            return []
        message = (
            f"Inputs are rounded to {recipe.input_dtype} before anything is computed; then it is computed in float32."
        )
        return [finding("inputs_rounded", "info", ("input_dtype",), message)]
    if method.name not in KNOWN:
        message = f"mergekit has no {method.label}, so there is no way of computing it as mergekit does."
        return [finding("not_in_mergekit", "error", _OFF, message, repair=[remove(_OFF, "Compute in float32")])]
    return _options(recipe, method) + _notes(recipe, method)


def _options(recipe: MergeRecipe, method: Method) -> list[Finding]:
    findings = []
    for name, only in _ONLY.items():
        given = recipe.parameters.get(name)
        if method.parameter(name) is not None and given is not None and given != only:
            message = f"{name} is {given}; as mergekit computes, it is always {only}."
            repair = [add((name,), only, f"Use {only}"), remove(_OFF, "Compute in float32")]
            findings.append(finding("not_in_mergekit", "error", (name,), message, repair=repair))
    rescale = method.parameter("rescale")
    given = recipe.parameters.get("rescale", rescale.default if rescale is not None else None)
    if rescale is not None and is_plain(given) and given == "inverse":
        message = "rescale is inverse, the paper's 1/density. mergekit scales to the sum of magnitudes, or not at all."
        repair = [add(("rescale",), "l1", "Keep the sum of magnitudes"), remove(_OFF, "Compute in float32")]
        findings.append(finding("not_in_mergekit", "error", ("rescale",), message, repair=repair))
    return findings


def _notes(recipe: MergeRecipe, method: Method) -> list[Finding]:
    findings = []
    if recipe.base is not None and not method.takes_base:
        message = f"mergekit takes a base that {method.label} has no use for as one more model, and merges it."
        repair = [remove(("base",), "Remove the base")]
        consequence = "List it among the sources if that is meant."
        findings.append(finding("base_would_be_merged", "error", ("base",), message, consequence, repair))
    if method.name == "sce":
        message = "As mergekit computes, all sources weigh the same where their mean squares sum to less than 1e-6."
        consequence = "That is so for most fine-tunes. In float32 each source weighs what it changed."
        repair = [remove(_OFF, "Compute in float32")]
        findings.append(finding("sce_weights_uniform", "warning", _OFF, message, consequence, repair))
    if method.name in _DRAWN:
        message = "What stays is drawn with the seed of this recipe. mergekit draws otherwise with any seed."
        findings.append(
            finding("draws_differ", "info", _OFF, message, "Shares and sizes agree, single numbers do not.")
        )
    if method.name == "arcee_fusion":
        message = "Thresholds are exact. mergekit estimates those of tensors of more than a million numbers from a random sample."
        findings.append(finding("draws_differ", "info", _OFF, message))
    return findings
