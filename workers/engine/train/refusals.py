"""Ends of a run that are the asker's to mend, each as a UserError with its finding."""

from collections.abc import Sequence

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding, Repair

_SHOWN = 4


def refused(
    code: str, message: str, where: str = "", *, consequence: str = "", repair: Sequence[Repair] = ()
) -> UserError:
    finding = Finding(
        code=code, severity="error", message=message, where=where, stage="run", consequence=consequence, repair=tuple(repair)
    )  # fmt: skip
    return UserError(message, (finding,))


def weights_not_finite(name: str, tensors: Sequence[str]) -> UserError:
    """What is started from is broken itself."""
    more = f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else ""
    return refused(
        "weights_not_finite",
        f"The weights of {name} hold NaN or infinity: in {', '.join(tensors[:_SHOWN])}{more}.", "model",
        consequence="Whatever it is asked, its answer can be NaN; no learning rate mends that. Start from another model, or "
        "from a revision of it before these weights broke.",
    )  # fmt: skip


def diverged(step: int, rate: float) -> UserError:
    """The loss or its gradient is no number any more, and no earlier state is worth keeping."""
    if step == 1:
        return refused(
            "start_not_finite",
            "The loss or its gradient is NaN or infinite at the first step, before any weight was changed.", "data",
            consequence="So it is not the learning rate: the first examples and the model do not go together in this precision. "
            "Look at them for values out of all proportion, or train in float32.",
        )  # fmt: skip
    smaller = rate / 10
    return refused(
        "training_diverged",
        f"The loss became NaN or infinite at step {step}, at a learning rate of {rate:g}.",
        "learning_rate",
        consequence="The weights hold no numbers any more; training cannot go on from here.",
        repair=[
            Repair(
                label=f"Train at {smaller:g}", patch=({"op": "replace", "path": "/learning_rate", "value": smaller},)
            )
        ],
    )
