"""Parameters that more than one method has. A knob is made for a default: presets differ, ranges and words do not."""

from workers.contracts.methods.row import Parameter


def weight(default: float | None) -> Parameter:
    """Without a default the recipe must name it."""
    return Parameter(
        "weight", "number", "Weight", "How much of this source goes in. Negative subtracts it.",
        scope="source", default=default, required=default is None, minimum=-10.0, maximum=10.0, step=0.05,
        searched=(0.0, 1.0),
    )  # fmt: skip


def density(default: float) -> Parameter:
    return Parameter(
        "density", "number", "Density", "Share of each tensor's changes that is kept.",
        scope="source", default=default, minimum=0.0, maximum=1.0, exclusive_minimum=True, step=0.05,
    )  # fmt: skip


def scale(default: float = 1.0) -> Parameter:
    return Parameter(
        "lambda", "number", "Scale (λ)", "The merged change is multiplied by this before it is added to the base.",
        default=default, minimum=-10.0, maximum=10.0, step=0.05, searched=(0.0, 2.0),
    )  # fmt: skip


def normalize(default: bool, help: str) -> Parameter:
    return Parameter("normalize", "boolean", "Normalise", help, default=default)


def gamma(default: float = 0.007) -> Parameter:
    return Parameter(
        "gamma", "number", "Outliers (γ)", "Share of each tensor's changes, the very largest, that is left out.",
        scope="source", default=default, minimum=0.0, maximum=1.0, step=0.001,
    )  # fmt: skip


def epsilon(default: float = 0.15) -> Parameter:
    return Parameter(
        "epsilon", "number", "Spread (ε)",
        "The smallest change of a row stays with odds of density − ε, the largest with density + ε. Both must lie between 0 and 1.",
        scope="source", default=default, minimum=0.0, maximum=0.5, step=0.01,
    )  # fmt: skip


def rescale(default: str) -> Parameter:
    """`inverse` makes sense only where entries are dropped by lot."""
    by_lot = default == "inverse"
    help = (
        "exactly 1/density as in the paper, or so that the sum of magnitudes is kept"
        if by_lot
        else ("not at all as in the paper, or so that the sum of magnitudes is kept")
    )
    return Parameter(
        "rescale", "choice", "Rescale", f"How kept changes are scaled: {help}.",
        default=default, choices=("inverse", "l1", "none") if by_lot else ("none", "l1"),
    )  # fmt: skip


def scope() -> Parameter:
    return Parameter(
        "scope", "choice", "Trim by",
        "Whether the density holds for each tensor by itself, or for all changes of a model together, as in the paper.",
        default="tensor", choices=("tensor", "global"),
    )  # fmt: skip


def vote() -> Parameter:
    return Parameter(
        "vote", "choice", "Vote with",
        "Whether changes count in the vote on the sign as their weights say (weighted) or as they are (raw), as in the paper.",
        default="weighted", choices=("weighted", "raw"),
    )  # fmt: skip


def reduce() -> Parameter:
    return Parameter(
        "reduce", "choice", "Divide by",
        "What the sum of the changes that agree is divided by where it is normalised: their weights, their count as in the "
        "paper, or nothing (sum).",
        default="weight", choices=("weight", "count", "sum"),
    )  # fmt: skip
