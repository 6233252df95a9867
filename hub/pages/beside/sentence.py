"""What a comparison says first: `One shape, one task, two licences.` What is not known is no agreement."""

from collections.abc import Sequence

from hub.pages.beside.facts import UNKNOWN, FactRow
from hub.pages.beside.structure import Structure

COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
_KEYS = (("task", "task", "tasks"), ("licence", "licence", "licences"), ("base", "base", "bases"))


def sentence_of(facts: Sequence[FactRow], structure: Structure) -> str:
    parts = []
    if structure.total:
        parts.append(
            "one shape"
            if not structure.differing
            else f"{structure.differing} of {structure.total} tensors differ in form"
        )
    rows = {row.key: row for row in facts}
    parts += [_words(rows[key].values, one, many) for key, one, many in _KEYS if key in rows]
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _words(values: Sequence[str], one: str, many: str) -> str:
    known = {value for value in values if value not in UNKNOWN}
    unknown = sum(value in UNKNOWN for value in values)
    if not known:
        return f"no {one} known"
    counted = f"{COUNTS[len(known)]} {one if len(known) == 1 else many}"
    return f"{counted} ({COUNTS[unknown]} not known)" if unknown else counted
