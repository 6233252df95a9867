"""Methods that decide place by place whose change goes in, and by how much."""

from workers.contracts.methods.knobs import scale, weight
from workers.contracts.methods.row import Method, Parameter


def statistics_of(default: str) -> Parameter:
    return Parameter(
        "scope", "choice", "Compared over", "Whether sizes are compared over the whole model, as published, or within each tensor.",
        default=default, choices=("global", "tensor"),
    )  # fmt: skip


MASKS: tuple[Method, ...] = (
    Method(
        "consensus",
        "merge",
        "Consensus",
        "Adds up the changes, but only in places that matter to at least two of the models.",
        "arXiv:2405.07813",
        "workers.engine.merge.consensus:merge",
        "base",
        (
            weight(1.0),
            Parameter(
                "mask_lambda",
                "number",
                "Mask threshold (λᵢ)",
                "A place matters to this source when its change there is more than this times what the others add to it.",
                scope="source",
                default=0.4,
                minimum=0.0,
                maximum=10.0,
                step=0.05,
            ),
            Parameter(
                "agreeing",
                "integer",
                "Models that must agree (k)",
                "To how many models a place must matter. 0 keeps all, 1 drops what matters to none, 2 also what matters to one alone.",
                default=2,
                minimum=0,
                maximum=1000,
                step=1,
            ),
            scale(0.4),
        ),
    ),
    Method(
        "pcb",
        "merge",
        "PCB-Merging",
        "Lets changes compete by size within a model and by agreement between models, drops the losers and weights the rest by their score.",
        "arXiv:2410.02396",
        "workers.engine.merge.pcb:merge",
        "base",
        (
            weight(1.0),
            Parameter(
                "ratio",
                "number",
                "Kept share",
                "Share of each model's changes that survives the competition.",
                default=0.1,
                minimum=0.0,
                maximum=1.0,
                exclusive_minimum=True,
                step=0.05,
            ),
            scale(1.2),
            statistics_of("global"),
        ),
    ),
)
