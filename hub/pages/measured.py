"""A comparison as pages show it: sentences with their numbers, figures, tables. What was given up follows every gain."""

from dataclasses import dataclass
from typing import Any

from hub.catalog.models import Commit, Repo
from hub.evals.selectors import Comparison, Flips, ModelScores
from hub.pages.charts import domains, dots, strips
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import legend_glyph
from hub.pages.comparing import comparison_for
from hub.pages.entry import Opened, address
from hub.pages.measures import metric_of
from hub.pages.numbers import percent, points, thousands
from hub.pages.results.counting import chance_sentence, counted_words, examples_words, noun_of, together_words
from hub.pages.words import plural

NO_POOLED_P = (
    "The datasets may hold the same examples, so there is no p over all of them: see each dataset by itself. "
    "A cluster column in the benchmarks says which examples belong together."
)


@dataclass(frozen=True)
class Cell:
    """One figure of the table; `difference` to the best parent of that column stands below it, for the child only."""

    value: float
    is_best: bool = False
    difference: float | None = None
    is_clear: bool = True


@dataclass(frozen=True)
class TableRow:
    model: ModelScores
    cells: list[Cell]
    strip: Any
    glyph: Any


@dataclass(frozen=True)
class Measured:
    comparison: Comparison
    by_domain: Figure
    by_model: Figure
    gain: dict[str, Any]
    worst: dict[str, Any]
    given_up: dict[str, Any]
    rows: list[TableRow]
    ruler: str
    domain_names: list[str]
    seed_rows: list[dict[str, Any]]
    flips: Flips | None
    flips_sentence: str

    @property
    def metric_label(self) -> str:
        return metric_of(self.comparison.metric).label


def short(full_name: str) -> str:
    return full_name.rpartition("/")[2]


def domain_words(names: list[str]) -> list[str]:
    """Names of datasets without the beginning that all of them share: digits-rotated, digits-noisy → rotated, noisy."""
    shorts = [short(name) for name in names]
    heads = [name.split("-") for name in shorts]
    shared = 0
    while len(heads) > 1 and all(len(parts) > shared + 1 and parts[shared] == heads[0][shared] for parts in heads):
        shared += 1
    return ["-".join(parts[shared:]) for parts in heads]


def measured(opened: Opened, *, user) -> Measured | None:
    return measured_of(opened.repo, opened.commit, user=user)


def measured_of(repo: Repo, commit: Commit, *, user) -> Measured | None:
    return measured_from(repo, commit, comparison_for(repo, commit, user=user))


def measured_from(repo: Repo, commit: Commit, comparison: Comparison | None) -> Measured | None:
    if comparison is None or comparison.unit != "share":
        return None  # these figures are drawn in percent and points
    words = domain_words(list(comparison.domains))
    noun = "The merge" if (commit.manifest or {}).get("kind") == "merge" else "This entry"
    return Measured(
        comparison,
        _by_domain(repo, comparison, words, noun),
        _by_model(repo, comparison, noun),
        _gain(comparison),
        _worst(comparison, words),
        _given_up(comparison, words),
        *_table(comparison),
        words,
        _seeds(comparison),
        next((flips for flips in comparison.flips if flips.parent == comparison.best_parent), None),
        _flips_sentence(comparison),
    )


def interval_words(interval) -> str:
    return f"{points(interval.low)} to {points(interval.high)} points"


def headline(comparison: Comparison, noun: str) -> str:
    gain, rival = comparison.gain, "its best parent" if len(comparison.parents) > 1 else "its parent"
    if gain.includes_zero:
        return f"{noun} cannot be told apart from {rival}"
    if gain.value > 0:
        return f"{noun} beats {rival} by {points(gain.value).lstrip('+')} points"
    return f"{noun} falls {points(abs(gain.value)).lstrip('+')} points behind {rival}"


def gain_sentence(comparison: Comparison) -> str:
    """What follows the child's mean, which the figure sets in bold before it."""
    best = next(model for model in comparison.models if model.reference == comparison.best_parent)
    domains_count = len(comparison.domains)
    return (
        f"mean {metric_of(comparison.metric).label.lower()} over {domains_count} {plural(domains_count, 'dataset', 'datasets')}, "
        f"against {percent(best.mean.value)} for the best single model. The difference is {interval_words(comparison.gain)} "
        f"(paired 95 % interval, {counted_words(comparison)}). {chance_sentence(comparison)} {given_up_sentence(comparison)}"
    )


