"""One field of a small form."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SimpleField:
    """`path` is where the value stands in the document. `type`: text, number, lines (a list, one a line), data (list of datasets),

    one (a dataset), tick (true or left out), choice (one of `choices`, or left out), range (a number with a slider from `low` to `high`).
    `default` is what an empty number means, where the recipe gives it one. `when`: shown only where another field has one of these
    values. `is_turning`: others depend on it, so the form is drawn anew when it changes.
    """

    path: tuple[str, ...]
    label: str
    help: str
    type: str = "text"
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    when: tuple[str, tuple[str, ...]] = ("", ())
    is_turning: bool = False

    @property
    def name(self) -> str:
        return "f-" + "-".join(self.path)
