"""What is odd about a merge, in plain words: a source that cancels out, two that say the same, a layer at odds, changes lost."""

from typing import Any

from hub.pages.merged.layer_sums import layer_sums, names_of, number_of, numbers_of, rows_of
from hub.pages.merged.maps import cosine_words, pairs_of
from hub.pages.numbers import percent
from workers.contracts.facts import RepoFacts

HARDLY, OPPOSED, ALIKE = 0.05, -0.2, 0.95
MANY_TIMES = 5.0
MUCH_LOST = 0.1
_FORMATS = {"BF16": "bfloat16", "F16": "float16", "F32": "float32", "F64": "float64"}


def odd_sentences(report: dict[str, Any], facts: RepoFacts) -> list[str] | None:
    """Nothing odd is an empty list; None where the report does not hold what would tell."""
    rows = rows_of(report)
    if report.get("relative_to") != "base" or not any("sampled" in row for row in rows.values()):
        return None
    names = names_of(report)
    return [
        *_sources(report, names),
        *_between(report, names),
        *_layers(report, facts, len(names)),
        *_cast(report, facts),
    ]


def _sources(report: dict[str, Any], names: list[str]) -> list[str]:
    summary = report.get("summary") if isinstance(report.get("summary"), dict) else {}
    norms, cosines = (numbers_of(summary.get(key), len(names)) for key in ("norms", "cosines"))
    found = []
    for name, norm, cosine in zip(names, norms, cosines, strict=True):
        if norm == 0:
            found.append(f"{name} is equal to the base: it adds nothing.")
        elif cosine is not None and cosine < -HARDLY:
            found.append(
                f"The result goes against {name}: the cosine of its change with the merged change is {cosine_words(cosine)}."
            )
        elif cosine is not None and cosine < HARDLY:
            found.append(
                f"{name} cancels out: the cosine of its change with the merged change is {cosine_words(cosine)}."
            )
    known = sorted((norm, name) for norm, name in zip(norms, names, strict=True) if norm)
    if len(known) > 1 and known[-1][0] > MANY_TIMES * known[-2][0]:
        (second, _), (first, name) = known[-2], known[-1]
        found.append(
            f"The change of {name} is {first / second:.0f} times as long as any other: unless weights make up for it, it drowns them."
        )
    return found


def _between(report: dict[str, Any], names: list[str]) -> list[str]:
    found = []
    for (one, other), cosine in pairs_of(report, len(names)).items():
        if cosine <= OPPOSED:
            found.append(
                f"{names[one]} and {names[other]} undo each other: the cosine between their changes is {cosine_words(cosine)}."
            )
        elif cosine >= ALIKE:
            found.append(
                f"{names[one]} and {names[other]} changed the base alike, cosine {cosine_words(cosine)}: together they count twice."
            )
    return found


def _layers(report: dict[str, Any], facts: RepoFacts, count: int) -> list[str]:
    """n random changes are at odds in 1 − 2^(1−n) of the values: odd is what lies more than half way from there to all of them."""
    if count < 2:
        return []
    chance = 1 - 2.0 ** (1 - count)
    layers = [
        layer for layer in layer_sums(report, facts) if layer.conflict is not None and layer.conflict > (1 + chance) / 2
    ]
    if not layers:
        return []
    worst = max(layers, key=lambda layer: layer.conflict or 0.0)
    others = f", as in {len(layers) - 1} more" if len(layers) > 1 else ""
    return [f"{worst.word.capitalize()} is pure conflict{others}: sources change {percent(worst.conflict or 0.0, 0)} of its shared values in opposite directions; by chance it would be {percent(chance, 0)}."]  # fmt: skip


def _cast(report: dict[str, Any], facts: RepoFacts) -> list[str]:
    total = lost = 0.0
    formats: dict[str, int] = {}
    for name, row in rows_of(report).items():
        share, fact = number_of(row.get("lost")), facts.tensors.get(name)
        if share is None or fact is None:
            continue
        total, lost = total + fact.elements, lost + share * fact.elements
        formats[fact.dtype] = formats.get(fact.dtype, 0) + fact.elements
    if not total or lost / total < MUCH_LOST:
        return []
    dtype = max(formats, key=lambda key: formats[key])
    word = _FORMATS.get(dtype, dtype)
    return [f"{percent(lost / total, 0)} of the changed values were rounded back to the base: {word} is too coarse for such small changes. “dtype: float32” keeps them."]  # fmt: skip
