"""Methods that learn from examples before they merge: how much each weight, tensor or direction of each model counts."""

from workers.contracts.methods.knobs import weight
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
        "arXiv:2212.09849",
        "workers.engine.merge.regmean_pp:merge",
        "data",
        (off_diagonal(0.1), examples(256)),
        base="none",
        memory="tensor",
        learn="workers.engine.merge.regmean_pp:learn",
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
)  # fmt: skip