def given_up_sentence(comparison: Comparison) -> str:
    words = dict(zip(comparison.domains, domain_words(list(comparison.domains)), strict=True))
    lost = sorted(
        (given for given in comparison.given_up if given.difference.high < 0), key=lambda given: given.difference.value
    )
    if not lost:
        return "On no dataset does it clearly give anything up to a specialist."
    listed = ", ".join(
        f"{points(given.difference.value)} on {words[given.data]} to {short(given.parent)}" for given in lost
    )
    return f"What it gives up: {listed}."


def _by_model(repo: Repo, comparison: Comparison, noun: str) -> Figure:
    best = next(model for model in comparison.models if model.reference == comparison.best_parent)
    rows = []
    for model in sorted(
        comparison.models, key=lambda model: (("child", "parent", "base").index(model.role), -model.mean.value)
    ):
        difference = model.mean.value - best.mean.value
        note = (
            f"{points(difference)} points"
            if model.role == "child"
            else "best parent"
            if model is best
            else points(difference)
        )
        rows.append(
            dots.Row(
                short(model.reference),
                model.role,
                model.mean.value,
                model.mean.low,
                model.mean.high,
                f"{note} · common base" if model.role == "base" else note,
            )
        )
    title = headline(comparison, noun)
    legend = [
        (legend_glyph("child"), "child"),
        (legend_glyph("parent"), "parent"),
        (legend_glyph("base"), "common base"),
        (legend_glyph("interval"), "95 % interval"),
        (legend_glyph("best"), "best parent"),
    ]
    return Figure(
        title,
        gain_sentence(comparison),
        [dots.draw(rows, title), dots.draw_narrow(rows, title)],
        _figure_table(comparison),
        legend,
        address(repo, "evaluations") + ".csv",
        percent(comparison.child.mean.value),
        [("Open the result", address(repo, "result"))],
    )


def _figure_table(comparison: Comparison) -> Table:
    head = ["Model", *domain_words(list(comparison.domains)), "mean", "from", "to"]
    rows = [
        [
            model.reference,
            *(percent(model.per_domain[data].accuracy, unit=False) for data in comparison.domains),
            percent(model.mean.value, unit=False), percent(model.mean.low, unit=False), percent(model.mean.high, unit=False),
        ]
        for model in comparison.models
    ]  # fmt: skip
    return Table(head, rows, f"{metric_of(comparison.metric).label} in %, split {comparison.split}")


def _by_domain(repo: Repo, comparison: Comparison, words: list[str], noun: str) -> Figure:
    letters = dict(
        zip(
            [model.reference for model in comparison.parents],
            domains.letters_for([model.reference for model in comparison.parents]),
            strict=True,
        )
    )
    lines = [
        domains.Line(word, [_domain_point(model, data, letters) for model in comparison.models])
        for data, word in zip(comparison.domains, words, strict=True)
    ]
    lines.append(
        domains.Line(
            "mean",
            [
                domains.Point(
                    letters.get(model.reference, ""), model.role, model.mean.value, model.mean.low, model.mean.high
                )
                for model in comparison.models
            ],
            is_mean=True,
        )
    )
    title = headline(comparison, noun)
    names = ", ".join(f"{letter} {short(name)}" for name, letter in letters.items())
    legend = [
        (legend_glyph("child"), "this entry, 95 % interval"),
        (legend_glyph("parent"), f"parents: {names}"),
        (legend_glyph("base"), "base"),
    ]
    return Figure(
        title,
        gain_sentence(comparison),
        [domains.draw(lines, title), domains.draw_narrow(lines, title)],
        _figure_table(comparison),
        legend if comparison.base else legend[:2],
        address(repo, "evaluations") + ".csv",
        percent(comparison.child.mean.value),
    )


def _domain_point(model: ModelScores, data: str, letters: dict[str, str]) -> domains.Point:
    score = model.per_domain[data]
    return domains.Point(letters.get(model.reference, ""), model.role, score.accuracy, score.low, score.high)


