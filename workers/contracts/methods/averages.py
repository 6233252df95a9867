"""Methods that look at whole models: averages, arcs, means on the sphere, and one model as it is."""

from workers.contracts.methods.knobs import normalize, weight
from workers.contracts.methods.row import Method, Parameter

AVERAGES: tuple[Method, ...] = (
    Method(
        "linear",
        "merge",
        "Linear",
        "A weighted average of the weights. The baseline every other method has to beat.",
        "arXiv:2203.05482",
        "workers.engine.merge.linear:merge",
        "weights",
        (weight(1.0), normalize(True, "Divide by the sum of the weights.")),
        when="First, always: models trained alike from one start, such as runs of different seeds. What it reaches is what the others are measured by.",
    ),
    Method(
        "slerp",
        "merge",
        "Slerp",
        "Follows the arc between two models instead of the straight line, keeping the length of the vectors.",
        "Shoemake 1985",
        "workers.engine.merge.slerp:merge",
        "base",
        (
            Parameter(
                "t",
                "number",
                "Position (t)",
                "0 is the base, 1 is the source.",
                default=0.5,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
            ),
        ),
        maximum_sources=1,
        merges_base=True,
        when="Two models that have moved far apart, where a plain average would shrink the weights.",
        revision=2,
    ),
    Method(
        "nuslerp",
        "merge",
        "NuSLERP",
        "Follows the arc between two models, or between what they changed in a base, to the place their weights say.",
        "Shoemake 1985",
        "workers.engine.merge.nuslerp:merge",
        "weights",
        (
            weight(1.0),
            Parameter(
                "nuslerp_flatten", "boolean", "Whole tensors", "Take each tensor as one vector. Off: each row by itself.", default=True,
            ),
            Parameter(
                "nuslerp_row_wise", "boolean", "Along the first axis",
                "Where tensors are not taken whole: take columns (the first axis) instead of rows (the last).", default=False,
            ),
        ),
        minimum_sources=2,
        maximum_sources=2,
        base="optional",
        memory="tensor",
        lone="single",
        when="Two models that have moved apart, where each should count by its weight, or only what they changed in a base should turn.",
    ),
    Method(
        "multislerp",
        "merge",
        "Multi-SLERP",
        "The mean direction of any number of models, or of their changes, with the length they have on average.",
        "mergekit: multislerp",
        "workers.engine.merge.multislerp:merge",
        "weights",
        (
            weight(1.0),
            Parameter(
                "normalize_weights", "boolean", "Normalise weights", "Divide the weights by their sum.", default=True,
            ),
            Parameter(
                "eps", "number", "Smallest length (ε)", "Added to lengths before dividing by them.",
                default=1e-8, minimum=0.0, maximum=1.0, exclusive_minimum=True,
            ),
        ),
        base="optional",
        when="Three or more models that moved in different directions, where an average would shrink what they learned.",
    ),
    Method(
        "karcher",
        "merge",
        "Karcher mean",
        "The model whose direction is nearest to all others along arcs, with the length they have on average.",
        "arXiv:2603.04972",
        "workers.engine.merge.karcher:merge",
        "weights",
        (
            Parameter(
                "max_iter", "integer", "Iterations", "At most so many steps towards the mean.", default=10, minimum=1, maximum=1000,
            ),
            Parameter(
                "tol", "number", "Tolerance", "Stops at a step shorter than this; shorter models do not count.",
                default=1e-5, minimum=0.0, maximum=1.0, exclusive_minimum=True,
            ),
        ),
        when="Several models far from each other, where a mean that does not shrink is worth a few rounds of computing.",
    ),
    Method(
        "passthrough",
        "merge",
        "Passthrough",
        "One model as it is, or multiplied by a number. For stacking layers and switching blocks off.",
        "mergekit: passthrough",
        "workers.engine.merge.passthrough:merge",
        "weights",
        (
            Parameter(
                "scale", "number", "Scale", "Every number is multiplied by this. 1 copies, 0 switches off.",
                scope="source", default=1.0, minimum=-100.0, maximum=100.0, step=0.05,
            ),
        ),
        maximum_sources=1,
        when="Building a model from layers of others, or leaving a part of one as it is.",
    ),
)  # fmt: skip
