"""How entries side by side read in a terminal: numbered once, then a column each."""

import sys
from collections.abc import Sequence
from typing import Any

from hub.pages.measures import UNIT_WORDS, difference_words, interval_words, metric_of, score_words
from hub.pages.numbers import NARROW, THIN, figure
from workers.contracts.tasks import Metric
from workers.planning.wording import printable

LEVEL = 0.05
_WIDEST = 40


def compare_print(found: dict[str, Any], against: list[dict[str, Any]], url: str) -> None:
    names = [model["reference"] for model in found["models"]]
    _line(*(f"{place}  {name}" for place, name in enumerate(names, 1)))
    _facts(found["facts"], len(names))
    _scores(found["scores"], len(names))
    _verdicts(found["scores"], against)
    _structure(found)
    _line("", url)


def verdict_text(row: dict[str, Any], best: int, other: int, pair: dict[str, Any]) -> str:
    """The best of a row against one other: by how much, within which interval, and whether that is more than noise."""
    metric = metric_of(row["metric"])
    first = next((entry for entry in pair["metrics"] if entry["name"] == pair["metric"]), None)
    shown = first["difference"] if first is not None else None
    if shown is None:
        return f"{best} against {other}: no difference can be worked out for these answers."
    is_adjusted = pair["p_adjusted"] is not None
    p_value = pair["p_adjusted"] if is_adjusted else pair["p_value"]
    numbers = f"{difference_words(shown['value'], metric)}, paired 95 % interval {_ends(shown, metric)}"
    if p_value is not None:
        numbers += f", p {'below 0.001' if p_value < 0.001 else f'{p_value:.2g}'}"
        # Of many comparisons some differ by chance.
        numbers += " (Holm)" if is_adjusted and p_value != pair["p_value"] else ""
    if shown["low"] <= 0 <= shown["high"]:
        return f"{best} and {other} cannot be told apart: {numbers}."
    if p_value is not None and p_value >= LEVEL:
        return f"{best} against {other} could be chance, for few answers differ: {numbers}."
    return f"{best} is better than {other}: {numbers}."


def _ends(shown: dict[str, Any], metric: Metric) -> str:
    """The unit stands behind the second end only."""
    low, high = (difference_words(shown[end], metric) for end in ("low", "high"))
    unit = " points" if metric.unit == "share" else f" {UNIT_WORDS[metric.unit]}"
    return f"{low.removesuffix(unit)} to {high}"


def _facts(facts: list[dict[str, Any]], count: int) -> None:
    differing = [row for row in facts if any(row["differs"])]
    equal = [f"{row['key'].replace('_', ' ')} {row['values'][0]}" for row in facts if not any(row["differs"])]
    if differing:
        head = ["", *map(str, range(1, count + 1))]
        _table([head, *([row["key"].replace("_", " "), *row["values"]] for row in differing)])
    if equal:
        _line("", f"The same for all: {', '.join(equal)}.")


def _scores(rows: list[dict[str, Any]], count: int) -> None:
    if not rows:
        _line("", "Nothing of them was measured here. `genepool submit` with a recipe of the kind evaluate does.")
        return
    head = ["measured", "", *map(str, range(1, count + 1))]
    _table([head, *([f"{row['data']}, {row['split']}", metric_of(row["metric"]).label, *(_score(row, score) for score in row["scores"])] for row in rows)])  # fmt: skip


def _score(row: dict[str, Any], score: dict[str, Any] | None) -> str:
    if score is None:
        return "–"
    metric = metric_of(row["metric"])
    interval = interval_words(score["low"], score["high"], metric)
    return score_words(score["value"], metric) + (f" ({interval})" if interval else "")


def _verdicts(rows: list[dict[str, Any]], against: list[dict[str, Any]]) -> None:
    if not rows:
        return
    _line("")
    if not against:
        _line(
            "No two of them were measured on the same data in the same way, so nothing can be said of which is better."
        )
        return
    _line("Is the best one better, or is that noise?")
    for entry in against:
        row, best = rows[entry["row"]], entry["best"] + 1
        name = f"{row['data']}, {row['split']}"
        for other, pair in zip(entry["others"], entry["pairs"] or (), strict=False):
            _line(f"  {name}: {verdict_text(row, best, other + 1, pair)}")
        if entry["note"]:
            _line(f"  {name}: {entry['note']}")


def _structure(found: dict[str, Any]) -> None:
    structure, combination = found["structure"], found["combination"]
    words = [
        f"{structure[kind]} {word}"
        for kind, word in (("missing", "not in all"), ("reshaped", "of another shape"), ("retyped", "in another number format"))
        if structure[kind]
    ]  # fmt: skip
    if structure["total"]:
        _line(
            "",
            f"Tensors: {structure['same']} of {structure['total']} alike"
            + (f", {', '.join(words)}." if words else "."),
        )
    if found["distances"] is not None:
        names = {model["reference"]: place for place, model in enumerate(found["models"], 1)}
        parts = [f"{names.get(model['reference'], model['reference'])} {figure(model['all_layers'])}" for model in found["distances"]["models"]]  # fmt: skip
        _line(f"Distance from {found['distances']['base']}, all layers, per thousand: {', '.join(parts)}.")
    if combination["method"]:
        licence = combination["licence"].get("verdict", "")
        can = "can be merged" if combination["is_possible"] else "cannot be merged"
        _line(
            f"They {can} ({combination['method']})"
            + (f"; licence: {licence.replace('_', ' ').lower()}." if licence else ".")
        )


def _table(rows: Sequence[Sequence[str]]) -> None:
    cells = [[_plain(cell)[:_WIDEST] for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    _line("", *("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells))  # fmt: skip


def _plain(text: str) -> str:
    """SECURITY: names were written by strangers; control characters would act on the terminal. Thin spaces become plain ones."""
    return printable(text.replace(NARROW, " ").replace(THIN, " "))


def _line(*texts: str) -> None:
    for text in texts:
        sys.stdout.write(_plain(text).rstrip() + "\n")
