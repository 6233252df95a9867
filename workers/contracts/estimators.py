"""ESTIMATOR TABLE: how well a model's features suit somebody's labelled examples, without fine-tuning it. One row each.

Higher is better in every row. Dotted paths are strings: importing the table imports no numpy.
"""

from dataclasses import dataclass
from typing import Literal

Needs = Literal["features", "probabilities"]


@dataclass(frozen=True)
class Estimator:
    """`needs` is what it reads of a model: the features before its head, or the probabilities of its own classes.

    `ranks_numbers`: it also takes targets that are numbers. `is_share`: its values are shares of examples.
    """

    name: str
    label: str
    needs: Needs
    function: str
    paper: str
    summary: str
    ranks_numbers: bool = False
    is_share: bool = False


_ROOM = "workers.engine.transfer"

# The first row that applies orders the ranking; the others stand beside it.
ESTIMATORS: tuple[Estimator, ...] = (
    Estimator(
        "logme", "LogME", "features", f"{_ROOM}.logme:logme", "You et al. 2021, arXiv:2102.11005",
        "How probable the labels are under a Bayesian linear model on the features, per example and class. Also for numbers.",
        ranks_numbers=True,
    ),
    Estimator(
        "probe", "Linear probe", "features", f"{_ROOM}.probe:linear_probe", "Alain and Bengio 2016, arXiv:1610.01644",
        "Accuracy of a linear classifier trained on the features, over five folds. For numbers, R² of ridge regression.",
        ranks_numbers=True, is_share=True,
    ),
    Estimator(
        "nearest_mean", "Nearest mean", "features", f"{_ROOM}.probe:nearest_mean", "Mensink et al. 2013",
        "Accuracy when each example gets the class whose mean lies nearest, over five folds.", is_share=True,
    ),
    Estimator(
        "hscore", "H-score", "features", f"{_ROOM}.hscore:h_score", "Ibrahim et al. 2022, arXiv:2110.06893",
        "How much of the features' spread lies between the classes, with a shrunk covariance.",
    ),
    Estimator(
        "leep", "LEEP", "probabilities", f"{_ROOM}.leep:leep", "Nguyen et al. 2020, arXiv:2002.12462",
        "How well the model's own classes foretell the labels: mean log-probability.",
    ),
    Estimator(
        "nce", "NCE", "probabilities", f"{_ROOM}.nce:nce", "Tran et al. 2019, arXiv:1908.08142",
        "How well the class that the model chooses foretells the label: minus a conditional entropy.",
    ),
)  # fmt: skip


def estimator_get(name: str) -> Estimator | None:
    return next((estimator for estimator in ESTIMATORS if estimator.name == name), None)
