"""The figures of a comparison: measurements as dot plots, distances as lines. Titles and sentences come from the numbers."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.http import urlencode

from hub.pages.beside.distances import Distances
from hub.pages.beside.members import Member
from hub.pages.beside.scores import ScoreRow, means_of
from hub.pages.charts import series_dots, series_lines
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.measured import domain_words
from hub.pages.numbers import figure, percent
from workers.contracts.tasks import Metric

CHARTED = 12
_SHORT = {"embedding": "embed", "final norm": "norm"}


def value_words(metric: Metric, value: float | None, *, unit: bool = True) -> str:
    if value is None:
        return "–"
    return percent(value, unit=unit) if metric.unit == "share" else figure(float(f"{value:.4g}"))


def score_figures(members: Sequence[Member], rows: Sequence[ScoreRow]) -> list[Figure]:
    """One figure per metric, because values of different metrics share no axis."""
    metrics = list(dict.fromkeys(row.metric for row in rows))
    return [_score_figure(members, metric, [row for row in rows if row.metric == metric]) for metric in metrics]


def mean_row(members: Sequence[Member], rows: Sequence[ScoreRow]) -> tuple[str, list[tuple[str, bool]]] | None:
    """`Mean accuracy` with each entry's, the best marked; None where not all were measured on the same."""
    for metric in dict.fromkeys(row.metric for row in rows):
        means = means_of([row for row in rows if row.metric == metric], len(members))
        if means is not None:
            best = max(means) if metric.higher_is_better else min(means)
            label = f"Mean {metric.label[:1].lower()}{metric.label[1:]}"
            return label, [(value_words(metric, mean), mean == best) for mean in means]
    return None


def score_table(members: Sequence[Member], rows: Sequence[ScoreRow]) -> Table:
    head = ["Dataset", "split", "metric"]
    for member in members:
        head += [member.name, "from", "to"]
    cells: list[list[object]] = []
    for row in rows:
        line: list[object] = [row.data, row.split, row.metric.name]
        for score in row.scores:
            line += ["", "", ""] if score is None else [score.value, "" if score.low is None else score.low, "" if score.high is None else score.high]  # fmt: skip
        cells.append(line)
    return Table(head, cells, "Measured values with their 95 % intervals")


def _score_figure(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow]) -> Figure:
    words = row_words(rows)
    means = means_of(rows, len(members))
    bands = [
        series_dots.Band(word, [series_dots.Dot(member.series, score.value, score.low, score.high) for member, score in zip(members, row.scores, strict=True) if score is not None])
        for word, row in zip(words[:CHARTED], rows[:CHARTED], strict=True)
    ]  # fmt: skip
    if means is not None:
        bands.append(series_dots.Band("mean", [series_dots.Dot(member.series, mean) for member, mean in zip(members, means, strict=True)], is_mean=True))  # fmt: skip
    title = f"{metric.label} by dataset" if len(rows) > 1 else f"{metric.label} on {words[0]}"
    is_share = metric.unit == "share"
    drawn = [draw(bands, title, is_share=is_share) for draw in (series_dots.draw, series_dots.draw_narrow)]
    legend = [(series_glyph(member.series), member.name) for member in members]
    return Figure(title, _score_sentence(members, metric, rows, words, means), drawn, _shown_table(members, metric, rows, words, means), legend, _csv("scores", members))  # fmt: skip


def row_words(rows: Sequence[ScoreRow]) -> list[str]:
    """Short names; the split where it is not test, the digest where one dataset was measured in two ways."""
    words = domain_words([row.data for row in rows])
    words = [word if row.split == "test" else f"{word}, {row.split}" for word, row in zip(words, rows, strict=True)]
    return [
        word if words.count(word) == 1 else f"{word} ({row.digest[:6] if row.is_defined else 'older'})"
        for word, row in zip(words, rows, strict=True)
    ]


