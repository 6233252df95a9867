"""Where a merge changed the weights: per layer and source, from the tensors of its report."""

import re
from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from typing import Any

from hub.catalog.models import Repo
from hub.pages.charts import heat
from hub.pages.charts.figure import Figure, Table
from hub.pages.entry import address
from hub.pages.numbers import percent, thousands
from workers.contracts.facts import RepoFacts

_BLOCK = re.compile(r"(?:^|\.)(?:layers?|blocks?|h|encoder|decoder|stages?)\.(\d+)\.")
_EMBED, _HEAD = ("embed", "patch", "cls_token", "wte", "wpe"), ("head", "classifier", "lm_head", "score", "pooler")
PER_THOUSAND = 1000.0
MOST_LAYERS = 60


@dataclass
class _Sum:
    squares: list[float]
    elements: int = 0
    agreed: float = 0.0
    agreeing_elements: int = 0


def layer_of(name: str) -> tuple[int, str]:
    """Sort key and word: embeddings first, then the blocks by number, then the head."""
    found = _BLOCK.search(name)
    if found:
        return 1 + int(found[1]), f"block {found[1]}"
    lowered = name.lower()
    if any(word in lowered for word in _EMBED):
        return 0, "embedding"
    if any(word in lowered for word in _HEAD):
        return 1_000_001, "head"
    if "norm" in lowered or "ln_" in lowered:
        return 1_000_000, "final norm"
    return 1_000_002, "other"


def layers_of(report: dict[str, Any], facts: RepoFacts) -> list[heat.Layer]:
    """Root mean square of the change per value, in thousandths: layers of any size can be compared."""
    count = len(report.get("vectors") or [])
    sums: dict[tuple[int, str], _Sum] = defaultdict(lambda: _Sum([0.0] * count))
    for name, row in (report.get("tensors") or {}).items():
        fact = facts.tensors.get(name)
        norms = row.get("norms") or []
        if fact is None or len(norms) != count:
            continue
        total = sums[layer_of(name)]
        total.elements += fact.elements
        for index, norm in enumerate(norms):
            total.squares[index] += (norm or 0.0) ** 2
        if row.get("agreement") is not None:
            total.agreed += row["agreement"] * fact.elements
            total.agreeing_elements += fact.elements
    return [
        heat.Layer(
            word,
            [sqrt(square / total.elements) * PER_THOUSAND for square in total.squares],
            total.agreed / total.agreeing_elements if total.agreeing_elements else None,
        )
        for (_, word), total in sorted(sums.items())[:MOST_LAYERS]
        if total.elements
    ]


def layers_figure(repo: Repo, report: dict[str, Any], facts: RepoFacts, revision: str) -> Figure | None:
    layers = layers_of(report, facts)
    if not layers or not any(layer.values for layer in layers):
        return None
    sources = [name.rpartition("/")[2].partition("@")[0] for name in report["vectors"]]
    against = "the base" if report.get("relative_to") == "base" else "zero"
    most = max(layers, key=lambda layer: max(layer.values))
    title = f"{most.name.capitalize()} moved most"
    measure = f"RMS change against {against}, ×10⁻³"
    rows = [
        [
            layer.name,
            *(f"{value:.2f}" for value in layer.values),
            percent(layer.agreement, 0) if layer.agreement is not None else "–",
        ]
        for layer in layers
    ]
    return Figure(
        title,
        _sentence(layers, against),
        [heat.draw(layers, sources, "Change of each layer by source", measure)],
        Table(["Layer", *sources, "sign agreement"], rows, measure),
        [],
        f"{address(repo, 'result')}/layers.csv?revision={revision}",
    )


def _sentence(layers: list[heat.Layer], against: str) -> str:
    words = f"Root mean square of the change per value against {against}, by layer and source."
    agreeing = [layer for layer in layers if layer.agreement is not None]
    if not agreeing:
        return words
    low, high = min(agreeing, key=lambda layer: layer.agreement), max(agreeing, key=lambda layer: layer.agreement)
    return f"{words} Of what was kept, the share whose sign won the vote runs from {percent(low.agreement, 0)} in {low.name} to {percent(high.agreement, 0)} in {high.name}."


def accounted(report: dict[str, Any], facts: RepoFacts) -> list[dict[str, Any]]:
    """Every tensor of every input: merged, copied, or dropped with a reason."""
    merged, copied, dropped = report.get("tensors") or {}, report.get("copied") or [], report.get("dropped") or []
    values = sum(facts.tensors[name].elements for name in merged if name in facts.tensors)
    made = report.get("made")
    first = {"count": len(merged), "word": "merged", "note": f"{thousands(values)} values"}
    if isinstance(made, list):
        first = {"count": len(made), "word": "made", "note": "routers, and blocks with noise or another strength"}
    return [
        first,
        {"count": len(copied), "word": "copied", "note": "as they are" if copied else "nothing"},
        {
            "count": len(dropped),
            "word": "dropped",
            "note": ", ".join(sorted({row["tensor"] for row in dropped})[:6]) if dropped else "nothing left out",
        },
    ]
