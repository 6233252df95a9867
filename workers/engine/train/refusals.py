"""Ends of a run that are the asker's to mend, each as a UserError with its finding."""

from collections.abc import Sequence

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding, Repair


def refused(
    code: str, message: str, where: str = "", *, consequence: str = "", repair: Sequence[Repair] = ()
) -> UserError:
    finding = Finding(
        code=code, severity="error", message=message, where=where, stage="run", consequence=consequence, repair=tuple(repair)
    )  # fmt: skip
    return UserError(message, (finding,))


def diverged(step: int, rate: float) -> UserError:
    """The loss or its gradient is no number any more, and no earlier state is worth keeping."""
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
