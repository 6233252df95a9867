"""BUILT-IN DATA TABLE: what every worker carries, so that anything can be tried without an upload. One row each.

Rows and columns stand here for the planner, which reads no data; a test holds them against `workers.engine.data.builtin`.
"""

from dataclasses import dataclass, field

from workers.contracts.facts import RepoFacts

PREFIX = "builtin:"


@dataclass(frozen=True)
class Builtin:
    """`name` as recipes say it, `rows` by split, `columns` with Arrow types in order, `labels` the class names."""

    name: str
    title: str
    summary: str
    task: str
    licence: str
    rows: dict[str, int]
    columns: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def _numbers(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "double")


_CANCER = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids", "nonflavanoid_phenols",
    "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
)  # fmt: skip
_LABEL = {"label": "int64"}
_BSD, _CC_BY, _PSF = "BSD-3-Clause", "CC-BY-4.0", "PSF-2.0"
MODULES = ("asyncio", "email", "http", "importlib", "logging", "multiprocessing", "unittest", "xml")

BUILTINS: tuple[Builtin, ...] = (
    Builtin(
        "builtin:digits", "Digits", "Handwritten digits, 8 × 8 pixels in 17 shades of grey, from scikit-learn.", "image-classification",
        _CC_BY, {"train": 1078, "validation": 360, "test": 359}, {"images": "image", "labels": "int64", "index": "int64"},
        tuple(str(digit) for digit in range(10)),
    ),
    Builtin(
        "builtin:breast-cancer", "Breast cancer", "Tumours told apart by 30 measurements of their cells, from scikit-learn.",
        "tabular-classification", _CC_BY, {"train": 341, "validation": 115, "test": 113},
        _numbers(*(f"mean {name}" for name in _CANCER), *(f"{name} error" for name in _CANCER), *(f"worst {name}" for name in _CANCER)) | _LABEL,
        ("malignant", "benign"),
    ),
    Builtin(
        "builtin:wine", "Wine", "Three growers of wine told apart by 13 chemical measurements, from scikit-learn.",
        "tabular-classification", _CC_BY, {"train": 107, "validation": 35, "test": 36}, _numbers(*_WINE) | _LABEL,
        ("class_0", "class_1", "class_2"),
    ),
    Builtin(
        "builtin:iris", "Iris", "Three kinds of iris told apart by the size of their petals and sepals, from scikit-learn.",
        "tabular-classification", _CC_BY, {"train": 90, "validation": 30, "test": 30},
        _numbers("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)") | _LABEL,
        ("setosa", "versicolor", "virginica"),
    ),
    Builtin(
        "builtin:diabetes", "Diabetes", "How far the illness went on within a year, from 10 measurements, from scikit-learn.",
        "tabular-regression", _BSD, {"train": 265, "validation": 89, "test": 88},
        _numbers("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "target"),
    ),
    Builtin(
        "builtin:python-text", "Python's documentation", "Texts from the source of Python's standard library: what functions and classes say of themselves.",
        "causal-lm", _PSF, {"train": 600, "validation": 200, "test": 200}, {"text": "string", "module": "string"},
    ),
    Builtin(
        "builtin:python-modules", "Python's packages", "Texts from the source of Python's standard library, and which of eight packages each is from.",
        "text-classification", _PSF, {"train": 480, "validation": 160, "test": 160}, {"text": "string"} | _LABEL, MODULES,
    ),
)  # fmt: skip


def builtin_get(name: str) -> Builtin | None:
    return next((row for row in BUILTINS if row.name == name), None)


def builtin_facts(name: str) -> RepoFacts:
    """What a planner knows of built-in data, as of any dataset. A name that the table does not have has no splits."""
    row = builtin_get(name)
    if row is None:
        return RepoFacts(reference=name, repo_type="dataset", visibility="public")
    return RepoFacts(
        reference=name, repo_type="dataset", visibility="public", task=row.task, licence=row.licence, labels=row.labels,
        splits=dict(row.rows), columns=dict(row.columns),
    )  # fmt: skip
