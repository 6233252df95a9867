"""TASK TABLE: what models can be measured at, and METRIC TABLE: in which numbers. One row each.

A metric is worked out from columns that the answers of its task hold, one row per example, so that every number can be
worked out again from what was stored: over any slice, for any resample, for any pair of models.
Dotted paths are strings: importing the tables imports no torch.
"""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "nats", "bits", "plain"]
Form = Literal["mean", "exp_mean", "root_mean", "statistic"]


@dataclass(frozen=True)
class Metric:
    """`form` says how a number comes out of the columns `value` and `weight` ("" is 1 for each example):

    mean: Σ value / Σ weight; exp_mean: its exponential; root_mean: its square root;
    statistic: `workers.statistics.scores:<name>` over the answers as a whole, because no sum over examples gives it.

    `sign` is -1 where the column holds a log-probability and the metric a loss.
    """

    name: str
    label: str
    unit: Unit
    value: str = ""
    weight: str = ""
    form: Form = "mean"
    sign: int = 1
    higher_is_better: bool = True


METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "Accuracy", "share", "correct"),
    Metric("accuracy_norm", "Accuracy, by length", "share", "correct_norm"),
    Metric("nll", "Negative log-likelihood", "nats", "logprob", sign=-1, higher_is_better=False),
    Metric("f1_macro", "F1, mean over classes", "share", form="statistic"),
    Metric("balanced_accuracy", "Accuracy, mean over classes", "share", form="statistic"),
    Metric("ece", "Calibration error", "share", form="statistic", higher_is_better=False),
    Metric("rmse", "Root mean squared error", "plain", "squared_error", form="root_mean", higher_is_better=False),
    Metric("mae", "Mean absolute error", "plain", "absolute_error", higher_is_better=False),
    Metric("r2", "R²", "plain", form="statistic"),
    Metric("bits_per_byte", "Bits per byte", "bits", "bits", "bytes", higher_is_better=False),
    Metric("perplexity", "Perplexity per token", "plain", "logprob", "tokens", "exp_mean", -1, higher_is_better=False),
    Metric("token_accuracy", "Tokens guessed right", "share", "hits", "tokens"),
    Metric("spearman", "Rank correlation", "plain", form="statistic"),
    Metric("pearson", "Correlation", "plain", form="statistic"),
    Metric("ndcg_at_10", "nDCG at 10", "share", "ndcg_at_10"),
    Metric("recall_at_10", "Recall at 10", "share", "recall_at_10"),
    Metric("mrr_at_10", "Mean reciprocal rank at 10", "share", "reciprocal_rank"),
    Metric("exact_match", "Exact match", "share", "correct"),
    Metric("token_f1", "F1 over words", "share", "token_f1"),
)


@dataclass(frozen=True)
class Column:
    """What a task needs of each example. `kind` is image, text, number, numbers, class, texts."""

    role: str
    kind: str
    required: bool = True


@dataclass(frozen=True)
class Task:
    """`metrics` holds the one it is ranked by first. `answers` are the columns kept for each example, with their Arrow types,

    beside `example_id` int64 and `example_sha` string, which all have. `protocol` goes up with every change that can change a
    number: results of different protocols are never put side by side. `runner` answers examples in the child; `is_whole` where an
    answer takes all examples to be seen, so that they cannot be worked through in parts.
    """

    name: str
    label: str
    columns: tuple[Column, ...]
    metrics: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    runner: str
    protocol: int = 1
    is_whole: bool = False

    @property
    def is_classification(self) -> bool:
        return self.name.endswith("-classification")


_CLASS = (
    ("gold", "int32"),
    ("prediction", "int32"),
    ("correct", "bool"),
    ("logprob", "double"),
    ("confidence", "double"),
)
_CLASS_METRICS = ("accuracy", "nll", "f1_macro", "balanced_accuracy", "ece")
_NUMBER = (("gold", "double"), ("prediction", "double"), ("squared_error", "double"), ("absolute_error", "double"))
_CHOICE = (*_CLASS, ("correct_norm", "bool"))
_TOKENS = (("logprob", "double"), ("bits", "double"), ("tokens", "int32"), ("bytes", "int32"))
_ROOM = "workers.engine.evaluate.tasks"

TASKS: tuple[Task, ...] = (
    Task(
        "image-classification", "Image classification", (Column("image", "image"), Column("label", "class")),
        _CLASS_METRICS, _CLASS, f"{_ROOM}.classification:answer",
    ),
    Task(
        "text-classification", "Text classification",
        (Column("text", "text"), Column("text_pair", "text", False), Column("label", "class")),
        _CLASS_METRICS, _CLASS, f"{_ROOM}.classification:answer",
    ),
    Task(
        "tabular-classification", "Tabular classification", (Column("features", "numbers"), Column("label", "class")),
        _CLASS_METRICS, _CLASS, f"{_ROOM}.classification:answer",
    ),
    Task(
        "tabular-regression", "Tabular regression", (Column("features", "numbers"), Column("target", "number")),
        ("rmse", "mae", "r2"), _NUMBER, f"{_ROOM}.regression:answer",
    ),
    Task(
        "text-regression", "Text regression",
        (Column("text", "text"), Column("text_pair", "text", False), Column("target", "number")),
        ("rmse", "mae", "r2", "spearman"), _NUMBER, f"{_ROOM}.regression:answer",
    ),
    Task(
        "causal-lm", "Language modelling, left to right", (Column("text", "text"),),
        ("bits_per_byte", "perplexity"), _TOKENS, f"{_ROOM}.causal_lm:answer",
    ),
    Task(
        "masked-lm", "Language modelling, masked", (Column("text", "text"),),
        ("perplexity", "token_accuracy"), (("logprob", "double"), ("hits", "int32"), ("tokens", "int32")),
        f"{_ROOM}.masked_lm:answer",
    ),
    Task(
        "sentence-similarity", "Sentence similarity",
        (Column("text", "text"), Column("text_pair", "text"), Column("target", "number")),
        ("spearman", "pearson"), (("gold", "double"), ("prediction", "double")), f"{_ROOM}.similarity:answer",
    ),
    Task(
        "retrieval", "Retrieval", (Column("query", "text"), Column("document", "text")),
        ("ndcg_at_10", "recall_at_10", "mrr_at_10"),
        (("ndcg_at_10", "double"), ("recall_at_10", "double"), ("reciprocal_rank", "double"), ("rank", "int32")),
        f"{_ROOM}.retrieval:answer", is_whole=True,
    ),
    Task(
        "multiple-choice", "Multiple choice",
        (Column("question", "text"), Column("choices", "texts"), Column("label", "class")),
        ("accuracy", "accuracy_norm", "nll"), _CHOICE, f"{_ROOM}.harness:answer",
    ),
    Task(
        "generation", "Generation", (Column("question", "text"), Column("answer", "text")),
        ("exact_match", "token_f1"),
        (("gold", "string"), ("prediction", "string"), ("correct", "bool"), ("token_f1", "double")), f"{_ROOM}.harness:answer",
    ),
)  # fmt: skip


def task_get(name: str) -> Task | None:
    return next((task for task in TASKS if task.name == name), None)


def metric_get(name: str) -> Metric:
    """Raises KeyError for a name that the table does not have."""
    found = next((metric for metric in METRICS if metric.name == name), None)
    if found is None:
        raise KeyError(name)
    return found
