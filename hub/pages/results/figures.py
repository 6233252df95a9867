"""The figures of one measurement: how far its confidence can be trusted. Titles and sentences come from the numbers."""

from hub.pages.charts import reliability
from hub.pages.charts.figure import Figure, Table
from hub.pages.numbers import MINUS, percent, points, thousands
from hub.pages.results.details import Details

LEVEL = 0.01


def reliability_figure(details: Details, csv_url: str) -> Figure | None:
    if not details.bins or details.confidence is None or details.accuracy is None or details.ece is None:
        return None
    gap = details.confidence - details.accuracy
    bins = [reliability.Bin(row.confidence, row.accuracy, row.low, row.high, row.n) for row in details.bins]
    title = _title(gap)
    count = sum(row.n for row in details.bins)
    sentence = (
        f"Mean confidence {percent(details.confidence)}, right {percent(details.accuracy)} of {thousands(count)} answers. "
        f"Calibration error {percent(details.ece)}, over {len(bins)} bins of like size. Bars are 95 % intervals; on the dashed line both are equal."
    )
    drawn = [draw(bins, title) for draw in (reliability.draw, reliability.draw_narrow)]
    return Figure(title, sentence, drawn, reliability_table(details), [], csv_url)


def _title(gap: float) -> str:
    if abs(gap) < LEVEL:
        return "As confident as it is right, on the whole"
    word = "More" if gap > 0 else "Less"
    return f"{word} confident than right, by {points(abs(gap)).lstrip('+' + MINUS)} points"


def reliability_table(details: Details) -> Table:
    rows: list[list[object]] = [
        [percent(row.confidence, unit=False), percent(row.accuracy, unit=False), percent(row.low, unit=False), percent(row.high, unit=False), thousands(row.n)]
        for row in details.bins
    ]  # fmt: skip
    return Table(["Mean confidence", "right", "from", "to", "answers"], rows, "In %, by bin of like confidence")
