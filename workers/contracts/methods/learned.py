"""Methods that learn from examples before they merge: how much each weight, tensor or direction of each model counts."""

from workers.contracts.methods.knobs import density, scale, weight
from workers.contracts.methods.row import Method, Parameter

CLASSES = ("image-classification", "text-classification")
TEXTS = ("causal-lm", "masked-lm")


def examples(default: int, help: str = "How many of each dataset are looked at, drawn with the seed.") -> Parameter:
    return Parameter("examples", "integer", "Examples", help, default=default, minimum=1, maximum=1_000_000)


def steps(default: int) -> Parameter:
    return Parameter(
        "steps", "integer", "Steps", "Updates of the coefficients.", default=default, minimum=1, maximum=1_000_000
    )


def batch_size(default: int) -> Parameter:
    return Parameter(
        "batch_size",
        "integer",
        "Batch",
        "Examples of each dataset in one step.",
        default=default,
        minimum=1,
        maximum=4096,
    )


def learning_rate(default: float) -> Parameter:
    return Parameter(
        "learning_rate", "number", "Learning rate", "How far a coefficient moves in one step.",
        default=default, minimum=0.0, maximum=10.0, exclusive_minimum=True, step=0.001,
    )  # fmt: skip


def init(default: float) -> Parameter:
    return Parameter(
        "init",
        "number",
        "Start",
        "Every coefficient begins here.",
        default=default,
        minimum=0.0,
        maximum=1.0,
        step=0.05,
    )


def clamp(default: bool) -> Parameter:
    return Parameter("clamp", "boolean", "Between 0 and 1", "Hold coefficients between 0 and 1.", default=default)


_ALIGNED = (
    Parameter(
        "importance", "number", "Importance (β)", "How much it counts that this model's answers are kept.",
        scope="source", default=1.0, minimum=0.0, maximum=100.0, step=0.1,
    ),
    Parameter(
        "init", "number", "Start (α₀)", "Every coefficient begins here.", default=0.1, minimum=0.01, maximum=0.99, step=0.05
    ),
    Parameter("temperature", "number", "Temperature (T)", "Softens answers before they are compared.", default=1.0, minimum=0.1, maximum=100.0, step=0.1),
    Parameter("hidden", "number", "Hidden states", "How much it counts that hidden states are alike.", default=0.1, minimum=0.0, maximum=100.0, step=0.1),
    Parameter(
        "hidden_layers", "choice", "Which layers", "Whose hidden states are compared.", default="middle", choices=("middle", "all"),
    ),
    Parameter("penalty", "number", "Penalty (γ)", "How strongly coefficients are held to where they began.", default=5.0, minimum=0.0, maximum=1000.0, step=0.5),
    learning_rate(0.5),
    Parameter("epochs", "integer", "Epochs", "How often every example is seen.", default=1, minimum=1, maximum=10_000),
    batch_size(2),
    examples(5),
)  # fmt: skip
_LEVEL = Parameter(
    "level", "choice", "Coefficients", "One for each tensor of each model, or one for each model.",
    default="layer", choices=("layer", "task"),
)  # fmt: skip