def _gain(comparison: Comparison) -> dict[str, Any]:
    over = "could be chance" if comparison.gain.includes_zero else "more than chance"
    trained = "" if len(comparison.seeds) > 1 else ". One seed only: trained again, it may differ"
    return {
        "value": comparison.gain.value,
        "words": f"95 % interval {interval_words(comparison.gain)}, paired: {over} over {examples_words(comparison)}{trained}",
    }


def _worst(comparison: Comparison, words: list[str]) -> dict[str, Any]:
    scores = comparison.child.per_domain
    worst = min(comparison.domains, key=lambda data: scores[data].accuracy)
    best_parent = next(model for model in comparison.models if model.reference == comparison.best_parent)
    parent_worst = min(score.accuracy for score in best_parent.per_domain.values())
    return {
        "value": scores[worst].accuracy,
        "words": f"{words[list(comparison.domains).index(worst)]}. Best parent on its worst: {percent(parent_worst)}",
    }


def _given_up(comparison: Comparison, words: list[str]) -> dict[str, Any]:
    ordered = sorted(comparison.given_up, key=lambda given: given.difference.value)
    names = dict(zip(comparison.domains, words, strict=True))
    first, rest = ordered[0], [given for given in ordered[1:] if given.difference.value < 0]
    others = ", ".join(f"{points(given.difference.value)} {names[given.data]}" for given in rest)
    if first.difference.value >= 0:
        return {"value": 0.0, "words": "at least level with the best parent on every dataset"}
    return {
        "value": first.difference.value,
        "words": f"at most, on {names[first.data]}." + (f" {others}" if others else ""),
    }


def _table(comparison: Comparison) -> tuple[list[TableRow], str]:
    values = [value for model in comparison.models for value in (model.mean.low, model.mean.high)]
    scale = strips.strip_scale(values)
    given = {entry.data: entry.difference for entry in comparison.given_up}
    parents = comparison.parents
    rows = []
    for model in comparison.models:
        cells = []
        for data in comparison.domains:
            best = max(parent.per_domain[data].accuracy for parent in parents)
            accuracy = model.per_domain[data].accuracy
            if model.role == "child":
                cells.append(Cell(accuracy, True, given[data].value, not given[data].includes_zero))
            else:
                cells.append(Cell(accuracy, model.role == "parent" and accuracy >= best))
        mean_best = model.reference == comparison.best_parent
        gain = comparison.gain.value if model.role == "child" else None
        cells.append(
            Cell(model.mean.value, model.role == "child" or mean_best, gain, not comparison.gain.includes_zero)
        )
        title = f"{short(model.reference)}: {percent(model.mean.value)}"
        rows.append(
            TableRow(
                model,
                cells,
                strips.draw(scale, model.role, model.mean.value, model.mean.low, model.mean.high, title),
                legend_glyph(model.role),
            )
        )
    return rows, f"{percent(scale.low, 0, unit=False)} to {percent(scale.high, 0)}, 95 % interval"


def _seeds(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {"name": seed.name, "means": [seed.means[model.reference] for model in comparison.models if model.reference in seed.means], "gain": seed.gain, "best": short(seed.best_parent)}
        for seed in comparison.seeds
    ]  # fmt: skip


def _flips_sentence(comparison: Comparison) -> str:
    flips = next((flips for flips in comparison.flips if flips.parent == comparison.best_parent), None)
    if flips is None:
        return ""
    total = flips.both_right + flips.gained + flips.lost + flips.both_wrong
    counted = (
        f"{thousands(flips.gained)} fixed, {thousands(flips.lost)} broken, of {thousands(total)} answers of one seed."
    )
    if flips.p_value is None:
        return f"{counted} {NO_POOLED_P}"
    p_value = f"p = {flips.p_value:.2f}" if flips.p_value >= 0.01 else "p below 0.01"
    nouns = noun_of(comparison)
    chance = "could be chance" if flips.p_value >= 0.05 else "is more than chance"
    test = "McNemar" if flips.test == "mcnemar" else f"with the answers to {together_words(comparison)} taken together,"
    return f"{counted} Over these {nouns} that {chance}: {test} {p_value}."
