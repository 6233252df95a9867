"""Methods whose sources are LoRA adapters on one base: peft's eleven combination types, under its names with `adapter_` before them, and KnOTS."""

from dataclasses import replace

from workers.contracts.methods.knobs import density, weight
from workers.contracts.methods.row import Method, Parameter

_PEFT = "peft: add_weighted_adapter"
_RANK = Parameter(
    "svd_rank", "integer", "Rank", "Rank of the result. 0 takes the largest rank among the sources.",
    default=0, minimum=0, maximum=65_536, step=1,
)  # fmt: skip
_VOTE = Parameter(
    "majority_sign_method", "choice", "Vote with",
    "Whether changes count in the vote on the sign by their size (total) or one each (frequency).",
    default="total", choices=("total", "frequency"),
)  # fmt: skip


def _row(type: str, label: str, summary: str, paper: str, parameters: tuple[Parameter, ...], when: str) -> Method:
    """`type` is peft's `combination_type`."""
    module, is_svd = type.removesuffix("_svd"), type.endswith("_svd")
    return Method(
        f"adapter_{type}", "merge", label, summary, paper,
        f"workers.engine.merge.adapter_{module}:{'merge_svd' if is_svd else 'merge'}", "weights",
        (weight(1.0), *parameters, *((_RANK,) if is_svd or type == "svd" else ())),
        takes="adapter", memory="tensor", when=when,
    )  # fmt: skip


_FACTORS = "Works on the factors A and B apart, which is quick and mixes the adapters' factors with each other."
_PRODUCTS = "Works on the product of the factors, then keeps its strongest directions."

ADAPTERS: tuple[Method, ...] = (
    _row(
        "cat",
        "Adapters: cat",
        "Puts the adapters side by side: exactly the weighted sum of their changes. Ranks add up.",
        _PEFT,
        (),
        "First: it loses nothing. The result's rank is the sum of the ranks.",
    ),
    _row(
        "svd",
        "Adapters: SVD",
        "The best adapter of a given rank for the weighted sum of the changes.",
        _PEFT,
        (),
        "Several adapters, where the result should be no larger than one of them.",
    ),
    _row(
        "linear",
        "Adapters: linear",
        f"Adds up the factors of adapters of equal rank. {_FACTORS}",
        _PEFT,
        (),
        "Adapters that were trained from the same start of their factors; else cat or SVD comes nearer to the sum.",
    ),
    _row(
        "ties",
        "Adapters: TIES",
        f"Trims, votes on signs and averages what agrees. {_FACTORS}",
        "arXiv:2306.01708",
        (density(0.5), _VOTE),
        "As published with peft, to compare with it.",
    ),
    _row(
        "ties_svd",
        "Adapters: TIES, SVD",
        f"Trims, votes on signs and averages what agrees. {_PRODUCTS}",
        "arXiv:2306.01708",
        (density(0.5), _VOTE),
        "Adapters for different tasks that disturb each other.",
    ),
    _row(
        "dare_linear",
        "Adapters: DARE",
        f"Drops entries at random, scales up the rest and adds. {_FACTORS}",
        "arXiv:2311.03099",
        (density(0.5),),
        "As published with peft, to compare with it.",
    ),
    _row(
        "dare_ties",
        "Adapters: DARE-TIES",
        f"Drops entries at random, then votes on signs and averages what agrees. {_FACTORS}",
        "arXiv:2311.03099",
        (density(0.5), _VOTE),
        "As published with peft, to compare with it.",
    ),
    _row(
        "dare_linear_svd",
        "Adapters: DARE, SVD",
        f"Drops entries at random, scales up the rest and adds. {_PRODUCTS}",
        "arXiv:2311.03099",
        (density(0.5),),
        "Adapters with many redundant changes.",
    ),
    _row(
        "dare_ties_svd",
        "Adapters: DARE-TIES, SVD",
        f"Drops entries at random, then votes on signs and averages what agrees. {_PRODUCTS}",
        "arXiv:2311.03099",
        (density(0.5), _VOTE),
        "Adapters for different tasks with many redundant changes.",
    ),
    _row(
        "magnitude_prune",
        "Adapters: magnitude prune",
        f"Keeps the largest entries and adds them. {_FACTORS}",
        _PEFT,
        (density(0.5),),
        "As published with peft, to compare with it.",
    ),
    _row(
        "magnitude_prune_svd",
        "Adapters: magnitude prune, SVD",
        f"Keeps the largest entries and adds them. {_PRODUCTS}",
        _PEFT,
        (density(0.5),),
        "Adapters of which only the strongest changes should come through.",
    ),
    Method(
        "adapter_knots",
        "merge",
        "Adapters: KnOTS",
        "Turns the changes of all adapters into one set of axes and merges them there, with a method of your choice.",
        "arXiv:2410.19735",
        "workers.engine.merge.adapter_knots:merge",
        "weights",
        (
            Parameter(
                "inner",
                "choice",
                "Method on the axes",
                "What merges the changes once they are aligned.",
                default="ties",
                choices=("ties", "dare_ties", "linear"),
            ),
            weight(1.0),
            density(0.5),
            _VOTE,
            replace(_RANK, help="Rank of the result. 0 keeps every direction: the sum of the sources' ranks."),
        ),
        takes="adapter",
        memory="tensor",
        when="Adapters for different tasks, whose changes lie in different directions.",
    ),
)
