"""Methods that look at whole models: averages and arcs."""

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
    ),
)
