"""A comparison with parents in a metric that is no share, bits per byte or an error say: a figure, a table, the difference in its unit."""

from dataclasses import dataclass

from hub.evals.records import Comparison, ModelScores
from hub.pages.charts import series_dots
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.entry import Opened, address
from hub.pages.measured import domain_words, short
from hub.pages.measures import metric_of, score_words
from hub.pages.results.counting import chance_sentence, counted_words
from hub.pages.results.saying import Difference, difference_of
from workers.contracts.tasks import Metric

MOST_MODELS = 7
BASE_SERIES = 8


@dataclass(frozen=True)
class Plain:
    comparison: Comparison
    metric: Metric
    figure: Figure
    gain: Difference
    best: str
    domains: tuple[tuple[str, str, str, Difference], ...]


def plain_of(opened: Opened, comparison: Comparison | None) -> Plain | None:
    """None where there is nothing to compare with, and for shares, which have their own figures."""
    if comparison is None or comparison.unit == "share":
        return None
    metric, words = metric_of(comparison.metric), domain_words(list(comparison.domains))
    gain = difference_of(comparison.gain, metric)
    assert gain is not None  # noqa: S101  a comparison always has its gain
    named = dict(zip(comparison.domains, words, strict=True))
    given = [(named[row.data], short(row.parent), row.difference) for row in comparison.given_up]
    rows = tuple(
        (word, parent, score_words(comparison.child.per_domain[data].accuracy, metric), shown)
        for (word, parent, difference), data in zip(given, (row.data for row in comparison.given_up), strict=True)
        if (shown := difference_of(difference, metric)) is not None
    )
    return Plain(
        comparison, metric, _figure(opened, comparison, metric, words), gain, short(comparison.best_parent), rows
    )


def _series(comparison: Comparison) -> list[tuple[int, ModelScores]]:
    """The child is the blue disc, parents follow, the base is the last."""
    models = [model for model in comparison.models if model.role != "base"][:MOST_MODELS]
    numbered = list(enumerate(models, start=1))
    return [*numbered, *([(BASE_SERIES, comparison.base)] if comparison.base is not None else [])]


def _figure(opened: Opened, comparison: Comparison, metric: Metric, words: list[str]) -> Figure:
    series = _series(comparison)
    bands = [
        series_dots.Band(word, [_dot(number, model, data) for number, model in series])
        for data, word in zip(comparison.domains, words, strict=True)
    ]
    if len(bands) > 1:
        bands.append(series_dots.Band("mean", [series_dots.Dot(number, model.mean.value, model.mean.low, model.mean.high) for number, model in series], is_mean=True))  # fmt: skip
    title = _title(comparison)
    drawn = [draw(bands, title, is_share=False) for draw in (series_dots.draw, series_dots.draw_narrow)]
    legend = [
        (series_glyph(number), short(model.reference) + (", base" if model.role == "base" else ""))
        for number, model in series
    ]
    return Figure(title, _sentence(comparison, metric), drawn, _table(comparison, metric, words), legend, address(opened.repo, "evaluations") + ".csv?all=1")  # fmt: skip


def _dot(number: int, model: ModelScores, data: str) -> series_dots.Dot:
    score = model.per_domain[data]
    return series_dots.Dot(number, score.accuracy, score.low, score.high)


def _title(comparison: Comparison) -> str:
    rival = "its best parent" if len(comparison.parents) > 1 else "its parent"
    if comparison.gain.includes_zero:
        return f"It cannot be told apart from {rival}"
    return f"It is better than {rival}" if comparison.gain.value > 0 else f"It falls behind {rival}"


def _sentence(comparison: Comparison, metric: Metric) -> str:
    gain, child = difference_of(comparison.gain, metric), comparison.child.mean
    assert gain is not None  # noqa: S101  as above
    direction = "higher" if metric.higher_is_better else "lower"
    return (
        f"Mean {metric.label.lower()} {score_words(child.value, metric)}; {direction} is better. Against {short(comparison.best_parent)}: "
        f"{gain.words}, paired 95 % interval {gain.interval}, {counted_words(comparison)}; above zero is better. {chance_sentence(comparison)}"
    )


def _table(comparison: Comparison, metric: Metric, words: list[str]) -> Table:
    rows: list[list[object]] = [
        [model.reference, *(score_words(model.per_domain[data].accuracy, metric, unit=False) for data in comparison.domains), score_words(model.mean.value, metric, unit=False)]
        for model in comparison.models
    ]  # fmt: skip
    return Table(["Model", *words, "mean"], rows, metric.label)
