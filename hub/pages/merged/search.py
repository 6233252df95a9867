"""What a search tried: every trial with the best so far, and the answer to one or two open numbers. A report may be anybody's upload."""

from dataclasses import dataclass, field
from typing import Any

from hub.catalog.models import Repo
from hub.pages.charts import curves, heat
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.entry import address
from hub.pages.merged.layer_sums import Number, number_of
from hub.pages.numbers import figure as number_words
from hub.pages.numbers import seconds as seconds_words

MOST_TRIALS = 10_000
MOST_CELLS = 12
MOST_RUNGS = 8
MOST_DRAWN = 1e15
_STRATEGIES = {"grid": "a grid", "cma_es": "CMA-ES", "successive_halving": "successive halving"}


@dataclass(frozen=True)
class Trial:
    number: int
    values: dict[str, Any]
    value: Number
    low: Number = None
    high: Number = None
    examples: int = 0
    share: float = 1.0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class Searched:
    """The part of a report that tells of a search, with what cannot be read left out."""

    label: str
    is_higher_better: bool
    strategy: str
    axes: list[tuple[str, str]]
    trials: list[Trial]
    best: Trial
    places: list[str] = field(default_factory=list)


def searched_of(report: dict[str, Any]) -> Searched | None:
    given = report.get("search")
    if not isinstance(given, dict) or not isinstance(given.get("trials"), list):
        return None
    trials = [trial for row in given["trials"][:MOST_TRIALS] if (trial := _trial(row)) is not None]
    best = next((trial for trial in trials if trial.number == given.get("best") and trial.value is not None), None)
    if best is None:
        return None
    axes = [
        (str(axis.get("key", "")), _word(axis))
        for axis in (given.get("axes") if isinstance(given.get("axes"), list) else [])
        if isinstance(axis, dict)
    ]
    if any("method" in trial.values for trial in trials):
        axes = [("method", "Method"), *axes]
    data = given.get("data") if isinstance(given.get("data"), list) else []
    places = [
        f"{row.get('split')} of {str(row.get('data')).rpartition('/')[2]}" for row in data if isinstance(row, dict)
    ]
    strategy = _STRATEGIES.get(str(given.get("strategy")), "a search")
    label = str(given.get("metric_label") or given.get("metric") or "Score")[:80]
    return Searched(label, given.get("higher_is_better") is not False, strategy, axes[:80], trials, best, places[:8])


def search_figures(repo: Repo, report: dict[str, Any], revision: str) -> list[tuple[str, Figure]]:
    """By name, which is that of its CSV too."""
    found = searched_of(report)
    if found is None:
        return []
    url = f"{address(repo, 'result')}/layers.csv?revision={revision}&of="
    answer = _answer(found, f"{url}answer")
    return [("trials", _trace(found, f"{url}trials")), *([("answer", answer)] if answer is not None else [])]


def _trace(found: Searched, url: str) -> Figure:
    known = [trial for trial in found.trials if trial.value is not None]
    title = f"Trial {found.best.number} of {len(found.trials)} is the best: {_valued(found, found.best)}"
    lines = _rungs(found, known)
    pictures = []
    if len(known) > 1:
        shown = curves.Curve(found.label, lines[0].points)
        pictures = [draw(shown, title, "trial", others=lines[1:]) for draw in (curves.draw, curves.draw_narrow)]
    head = ["Trial", *(word for _, word in found.axes), found.label, "95 % interval", "Examples", "Time", "Note"]
    rows = [_row(found, trial) for trial in found.trials]
    legend = [(series_glyph(place), line.name) for place, line in enumerate(lines, start=1)] if pictures else []
    return Figure(title, _sentence(found), pictures, Table(head, rows, f"{found.label} of every trial"), legend, url)


