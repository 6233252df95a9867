"""The measures of a report's tensors, added up by layer. A report may be anybody's upload: what is no number counts as unknown."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite, sqrt
from typing import Any

from hub.pages.layers import MOST_LAYERS, layer_of
from workers.contracts.facts import RepoFacts

Number = float | None


@dataclass
class LayerSum:
    """`cosines` with the merged change, `kept` and `overruled` shares per source; `conflict` and `lost` of the layer."""

    word: str
    cosines: list[Number] = field(default_factory=list)
    kept: list[Number] = field(default_factory=list)
    overruled: list[Number] = field(default_factory=list)
    conflict: Number = None
    lost: Number = None


def number_of(value: Any) -> Number:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def numbers_of(value: Any, count: int) -> list[Number]:
    """`count` numbers; unknown where the list is no list, too short, or holds something else."""
    given = value if isinstance(value, list) and len(value) == count else [None] * count
    return [number_of(each) for each in given]


def rows_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tensors = report.get("tensors")
    return {name: row for name, row in tensors.items() if isinstance(row, dict)} if isinstance(tensors, dict) else {}


def names_of(report: dict[str, Any]) -> list[str]:
    """The sources that the report compares, without namespace and revision."""
    vectors = report.get("vectors")
    given = vectors if isinstance(vectors, list) else []
    return [str(name).rpartition("/")[2].partition("@")[0] for name in given]


def layer_sums(report: dict[str, Any], facts: RepoFacts) -> list[LayerSum]:
    count = len(names_of(report))
    layers: dict[tuple[int, str], list[tuple[dict[str, Any], int]]] = defaultdict(list)
    for name, row in rows_of(report).items():
        if name in facts.tensors:
            layers[layer_of(name)].append((row, facts.tensors[name].elements))
    return [
        _sum(word, rows, count) for (_, word), rows in sorted(layers.items(), key=lambda item: item[0])[:MOST_LAYERS]
    ]


def _sum(word: str, rows: list[tuple[dict[str, Any], int]], count: int) -> LayerSum:
    def each(key: str) -> list[Number]:
        return [_mean(rows, lambda row, index=index: numbers_of(row.get(key), count)[index]) for index in range(count)]

    return LayerSum(
        word,
        [_cosine([row for row, _ in rows], index, count) for index in range(count)],
        each("kept"),
        each("overruled"),
        _mean(rows, lambda row: number_of(row.get("conflict"))),
        _mean(rows, lambda row: number_of(row.get("lost"))),
    )


def _mean(rows: list[tuple[dict[str, Any], int]], read: Callable[[dict[str, Any]], Number]) -> Number:
    """Each tensor counts as much as it has elements."""
    found = [(value, elements) for row, elements in rows if (value := read(row)) is not None]
    total = sum(elements for _, elements in found)
    return sum(value * elements for value, elements in found) / total if total else None


def _cosine(rows: list[dict[str, Any]], index: int, count: int) -> Number:
    """Of the layer as one vector: Σ c·‖x‖·‖m‖ / √(Σ‖x‖²·Σ‖m‖²)."""
    product = source = merged = 0.0
    for row in rows:
        norm, length = numbers_of(row.get("norms"), count)[index], number_of(row.get("norm"))
        cosine = numbers_of(row.get("cosines"), count)[index]
        if norm is None or length is None:
            continue
        source, merged = source + norm * norm, merged + length * length
        product += (cosine or 0.0) * norm * length
    return product / sqrt(source * merged) if source > 0 and merged > 0 else None
