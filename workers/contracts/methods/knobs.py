"""Parameters that more than one method has. A knob is made for a default: presets differ, ranges and words do not."""

from workers.contracts.methods.row import Parameter


def weight(default: float | None) -> Parameter:
    """Without a default the recipe must name it."""
    return Parameter(
        "weight", "number", "Weight", "How much of this source goes in. Negative subtracts it.",
        scope="source", default=default, required=default is None, minimum=-10.0, maximum=10.0, step=0.05,
    )  # fmt: skip


def density(default: float) -> Parameter:
    return Parameter(
        "density", "number", "Density", "Share of each tensor's changes that is kept.",
        scope="source", default=default, minimum=0.0, maximum=1.0, exclusive_minimum=True, step=0.05,
    )  # fmt: skip


def scale(default: float = 1.0) -> Parameter:
    return Parameter(
        "lambda", "number", "Scale (λ)", "The merged change is multiplied by this before it is added to the base.",
        default=default, minimum=-10.0, maximum=10.0, step=0.05,
    )  # fmt: skip


def normalize(default: bool, help: str) -> Parameter:
    return Parameter("normalize", "boolean", "Normalise", help, default=default)
