"""Methods that decide place by place whose change goes in, and by how much."""

from workers.contracts.methods.knobs import scale, weight
from workers.contracts.methods.row import Method, Parameter


def statistics_of(default: str) -> Parameter:
    return Parameter(
        "scope", "choice", "Compared over", "Whether sizes are compared over the whole model, as published, or within each tensor.",
        default=default, choices=("global", "tensor"),
    )  # fmt: skip


def layers_of(name: str, label: str, help: str, default: int) -> Parameter:
    return Parameter(name, "integer", label, help, default=default, minimum=0, maximum=1000, step=1)


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
    Method(
        "localize_stitch",
        "merge",
        "Localize-and-Stitch",
        "Takes only the places in which each model changed most and puts them side by side, averaging where they overlap.",
        "arXiv:2408.13656",
        "workers.engine.merge.localize_stitch:merge",
        "base",
        (
            Parameter(
                "sparsity",
                "number",
                "Region",
                "Share of each model's changes that is taken, the largest first.",
                default=0.1,
                minimum=0.0,
                maximum=1.0,
                exclusive_minimum=True,
                step=0.01,
            ),
            scale(),
            statistics_of("global"),
        ),
    ),
    Method(
        "widen",
        "merge",
        "WIDEN",
        "Looks at how far each column of a matrix was stretched and turned, and takes most from the model that changed it most.",
        "arXiv:2408.03092",
        "workers.engine.merge.widen:merge",
        "base",
        (
            Parameter(
                "ratio",
                "number",
                "Above average",
                "A column counts as important when its rank is above this times the model's mean rank.",
                default=1.0,
                minimum=0.0,
                maximum=10.0,
                step=0.1,
            ),
            Parameter(
                "calibration",
                "number",
                "Score of what is important",
                "How much of an important column's change goes in. The scores of the others share one between the models.",
                default=1.0,
                minimum=0.0,
                maximum=10.0,
                step=0.1,
            ),
            scale(),
        ),
        memory="tensor",
        placed=True,
    ),
    Method(
        "layer_swap",
        "merge",
        "Layer swapping",
        "Takes the middle layers from an expert on a task, the first source, and both ends from an expert on a language, the second.",
        "arXiv:2410.01335",
        "workers.engine.merge.layer_swap:merge",
        "weights",
        (
            layers_of(
                "bottom", "Bottom layers", "How many layers after the embeddings come from the language expert.", 5
            ),
            layers_of("top", "Top layers", "How many layers before the head come from the language expert.", 2),
            layers_of("transition", "Transition layers", "How many layers at each border are averaged.", 1),
            Parameter(
                "share",
                "number",
                "Language share",
                "How much of the language expert goes into the averaged layers.",
                default=0.5,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
            ),
        ),
        minimum_sources=2,
        maximum_sources=2,
        placed=True,
    ),
    Method(
        "robust_signature",
        "merge",
        "Robust weight signatures",
        "Adds to a clean model, the first source, what the others learned from corrupted data and it did not, in its shallow layers.",
        "arXiv:2302.12480",
        "workers.engine.merge.robust_signature:merge",
        "base",
        (
            Parameter(
                "strength",
                "number",
                "Strength (α)",
                "How strongly this source's signature is patched in; negative takes it out. The first source is what is patched, its own value is not used.",
                scope="source",
                default=1.0,
                minimum=-10.0,
                maximum=10.0,
                step=0.05,
            ),
            Parameter(
                "depth",
                "number",
                "Shallow part",
                "Share of the layers, from the input, that is patched.",
                default=0.5,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
            ),
            Parameter(
                "average",
                "boolean",
                "Average",
                "Divide by the number of signatures, so that several are not stronger than one.",
                default=True,
            ),
        ),
        minimum_sources=2,
        placed=True,
    ),
)
