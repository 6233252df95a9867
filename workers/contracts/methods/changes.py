"""Methods that add up what each model changed in the base: task arithmetic, and what trims, drops and votes before it adds."""

from workers.contracts.methods.knobs import density, normalize, scale, weight
from workers.contracts.methods.row import Method, Parameter

CHANGES: tuple[Method, ...] = (
    Method(
        "task_arithmetic",
        "merge",
        "Task arithmetic",
        "Adds up what each model learned on top of the base, each with its weight.",
        "arXiv:2212.04089",
        "workers.engine.merge.task_arithmetic:merge",
        "base",
        (weight(0.4), scale(), normalize(False, "Divide by the sum of the weights.")),
    ),
    Method(
        "ties",
        "merge",
        "TIES",
        "Keeps the largest changes of each model, lets the sources vote on the sign, and averages those that agree.",
        "arXiv:2306.01708",
        "workers.engine.merge.ties:merge",
        "base",
        (weight(1.0), density(0.3), scale(), normalize(True, "Divide by the sum of the weights that agree.")),
    ),
    Method(
        "dare_ties",
        "merge",
        "DARE TIES",
        "Drops changes at random, scales up the rest to make good for it, then votes on the sign as TIES does.",
        "arXiv:2311.03099",
        "workers.engine.merge.dare_ties:merge",
        "base",
        (
            weight(1.0),
            density(0.5),
            scale(),
            normalize(False, "Divide by the sum of the weights that agree."),
            Parameter(
                "rescale",
                "choice",
                "Rescale",
                "How kept changes are scaled: exactly 1/density as in the paper, or so that the sum of magnitudes is kept.",
                default="inverse",
                choices=("inverse", "l1", "none"),
            ),
        ),
    ),
)