def off_diagonal(default: float) -> Parameter:
    return Parameter(
        "off_diagonal", "number", "Off the diagonal (a)",
        "How much of the way inputs go together counts. 1 takes it as seen, 0 looks at each input by itself.",
        default=default, minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip


LEARNED: tuple[Method, ...] = (
    Method(
        "fisher",
        "merge",
        "Fisher",
        "An average in which each weight counts as much as its model's answers depend on it.",
        "arXiv:2111.09832",
        "workers.engine.merge.fisher:merge",
        "gradients",
        (
            weight(1.0),
            Parameter(
                "labels", "choice", "Answers",
                "Whose answers the dependence is measured for: drawn from the model's own, all of them with their odds, or the data's.",
                default="drawn", choices=("drawn", "expected", "given"),
            ),
            examples(256),
            Parameter(
                "normalize", "boolean", "Equal lengths", "Give the Fisher information of every model the same length.", default=False,
            ),
            Parameter(
                "epsilon", "number", "Smallest (ε)", "Added to the Fisher information, so that weights nothing depends on are averaged.",
                default=1e-6, minimum=0.0, maximum=1.0, exclusive_minimum=True,
            ),
        ),
        base="none",
        learn="workers.engine.merge.fisher:learn",
        tasks=(*CLASSES, *TEXTS),
        labelled=("labels", "given"),
        when="A few hundred inputs are there, even without answers, and the models know different things.",
    ),
    Method(
        "regmean",
        "merge",
        "RegMean",
        "For each linear layer, the weights that come closest to every model's answers on its own inputs.",
        "arXiv:2212.09849",
        "workers.engine.merge.regmean:merge",
        "data",
        (off_diagonal(0.95), examples(256)),
        base="none",
        memory="tensor",
        learn="workers.engine.merge.regmean:learn",
        when="A few hundred inputs of each model are there, and no answers: a strong choice that trains nothing.",
    ),
    Method(
        "regmean_pp",
        "merge",
        "RegMean++",
        "As RegMean, block by block, with inputs as they come out of the blocks that are merged already.",
        "arXiv:2508.03121",
        "workers.engine.merge.regmean_pp:merge",
        "data",
        (off_diagonal(0.95), examples(256)),
        base="none",
        memory="tensor",
        learn="workers.engine.merge.regmean_pp:learn",
        revision=2,
        when="RegMean's inputs are there and the models are deep: what lower layers have become is taken into account.",
    ),
    Method(
        "adamerging",
        "merge",
        "AdaMerging",
        "Learns how much of each model goes into each tensor by making the merged model sure of its answers. Reads no labels.",
        "arXiv:2310.02575",
        "workers.engine.merge.adamerging:merge",
        "gradients",
        (_LEVEL, init(0.3), clamp(True), learning_rate(1e-3), steps(500), batch_size(16), examples(10_000)),
        base="required",
        learn="workers.engine.merge.adamerging:learn",
        tasks=CLASSES,
        when="Classifiers are to work on inputs like some that are there without answers, and minutes may be spent.",
    ),
    Method(
        "adamerging_pp",
        "merge",
        "AdaMerging++",
        "As AdaMerging, of changes that were thinned out and put to a vote on signs before.",
        "arXiv:2310.02575",
        "workers.engine.merge.adamerging_pp:merge",
        "gradients",
        (density(0.2), _LEVEL, init(0.3), clamp(True), learning_rate(1e-3), steps(500), batch_size(16), examples(10_000)),
        base="required",
        learn="workers.engine.merge.adamerging_pp:learn",
        tasks=CLASSES,
        when="As for AdaMerging, where many models pull in different directions.",
    ),
    Method(
        "atlas",
        "merge",
        "aTLAS",
        "Learns a coefficient for each block of each model's change, for one target, from a few examples.",
        "arXiv:2407.02880",
        "workers.engine.merge.atlas:merge",
        "gradients",
        (
            Parameter(
                "objective", "choice", "Learned from",
                "Labelled examples of the target; or, without labels, the answers that the merged model is surest of, or the entropy of all.",
                default="supervised", choices=("supervised", "pseudo_labels", "entropy"),
            ),
            Parameter(
                "shots", "integer", "Shots", "So many labelled examples of each class are learned from; 0 draws from all, whatever their class.",
                default=0, minimum=0, maximum=10_000,
            ),
            Parameter(
                "partitions", "integer", "Parts (K)", "Coefficients for each matrix of each model, dealt out to its entries at random.",
                default=1, minimum=1, maximum=256,
            ),
            Parameter(
                "penalty", "choice", "Penalty", "What holds coefficients small.", default="none", choices=("none", "l1", "l2"),
            ),
            Parameter(
                "penalty_weight", "number", "Penalty weight (γ)", "How much the penalty counts.", default=0.5, minimum=0.0, maximum=100.0, step=0.1,
            ),
            learning_rate(1e-3),
            Parameter(
                "weight_decay", "number", "Weight decay", "Draws coefficients back to 0 at every step.", default=0.01, minimum=0.0, maximum=10.0, step=0.01,
            ),
            steps(1000), batch_size(32), examples(256),
        ),
        base="required",
        learn="workers.engine.merge.atlas:learn",
        tasks=(*CLASSES, *TEXTS),
        labelled=("objective", "supervised"),
        when="One target matters, a few of its examples are there, and the models each know a part of what it takes.",
    ),
    Method(
        "expert_merging",
        "merge",
        "Expert Merging",
        "Learns coefficients with which the merged model answers and thinks like each expert on a few of its own inputs.",
        "arXiv:2509.25712",
        "workers.engine.merge.expert_merging:merge",
        "gradients",
        _ALIGNED,
        base="required",
        learn="workers.engine.merge.expert_merging:learn",
        tasks=(*CLASSES, *TEXTS),
        when="A handful of unlabelled inputs of each model is there: it works for language models too.",
    ),
    Method(
        "expert_merging_pp",
        "merge",
        "Expert Merging++",
        "As Expert Merging, then once more with more coefficients for the tensors that turned out to matter.",
        "arXiv:2509.25712",
        "workers.engine.merge.expert_merging_pp:merge",
        "gradients",
        (
            Parameter(
                "budget", "number", "Budget (B)", "Coefficients for each model, in multiples of the number of tensors.",
                default=1.0, minimum=0.1, maximum=100.0, step=0.1,
            ),
            Parameter(
                "sharpness", "number", "Sharpness (κ)", "How strongly important tensors are preferred; 0 treats all alike.",
                default=1.0, minimum=0.0, maximum=10.0, step=0.1,
            ),
            *_ALIGNED,
        ),
        base="required",
        learn="workers.engine.merge.expert_merging_pp:learn",
        tasks=(*CLASSES, *TEXTS),
        when="As for Expert Merging, where a few large tensors hold most of what the models learned.",
    ),
    Method(
        "localize_stitch_trained",
        "merge",
        "Localize-and-Stitch, trained",
        "Finds the places of each model that its own answers depend on, and puts them side by side, averaging where they overlap.",
        "arXiv:2408.13656",
        "workers.engine.merge.localize_stitch_trained:merge",
        "gradients",
        (
            Parameter(
                "sparsity", "number", "Region", "Share of each model's changes that its region begins with, the largest first.",
                default=0.1, minimum=0.0, maximum=1.0, exclusive_minimum=True, step=0.01,
            ),
            Parameter(
                "bias", "number", "Start (β)", "How sure the region is at its start: the larger, the less it moves.",
                default=3.0, minimum=0.1, maximum=20.0, step=0.5,
            ),
            Parameter(
                "mask_rate", "number", "Mask rate (η)", "How far the loss moves the region's borders.", default=1e8, minimum=0.0, maximum=1e12,
            ),
            Parameter("l1", "number", "Sparsity pressure", "Draws every place out of the region.", default=0.0, minimum=0.0, maximum=1000.0, step=0.1),
            scale(),
            examples(256),
        ),
        base="required",
        learn="workers.engine.merge.localize_stitch_trained:learn",
        tasks=(*CLASSES, *TEXTS),
        labelled=True,
        when="Each model comes with labelled examples, and what each learned sits in few of its weights.",
    ),
)  # fmt: skip
