"""Methods that read from the changes themselves how much of them goes in: by angle, variance, size or overlap."""

from workers.contracts.methods.row import Method, Parameter


def _smallest(default: float) -> Parameter:
    return Parameter(
        "epsilon", "number", "Smallest change (ε)", "Changes of no more than this, in the units of the weights, count as none.",
        default=default, minimum=0.0, maximum=1.0, step=0.00001,
    )  # fmt: skip


ADAPTIVE: tuple[Method, ...] = (
    Method(
        "model_stock",
        "merge",
        "Model stock",
        "Goes from the base towards the mean of its fine-tunes as far as the angle between them says.",
        "arXiv:2403.19522",
        "workers.engine.merge.model_stock:merge",
        "base",
        (
            Parameter(
                "filter_wise", "boolean", "By row",
                "Measure an angle for each row of a tensor instead of one for the tensor.", default=False,
            ),
        ),
        minimum_sources=2,
        memory="tensor",
        lone="base",
        when="A few fine-tunes of one base for the same task, to come near what averaging many of them would give.",
    ),
    Method(
        "sce",
        "merge",
        "SCE",
        "Takes the entries in which the models differ most, weighs each model by how much it changed, drops minority signs.",
        "arXiv:2408.07990",
        "workers.engine.merge.sce:merge",
        "base",
        (
            Parameter(
                "select_topk", "number", "Selected share", "Share of the entries that differ between the models which is kept.",
                default=1.0, minimum=0.0, maximum=1.0, step=0.05,
            ),
        ),
        when="Fine-tunes of one base for different tasks, when you would rather not set weights by hand.",
    ),
    Method(
        "arcee_fusion",
        "merge",
        "Arcee fusion",
        "Takes over from one source the entries whose change stands out, by a threshold that each tensor sets for itself.",
        "mergekit: arcee_fusion",
        "workers.engine.merge.arcee_fusion:merge",
        "base",
        (),
        maximum_sources=1,
        merges_base=True,
        memory="tensor",
        when="Bringing one fine-tune back into its base, where only the changes that stand out should come over.",
    ),
    Method(
        "nearswap",
        "merge",
        "NearSwap",
        "Takes over from one source the entries that are close to the base's, and little of the others.",
        "mergekit: nearswap",
        "workers.engine.merge.nearswap:merge",
        "base",
        (
            Parameter(
                "t", "number", "Distance (t)", "Entries that differ by no more than this are taken over; others move by this much.",
                default=0.0001, minimum=0.0, maximum=10.0, step=0.0001,
            ),
        ),
        maximum_sources=1,
        merges_base=True,
        when="A model that should stay mostly as it is and take on a little of a second one.",
    ),
    Method(
        "ram",
        "merge",
        "RAM",
        "Takes over changes that one model alone made, and averages those that several made.",
        "arXiv:2601.13572",
        "workers.engine.merge.ram:merge",
        "base",
        (_smallest(1e-5),),
        when="Fine-tunes that each changed few weights, such as those of reinforcement learning, and hardly the same ones.",
    ),
    Method(
        "ramplus_tl",
        "merge",
        "RAM+ (tensor-local)",
        "As RAM; what a model alone changed is scaled up the more of its changes it shares with others.",
        "arXiv:2601.13572",
        "workers.engine.merge.ramplus_tl:merge",
        "base",
        (
            Parameter(
                "r", "number", "Rate (r)", "How strongly a model's own changes are scaled up.",
                default=0.1, minimum=0.0, maximum=10.0, step=0.05,
            ),
            Parameter(
                "alpha", "number", "Most (α)", "The ratio of shared to own changes counts up to this.",
                default=0.2, minimum=0.0, maximum=10.0, step=0.05,
            ),
            _smallest(1e-5),
        ),
        when="As RAM, where the merged model loses some of what each could do on its own.",
    ),
)  # fmt: skip
