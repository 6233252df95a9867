"""Layer × source heat maps of a merge: direction, kept shares, signs; and the angles between the sources."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hub.catalog.models import Repo
from hub.pages.charts import heat
from hub.pages.charts.figure import Figure, Table
from hub.pages.entry import address
from hub.pages.merged.layer_sums import LayerSum, Number, layer_sums, names_of, numbers_of
from hub.pages.numbers import MINUS, percent
from workers.contracts.facts import RepoFacts

MOST_PAIRED = 12


@dataclass(frozen=True)
class Map:
    """`title` and `sentence` are computed from the layers; `ruled` gives what stands on the rulers at the right."""

    name: str
    measure: str
    values: Callable[[LayerSum], list[Number]]
    show: Callable[[float], str]
    title: Callable[[list[LayerSum], list[str]], str]
    sentence: str
    ruled: Callable[[LayerSum], Number] = lambda layer: None
    ruled_word: str = ""


def cosine_words(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def share_words(value: float) -> str:
    return percent(value, 0)


def _extreme(layers: list[LayerSum], read: Callable[[LayerSum], list[Number]], low: bool) -> tuple[float, str, int]:
    found = [
        (value, layer.word, index) for layer in layers for index, value in enumerate(read(layer)) if value is not None
    ]
    return (min if low else max)(found, key=lambda item: item[0])


def _direction(layers: list[LayerSum], names: list[str]) -> str:
    value, word, index = _extreme(layers, lambda layer: layer.cosines, low=True)
    return f"{names[index]} shows least, in {word}: cosine {cosine_words(value)}"


def _kept(layers: list[LayerSum], names: list[str]) -> str:
    low, word, index = _extreme(layers, lambda layer: layer.kept, low=True)
    high, _, _ = _extreme(layers, lambda layer: layer.kept, low=False)
    if high - low < 0.005:
        return f"{share_words(low)} of every source was kept in every layer"
    return f"{share_words(low)} to {share_words(high)} was kept, least of {names[index]} in {word}"


def _overruled(layers: list[LayerSum], names: list[str]) -> str:
    value, word, index = _extreme(layers, lambda layer: layer.overruled, low=False)
    if value < 0.005:
        return "No source was overruled"
    return f"{names[index]} was overruled most, in {word}: {share_words(value)} of its changes"


MAPS = (
    Map(
        "cosine", "cosine with the merged change", lambda layer: layer.cosines, cosine_words, _direction,
        "1: the source changed the layer in just the direction in which the result goes. 0: nothing of its direction is left. Below 0: the result goes the other way.",
    ),
    Map(
        "kept", "share of the changes that was kept", lambda layer: layer.kept, share_words, _kept,
        "What the method left of each source’s changes before they were added up.",
    ),
    Map(
        "signs", "share of the changes that was overruled", lambda layer: layer.overruled, share_words, _overruled,
        "The share of a source’s changed values that the result moves the other way. At the right, of the values that more than one source changed, the share that they changed in opposite directions.",
        lambda layer: layer.conflict, "at odds",
    ),
)  # fmt: skip


def map_figures(repo: Repo, report: dict[str, Any], facts: RepoFacts, revision: str) -> list[tuple[str, Figure]]:
    """By name. A measure that the report does not have makes no figure."""
    layers, names = layer_sums(report, facts), names_of(report)
    url = f"{address(repo, 'result')}/layers.csv?revision={revision}&of="
    found = [
        (row.name, _figure(row, layers, names, f"{url}{row.name}"))
        for row in MAPS
        if any(value is not None for layer in layers for value in row.values(layer))
        and not (row.name == "cosine" and report.get("relative_to") != "base")
    ]
    pairs = pairs_figure(report, names, f"{url}pairs")
    return [*found, ("pairs", pairs)] if pairs is not None else found


def _figure(row: Map, layers: list[LayerSum], names: list[str], url: str) -> Figure:
    drawn = [heat.Layer(layer.word, row.values(layer), row.ruled(layer)) for layer in layers]
    title = row.title(layers, names)
    picture = heat.draw(drawn, names, title, row.measure, highest=1.0, show=row.show, ruled=row.ruled_word)
    has_rulers = any(layer.agreement is not None for layer in drawn)
    body = [
        [layer.name, *(_cell(value, row.show) for value in layer.values), *([_cell(layer.agreement, share_words)] if has_rulers else [])]
        for layer in drawn
    ]  # fmt: skip
    head = ["Layer", *names, *([row.ruled_word] if has_rulers else [])]
    return Figure(title, row.sentence, [picture], Table(head, body, row.measure), [], url)


def _cell(value: Number, show: Callable[[float], str]) -> str:
    return "–" if value is None else show(value)


def pairs_of(report: dict[str, Any], count: int) -> dict[tuple[int, int], float]:
    """Cosines between the changes of two sources, over the whole model."""
    summary = report.get("summary")
    places = list(combinations(range(count), 2))
    values = numbers_of(summary.get("pairs") if isinstance(summary, dict) else None, len(places))
    return {place: value for place, value in zip(places, values, strict=True) if value is not None}


def pairs_figure(report: dict[str, Any], names: list[str], url: str) -> Figure | None:
    pairs = pairs_of(report, len(names))
    if not pairs or len(names) > MOST_PAIRED or report.get("relative_to") != "base":
        return None
    (one, other), value = max(pairs.items(), key=lambda item: item[1])
    if len(names) == 2:
        title = f"The cosine between the two sources is {cosine_words(value)}"
    else:
        title = f"{names[one]} and {names[other]} are nearest: cosine {cosine_words(value)}"
    rows = [
        heat.Layer(name, [1.0 if place == column else pairs.get((min(place, column), max(place, column))) for column in range(len(names))])
        for place, name in enumerate(names)
    ]  # fmt: skip
    table = [[row.name, *(_cell(value, cosine_words) for value in row.values)] for row in rows]
    sentence = "Cosines between what two sources changed in the base. Near 1 they say the same twice, near 0 they leave each other alone, below 0 they undo each other."
    picture = heat.draw(rows, names, title, "cosine between two sources", highest=1.0, show=cosine_words)
    return Figure(title, sentence, [picture], Table(["Source", *names], table, "cosine between two sources"), [], url)