def _rungs(found: Searched, known: list[Trial]) -> list[curves.Curve]:
    """One line for each number of examples, the most first: values on different examples are not one curve. With all on the
    same, the trials and the best so far."""
    shares = sorted({trial.share for trial in known}, reverse=True)
    if len(shares) < 2:
        points = [(float(trial.number), trial.value or 0.0) for trial in known]
        return [curves.Curve("each trial", points), curves.Curve("best so far", _running(found, known))]
    lines = []
    for share in shares[:MOST_RUNGS]:
        among = [trial for trial in known if trial.share == share]
        name = f"{_counted(len(among), 'trial')} on {_counted(among[0].examples, 'example')}"
        lines.append(curves.Curve(name, [(float(trial.number), trial.value or 0.0) for trial in among]))
    return lines


def _running(found: Searched, known: list[Trial]) -> list[tuple[float, float]]:
    best: Trial | None = None
    points = []
    for trial in known:
        if best is None or _better(found, trial, best):
            best = trial
        points.append((float(trial.number), best.value or 0.0))
    return points


def _better(found: Searched, one: Trial, other: Trial) -> bool:
    first, second = one.value or 0.0, other.value or 0.0
    return first > second if found.is_higher_better else first < second


def _sentence(found: Searched) -> str:
    start = found.trials[0]
    words = [f"Chosen by {found.strategy}" + (f" on {' and '.join(found.places)}" if found.places else "") + "."]
    if _is_same(start, found.best):
        words.append("That is the recipe as it stood: nothing that was tried is better.")
    elif (pair := _on_same_examples(found)) is not None:
        words.append(_compared(found, *pair))
    if any(trial.share < 1 for trial in found.trials):
        words.append(
            "The best few of each round were tried again on more examples; values on different examples are not compared."
        )
    if not found.is_higher_better:
        words.append("Lower is better.")
    words.append(
        "The best of many trials looks better on the examples that chose it than it is: what the result is worth is measured on others."
    )
    return " ".join(words)


def _is_same(one: Trial, other: Trial) -> bool:
    return one.number == other.number or (bool(one.values) and one.values == other.values)


def _on_same_examples(found: Searched) -> tuple[Trial, Trial] | None:
    """The recipe as it stood and the best, in the last round that measured both."""
    known = [trial for trial in found.trials if trial.value is not None]
    starts = {trial.share: trial for trial in known if _is_same(trial, found.trials[0])}
    bests = {trial.share: trial for trial in known if _is_same(trial, found.best)}
    shared = max(starts.keys() & bests.keys(), default=None)
    return None if shared is None else (starts[shared], bests[shared])


def _compared(found: Searched, start: Trial, best: Trial) -> str:
    on = f" on the same {_counted(best.examples, 'example')}" if best.examples else ""
    words = f"The recipe as it stood, trial {start.number}, has {number_words(start.value)}, the best {number_words(best.value)}{on}"
    return f"{words}." if best.share == found.best.share else f"{words}, the most that both were measured on."


def _valued(found: Searched, trial: Trial) -> str:
    on = f" on {_counted(trial.examples, 'example')}" if trial.examples else ""
    return f"{found.label.lower()} {number_words(trial.value)}{on}"


def _counted(count: int, noun: str) -> str:
    return f"{number_words(count)} {noun if count == 1 else noun + 's'}"


def _row(found: Searched, trial: Trial) -> list[object]:
    interval = (
        "–" if trial.low is None or trial.high is None else f"{number_words(trial.low)} to {number_words(trial.high)}"
    )
    value = "–" if trial.value is None else number_words(trial.value)
    note = trial.error or (
        "best" if trial.number == found.best.number else "as it stood" if trial.number == found.trials[0].number else ""
    )
    cells = [_shown(trial.values.get(key)) for key, _ in found.axes]
    return [trial.number, *cells, value, interval, trial.examples, seconds_words(trial.seconds), note]