def _score_sentence(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow], words: Sequence[str], means: Sequence[float] | None) -> str:  # fmt: skip
    best = "Highest" if metric.higher_is_better else "Lowest"
    parts = []
    if means is not None:
        place = (max if metric.higher_is_better else min)(range(len(means)), key=lambda index: means[index])
        parts.append(f"{best} mean: {members[place].name}, {value_words(metric, means[place])}.")
    for place, member in enumerate(members):
        won = [(word, row.is_clear) for word, row in zip(words, rows, strict=True) if row.best == place]
        if won:
            listed = ", ".join(f"{word}{'' if is_clear else ' (intervals overlap)'}" for word, is_clear in won[:6])
            parts.append(f"{member.name} leads on {listed}{' and more' if len(won) > 6 else ''}.")
    if not parts:
        parts.append("No dataset was measured for two of them alike.")
    more = f" The first {CHARTED} of {len(rows)} are drawn." if len(rows) > CHARTED else ""
    return " ".join(parts) + " Bars are 95 % intervals." + more


def _shown_table(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow], words: Sequence[str], means: Sequence[float] | None) -> Table:  # fmt: skip
    cells: list[list[object]] = []
    for word, row in zip(words, rows, strict=True):
        line: list[object] = [word]
        for score in row.scores:
            interval = "" if score is None or score.low is None or score.high is None else f" ({value_words(metric, score.low, unit=False)} to {value_words(metric, score.high, unit=False)})"  # fmt: skip
            line.append(f"{value_words(metric, score.value if score else None, unit=False)}{interval}")
        cells.append(line)
    if means is not None:
        cells.append(["mean", *(value_words(metric, mean, unit=False) for mean in means)])
    unit = " in %" if metric.unit == "share" else f" in {metric.unit}" if metric.unit != "plain" else ""
    return Table(["Dataset", *(member.name for member in members)], cells, f"{metric.label}{unit} with 95 % intervals")


def distance_table(distances: Distances) -> Table:
    rows: list[list[object]] = [
        [layer, *(figure(float(f"{values[place]:.3g}")) if (values[place]) is not None else "–" for values in distances.rms)]  # type: ignore[str-format]
        for place, layer in enumerate(distances.layers)
    ]  # fmt: skip
    rows.append(["all", *(figure(float(f"{value:.3g}")) for value in distances.whole)])
    return Table(["Layer", *(member.name for member in distances.members)], rows, "Root mean square of the change per value, in thousandths")  # fmt: skip


def distance_figure(members: Sequence[Member], distances: Distances) -> Figure:
    own = distances.members
    far = max(range(len(own)), key=lambda place: distances.whole[place])
    near = min(range(len(own)), key=lambda place: distances.whole[place])
    ratio = distances.whole[near] / distances.whole[far] if distances.whole[far] else 0.0
    title = f"{own[far].name} lies farthest from the base"
    most = [
        max((value or 0.0, layer) for value, layer in zip(values, distances.layers, strict=True))[1]
        for values in distances.rms
    ]
    where = f"All of them changed most in {most[0]}." if len(set(most)) == 1 else " ".join(f"{member.name} changed most in {layer}." for member, layer in zip(own, most, strict=True))  # fmt: skip
    untold = f" Of {', '.join(distances.unknown)} no merge on this hub has measured it." if distances.unknown else ""
    sentence = f"Over all layers {own[near].name} lies {percent(ratio, 0)} as far from {distances.base} as {own[far].name}. {where}{untold}"
    places = [_SHORT.get(layer, layer.removeprefix("block ")) for layer in distances.layers]
    lines = [series_lines.Line(member.series, member.name.rpartition("-")[2], values) for member, values in zip(own, distances.rms, strict=True)]  # fmt: skip
    drawn = [draw(lines, places, title) for draw in (series_lines.draw, series_lines.draw_narrow)]
    legend = [(series_glyph(member.series), member.name) for member in own]
    return Figure(title, f"{sentence} RMS change per value, ×10⁻³, by layer.", drawn, distance_table(distances), legend, _csv("distances", members))  # fmt: skip


def _csv(what: str, members: Sequence[Member]) -> str:
    query = urlencode([("models", member.reference) for member in members])
    return f"{reverse('compare-csv', args=[what])}?{query}"
