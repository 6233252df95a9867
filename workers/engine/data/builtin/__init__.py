"""BUILT-IN DATA as splits like any other: scikit-learn's small sets, and texts from the source of Python's standard library.

Splits are drawn once with numpy's `RandomState`, whose stream is frozen, or by the hash of the text: every machine has the same.
"""

from collections.abc import Callable, Mapping

from workers.engine.data.builtin.pictures import digits
from workers.engine.data.builtin.tables import breast_cancer, diabetes, iris, wine
from workers.engine.data.builtin.texts import python_modules, python_text
from workers.engine.data.columns import Column
from workers.engine.data.refusals import refused
from workers.engine.data.splits import Split
from workers.planning.builtins import BUILTINS, builtin_get

# Each takes a split's name and gives its columns.
MAKERS: Mapping[str, Callable[[str], dict[str, Column]]] = {
    "builtin:digits": digits, "builtin:breast-cancer": breast_cancer, "builtin:wine": wine, "builtin:iris": iris,
    "builtin:diabetes": diabetes, "builtin:python-text": python_text, "builtin:python-modules": python_modules,
}  # fmt: skip


def builtin_split(reference: str, split: str) -> Split:
    """Raises UserError for a name or a split that there is not."""
    row = builtin_get(reference)
    if row is None:
        held = ", ".join(known.name for known in BUILTINS)
        raise refused("data_unknown", f"There is no built-in data {reference}. There is {held}.")
    if split not in row.rows:
        raise refused("split_missing", f"{reference} has no split {split}. It has {', '.join(row.rows)}.")
    return Split(reference, split, MAKERS[reference](split))
