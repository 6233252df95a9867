"""The figures of a comparison: measurements as dot plots, distances as lines. Titles and sentences come from the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from hub.pages.beside.distances import Distances
from hub.pages.beside.members import Member
from hub.pages.beside.scores import Mean, ScoreRow, row_words
from hub.pages.beside.verdicts import Verdict
from hub.pages.charts import series_dots, series_lines
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.numbers import figure, percent
from workers.contracts.tasks import Metric

CHARTED = 12
_SHORT = {"embedding": "embed", "final norm": "norm"}


def value_words(metric: Metric, value: float | None, *, unit: bool = True) -> str:
    if value is None:
        return "–"
    return percent(value, unit=unit) if metric.unit == "share" else figure(float(f"{value:.4g}"))


def score_figures(
    members: Sequence[Member], rows: Sequence[ScoreRow], means: Mapping[str, Mean], verdicts: Sequence[Verdict] = ()
) -> list[Figure]:
    """One figure per metric, because values of different metrics share no axis. Who leads is said as `verdicts` have it.

    Rows that one entry alone was measured on are no comparison: `apart_words` tells them.
    """
    shared = [row for row in rows if row.measured > 1]
    metrics = list(dict.fromkeys(row.metric for row in shared))
    return [_score_figure(members, metric, [row for row in shared if row.metric == metric], means.get(metric.name), verdicts) for metric in metrics]  # fmt: skip


def apart_words(members: Sequence[Member], rows: Sequence[ScoreRow]) -> list[tuple[str, str]]:
    """What each was measured on, where no two of them share a dataset; [] where two do, and where none was measured."""
    if not rows or any(row.measured > 1 for row in rows):
        return []
    words = row_words(rows)
    found = []
    for place, member in enumerate(members):
        own = [f"{word}, {value_words(row.metric, row.scores[place].value)}" for word, row in zip(words, rows, strict=True) if row.scores[place] is not None]  # type: ignore[union-attr]  # fmt: skip
        found.append((member.name, f"{'; '.join(own[:6])}{' and more' if len(own) > 6 else ''}" if own else "nothing"))
    return found


@dataclass(frozen=True)
class MeanRow:
    """`cells`: by entry its mean, the interval where there is one, whether it is best. `note` says what the interval rests on."""

    label: str
    cells: tuple[tuple[str, str, bool], ...]
    note: str


def mean_row(means: Mapping[str, Mean]) -> MeanRow | None:
    """`Mean accuracy` of the first metric that has one; None where not all were measured on the same."""
    for mean in means.values():
        label = f"Mean {mean.metric.label[:1].lower()}{mean.metric.label[1:]}"
        cells = tuple(
            (value_words(mean.metric, value), _ends_words(mean, place), place in mean.best)
            for place, value in enumerate(mean.values)
        )
        return MeanRow(label, cells, mean.note)
    return None


def _ends_words(mean: Mean, place: int) -> str:
    low, high = mean.ends(place)
    if low is None or high is None:
        return ""
    return f"{value_words(mean.metric, low, unit=False)} to {value_words(mean.metric, high, unit=False)}"


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


def _score_figure(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow], mean: Mean | None, verdicts: Sequence[Verdict]) -> Figure:  # fmt: skip
    words = row_words(rows)
    bands = [
        series_dots.Band(word, [series_dots.Dot(member.series, score.value, score.low, score.high) for member, score in zip(members, row.scores, strict=True) if score is not None])
        for word, row in zip(words[:CHARTED], rows[:CHARTED], strict=True)
    ]  # fmt: skip
    if mean is not None:
        bands.append(series_dots.Band("mean", [series_dots.Dot(member.series, mean.values[place], *mean.ends(place)) for place, member in enumerate(members)], is_mean=True))  # fmt: skip
    title = f"{metric.label} by dataset" if len(rows) > 1 else f"{metric.label} on {words[0]}"
    is_share = metric.unit == "share"
    drawn = [draw(bands, title, is_share=is_share) for draw in (series_dots.draw, series_dots.draw_narrow)]
    legend = [(series_glyph(member.series), member.name) for member in members]
    return Figure(title, _score_sentence(members, metric, rows, words, mean, verdicts), drawn, _shown_table(members, metric, rows, words, mean), legend, _csv("scores", members))  # fmt: skip


def _score_sentence(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow], words: Sequence[str], mean: Mean | None, verdicts: Sequence[Verdict]) -> str:  # fmt: skip
    said = {
        (row.row.digest, row.row.data, row.row.split, row.row.metric.name): row
        for row in verdicts
        if row.row is not None
    }
    best = "Highest" if metric.higher_is_better else "Lowest"
    parts = []
    if mean is not None:
        top = " and ".join(members[place].name for place in mean.best)
        parts.append(f"{best} mean: {top}, {value_words(metric, mean.values[mean.best[0]])}.")
    for place, member in enumerate(members):
        won = [
            (word, said.get((row.digest, row.data, row.split, row.metric.name)))
            for word, row in zip(words, rows, strict=True)
            if row.best == place
        ]
        if won:
            listed = ", ".join(f"{word}{_tested(verdict)}" for word, verdict in won[:6])
            parts.append(f"{member.name} leads on {listed}{' and more' if len(won) > 6 else ''}.")
    level = [word for word, row in zip(words, rows, strict=True) if row.best is None and sum(score is not None for score in row.scores) > 1]  # fmt: skip
    if level:
        parts.append(f"Level at the top on {', '.join(level[:6])}{' and more' if len(level) > 6 else ''}.")
    more = f" The first {CHARTED} of {len(rows)} are drawn." if len(rows) > CHARTED else ""
    note = f" {mean.note}" if mean is not None else ""
    return " ".join(parts) + " Bars are 95 % intervals." + more + note


def _tested(verdict: Verdict | None) -> str:
    """As the paired test has it, never as two intervals overlap: paired answers tell apart what these cannot."""
    if verdict is None or verdict.difference is None:
        return " (not tested)" if verdict is None or not verdict.is_waiting else " (test still under way)"
    return " (more than chance)" if verdict.is_better else " (within chance)"


def _shown_table(members: Sequence[Member], metric: Metric, rows: Sequence[ScoreRow], words: Sequence[str], mean: Mean | None) -> Table:  # fmt: skip
    cells: list[list[object]] = []
    for word, row in zip(words, rows, strict=True):
        line: list[object] = [word]
        for score in row.scores:
            interval = "" if score is None or score.low is None or score.high is None else f" ({value_words(metric, score.low, unit=False)} to {value_words(metric, score.high, unit=False)})"  # fmt: skip
            line.append(f"{value_words(metric, score.value if score else None, unit=False)}{interval}")
        cells.append(line)
    if mean is not None:
        ends = [_ends_words(mean, place) for place in range(len(mean.values))]
        cells.append(["mean", *(value_words(metric, value, unit=False) + (f" ({interval})" if interval else "") for value, interval in zip(mean.values, ends, strict=True))])  # fmt: skip
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