def _answer(found: Searched, url: str) -> Figure | None:
    """A curve over one open number, a heat map over two that were tried at the same points."""
    widest = max(trial.share for trial in found.trials)
    known = [trial for trial in found.trials if trial.value is not None and trial.share == widest]
    if len({str(trial.values.get("method")) for trial in known}) > 1:
        return None
    keys = [(key, word) for key, word in found.axes if key != "method"]
    places = [[number_of(trial.values.get(key)) for trial in known] for key, _ in keys]
    if len(keys) == 1:
        points = dict(
            sorted(
                (at, trial.value)
                for at, trial in zip(places[0], known, strict=True)
                if at is not None and trial.value is not None
            )
        )
        return _line(found, keys[0][1], list(points.items()), url) if len(points) > 2 else None
    if len(keys) != 2 or any(at is None for column in places for at in column):
        return None
    across, down = (sorted({at for at in column if at is not None}) for column in places)
    if not 2 <= len(across) <= MOST_CELLS or not 2 <= len(down) <= MOST_CELLS or len(known) < len(across) * len(down):
        return None
    held = {(one, other): trial.value for one, other, trial in zip(*places, known, strict=True)}
    return _heat(found, [word for _, word in keys], across, down, held, url)


def _line(found: Searched, word: str, points: list[tuple[float, float]], url: str) -> Figure:
    best = (max if found.is_higher_better else min)(points, key=lambda point: point[1])
    title = f"{found.label} is best at a {word[:1].lower()}{word[1:]} of {number_words(best[0])}"
    shown = curves.Curve(found.label, points)
    pictures = [draw(shown, title, word) for draw in (curves.draw, curves.draw_narrow)]
    table = Table(
        [word, found.label],
        [[number_words(at), number_words(value)] for at, value in points],
        f"{found.label} over {word}",
    )
    return Figure(
        title, f"What the trials found at each value of the open number.{_lower(found)}", pictures, table, [], url
    )


def _heat(
    found: Searched, words: list[str], across: list[Any], down: list[Any], held: dict[Any, Number], url: str
) -> Figure:
    values = [value for value in held.values() if value is not None]
    least, most = min(values), max(values)
    top = (max if found.is_higher_better else min)(held, key=lambda place: held[place] or 0.0)
    title = f"Best at {_lowered(words[0])} {number_words(top[0])} and {_lowered(words[1])} {number_words(top[1])}"

    def show(value: float) -> str:
        return number_words(least + value)

    rows = [
        heat.Layer(number_words(row), [None if (value := held.get((column, row))) is None else value - least for column in across])
        for row in down
    ]  # fmt: skip
    names = [number_words(column) for column in across]
    picture = heat.draw(rows, names, title, found.label.lower(), highest=(most - least) or 1.0, show=show)
    sentence = f"{words[0]} from left to right, {_lowered(words[1])} from top to bottom.{_lower(found)}"
    body = [[row.name, *("–" if value is None else show(value) for value in row.values)] for row in rows]
    head = [f"{words[1]} \\ {words[0]}", *names]
    return Figure(title, sentence, [picture], Table(head, body, f"{found.label} over two open numbers"), [], url)


def _lower(found: Searched) -> str:
    return "" if found.is_higher_better else " Lower is better."


def _lowered(word: str) -> str:
    return f"{word[:1].lower()}{word[1:]}"


def _word(axis: dict[str, Any]) -> str:
    label, source = str(axis.get("label") or axis.get("key", ""))[:60], axis.get("source")
    return f"{label} of {str(source).rpartition('/')[2][:60]}" if source else label


def _shown(value: Any) -> str:
    number = number_of(value)
    if number is not None:
        return number_words(number)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)[:80] if isinstance(value, str) else "as the recipe says"


def drawable(value: Any) -> Number:
    """A number that an axis can hold."""
    number = number_of(value)
    return number if number is not None and abs(number) <= MOST_DRAWN else None


def _trial(row: Any) -> Trial | None:
    if not isinstance(row, dict) or not isinstance(row.get("number"), int) or not 0 <= row["number"] <= MOST_TRIALS:
        return None
    spent = row.get("seconds") if isinstance(row.get("seconds"), dict) else {}
    examples = number_of(row.get("examples"))
    return Trial(
        row["number"], row["values"] if isinstance(row.get("values"), dict) else {}, drawable(row.get("value")),
        drawable(row.get("low")), drawable(row.get("high")), int(examples or 0), number_of(row.get("share")) or 1.0,
        sum(each for value in spent.values() if (each := number_of(value)) is not None), str(row.get("error") or "")[:300],
    )  # fmt: skip
