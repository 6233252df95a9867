"""How the numbers of evaluations are written: shares as percentages, everything else as figures, differences with their sign."""

from hub.pages.numbers import MINUS, NARROW, figure, percent, points
from workers.contracts.tasks import METRICS, Metric, task_get

_BY_NAME = {metric.name: metric for metric in METRICS}
UNIT_WORDS = {"share": "%", "nats": "nats", "bits": "bits", "plain": ""}


def metric_of(name: str) -> Metric:
    """One that the table does not know, from an older protocol say, is shown by its own name and as it is."""
    return _BY_NAME.get(name) or Metric(name, name.replace("_", " ").capitalize(), "plain")


def score_words(value: float | None, metric: Metric, *, unit: bool = True) -> str:
    """91.6 %, 1.24 bits, 53.2; a dash where there is none."""
    if value is None:
        return "–"
    if metric.unit == "share":
        return percent(value, unit=unit)
    word = UNIT_WORDS[metric.unit]
    return f"{figure(value)}{NARROW}{word}" if unit and word else figure(value)


def interval_words(low: float | None, high: float | None, metric: Metric) -> str:
    """91.0 to 92.2, without the unit: it stands beside the number itself."""
    if low is None or high is None:
        return ""
    return f"{score_words(low, metric, unit=False)} to {score_words(high, metric, unit=False)}"


def difference_words(value: float, metric: Metric) -> str:
    """+1.2 points for shares, +0.031 bits for others: a true minus, and no sign on nothing."""
    if metric.unit == "share":
        return f"{points(value)} points"
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    word = UNIT_WORDS[metric.unit]
    return f"{sign}{figure(abs(value))}" + (f" {word}" if word else "")


def range_of(metric: Metric) -> tuple[float, float]:
    """Where the scale of a metric ends by nature, for axes."""
    return (0.0, 1.0) if metric.unit == "share" else (-1e18, 1e18)


def task_word(name: str) -> str:
    task = task_get(name)
    return task.label if task is not None else name.replace("-", " ").capitalize()
