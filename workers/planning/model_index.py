"""CLAIMS: the `model-index` of a card, in which a model's author says how well it does. Somebody else's text, read under caps."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workers.contracts.tasks import METRICS

MOST = 200
_TEXT = 200
# How cards call metrics, in small letters without marks, and what the table calls them. What may mean several is left out.
_ALIASES: dict[str, str] = {
    "acc": "accuracy",
    "top1accuracy": "accuracy",
    "accnorm": "accuracy_norm",
    "f1macro": "f1_macro",
    "macrof1": "f1_macro",
    "expectedcalibrationerror": "ece",
    "crossentropy": "nll",
    "meanabsoluteerror": "mae",
    "rootmeansquarederror": "rmse",
    "r2score": "r2",
    "spearmanr": "spearman",
    "spearmancosine": "spearman",
    "cosinespearman": "spearman",
    "pearsonr": "pearson",
    "pearsoncosine": "pearson",
    "cosinepearson": "pearson",
    "bpb": "bits_per_byte",
    "ndcg10": "ndcg_at_10",
    "recall10": "recall_at_10",
    "mrr10": "mrr_at_10",
    "em": "exact_match",
} | {metric.name.replace("_", ""): metric.name for metric in METRICS}
_SHARES = {metric.name for metric in METRICS if metric.unit == "share"}
_NUMBER = re.compile(r"[+-]?\d+(?:\.(\d+))?(?:[eE][+-]?\d+)?\s*(%?)")
SPLITS = {
    "dev": "validation",
    "valid": "validation",
    "val": "validation",
    "eval": "validation",
    "testing": "test",
    "training": "train",
}


@dataclass(frozen=True)
class Claim:
    """`metric` is the table's name, "" for one that it does not have. `value` is in the table's unit: shares as 0 to 1.

    `step` is half a unit of the last digit given: what rounding may have hidden. `written` is the value as it stands in the card.
    """

    task: str
    dataset: str
    dataset_name: str
    config: str
    split: str
    revision: str
    metric: str
    metric_name: str
    value: float
    step: float
    written: str


def claims_of_card(card: dict[str, Any]) -> list[Claim]:
    """Every result with a number, in the order of the card. What is no number, or has no data, is passed over."""
    found: list[Claim] = []
    for claim in _claims(card):
        if len(found) == MOST:
            break
        if claim is not None:
            found.append(claim)
    return found


def _claims(card: dict[str, Any]) -> Iterator[Claim | None]:
    for model in _mappings(card.get("model-index")):
        for result in _mappings(model.get("results")):
            for metric in _mappings(result.get("metrics")):
                yield _claim(result, metric)


def _claim(result: dict[str, Any], metric: dict[str, Any]) -> Claim | None:
    dataset, task = _mapping(result.get("dataset")), _mapping(result.get("task"))
    called = _text(metric.get("type")) or _text(metric.get("name"))
    data = _text(dataset.get("type")) or _text(dataset.get("name"))
    known = _ALIASES.get(re.sub(r"[^a-z0-9]", "", called.lower()), "")
    number = _number(metric.get("value"), is_share=known in _SHARES)
    if number is None or not called or not data:
        return None
    value, step = number
    split = _text(dataset.get("split")).lower()
    return Claim(
        task=_text(task.get("type")),
        dataset=data,
        dataset_name=_text(dataset.get("name")) or data,
        config=_text(dataset.get("config")),
        split=SPLITS.get(split, split),
        revision=_text(dataset.get("revision")),
        metric=known,
        metric_name=_text(metric.get("name")) or called,
        value=value,
        step=step,
        written=_text(metric.get("value")),
    )


def _number(value: Any, *, is_share: bool) -> tuple[float, float] | None:
    """The value and half a unit of its last digit. A share above 1, or with a percent sign, was written in percent."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _NUMBER.fullmatch(str(value).strip()[:40])
    if match is None:
        return None
    number, digits = float(str(value).strip().rstrip("% ")), len(match[1] or "")
    if not math.isfinite(number):
        return None
    scale = 0.01 if match[2] or (is_share and abs(number) > 1) else 1.0
    return number * scale, 0.5 * scale * 10.0**-digits


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value[:MOST] if isinstance(item, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value).strip()[:_TEXT] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
