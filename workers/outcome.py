"""What a terminal is told of a result: the numbers of an evaluation, the order of a ranking."""

from collections.abc import Mapping, Sequence
from typing import Any

from workers.contracts.estimators import estimator_get
from workers.contracts.tasks import metric_get
from workers.planning.wording import printable


def outcome_lines(report: Mapping[str, Any]) -> list[str]:
    """Of a report.json; nothing for kinds whose result is a folder to load."""
    if report.get("kind") == "evaluate":
        return _measured(report["results"]) + [
            printable(f"{row['model']['reference']} is not measured on {row['data']['reference']}: {row['message']}")
            for row in report["left_out"]
        ]
    if report.get("kind") == "rank":
        return ranking_lines(report)
    return []


def ranking_lines(report: Mapping[str, Any]) -> list[str]:
    """Best first, in the order of one estimator; the values of the others beside it."""
    names: list[str] = report["estimators"]
    head = ["", "model", *((row.label if (row := estimator_get(name)) is not None else name) for name in names)]
    rows = [
        [
            str(entry["place"] or "–"),
            entry["model"]["reference"],
            *(f"{entry['scores'][name]:.4f}" if name in entry["scores"] else "–" for name in names),
        ]
        for entry in report["results"]
    ]
    lines = _table([head, *rows])
    lines += [f"{entry['model']['reference']} is left out: {entry['message']}" for entry in report["left_out"]]
    if report["baseline"] is not None:
        lines.append(f"Always naming the commonest class is right in {_share(report['baseline'])}.")
    return [printable(line) for line in lines]


def _measured(results: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for row in results:
        asked = row["definition"]["metrics"]
        name = next((name for name in asked if name in row["metrics"]), next(iter(row["metrics"])))
        metric, found = metric_get(name), row["metrics"][name]
        write = _share if metric.unit == "share" else _figure
        ends = "" if found["low"] is None else f"95 % {write(found['low'])} to {write(found['high'])}"
        data = f"{row['data']['reference']}, {row['data']['split']}" + (", again" if row["repeat"] else "")
        value = "undefined" if found["value"] is None else write(found["value"])
        rows.append([row["model"]["reference"], data, metric.label, value, ends, f"{row['examples']} examples"])
    return [printable(line) for line in _table(rows)]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _share(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


def _figure(value: float) -> str:
    return f"{value:.4g}"
