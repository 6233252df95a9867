"""Label spaces: classes are matched by name. Numbers without names are taken as indices. A difference is refused, and shown."""

import re
from collections.abc import Sequence

from workers.contracts.findings import Finding

_NUMBERED = re.compile(r"label_\d+", re.IGNORECASE)
SHOWN = 8


def are_named(labels: Sequence[str]) -> bool:
    """Whether `labels` say anything: transformers writes LABEL_0, LABEL_1 … where nobody named the classes, others write 0, 1 …"""
    return not all(_NUMBERED.fullmatch(label) or label == str(index) for index, label in enumerate(labels))


def label_places(
    ours: Sequence[str], theirs: Sequence[str], *, our_name: str, their_name: str, where: str = "data"
) -> tuple[tuple[int, ...], list[Finding]]:
    """For each class of `ours` its index in `theirs`, both in index order; () with findings when they cannot be matched.

    Every class of ours must be among theirs, which may hold more: a model may tell more classes apart than data shows.
    Names are compared as they stand (a class called 3 is the 3 of others), then, where either side has numbers only, index
    answers to index, then without regard to case and surrounding space. Names of ours answer to numbers of theirs only where
    there are as many of both: `even` and `odd` are not the first two of ten.
    """
    exact = {label: index for index, label in enumerate(theirs)}
    if all(label in exact for label in ours):
        return tuple(exact[label] for label in ours), []
    if not (are_named(ours) and are_named(theirs)):
        if len(ours) == len(theirs) or (len(ours) < len(theirs) and not are_named(ours)):
            return tuple(range(len(ours))), []
        if len(ours) < len(theirs):
            message = f"{our_name} names {len(ours)} classes ({shown(ours)}), {their_name} numbers {len(theirs)} ({shown(theirs)})."
            consequence = "Names can stand for numbers in their order only where there are as many."
            return (), [_finding(message, where, consequence)]
        message = f"{our_name} has {len(ours)} classes, {their_name} {len(theirs)}."
        consequence = "Classes without names are matched by number, and the last ones have nothing to match."
        return (), [_finding(message, where, consequence)]
    folded = {_folded(label): index for index, label in enumerate(theirs)}
    if len(folded) == len(theirs) and len({_folded(label) for label in ours}) == len(ours):
        exact = {label: folded[_folded(label)] for label in ours if _folded(label) in folded}
    missing = [label for label in ours if label not in exact]
    if missing:
        extra = sorted(set(theirs) - set(ours))
        message = f"{our_name} and {their_name} do not name the same classes. Only in {our_name}: {shown(missing)}."
        message += f" Only in {their_name}: {shown(extra)}." if extra else ""
        return (), [
            _finding(
                message, where, "Classes are matched by name. Rename them on one side, or leave these examples out."
            )
        ]
    return tuple(exact[label] for label in ours), []


BY_NUMBER = "If the data numbers them otherwise, every number is wrong. Give names with labels, in the order of the numbers, or in the card of the dataset."


def are_taken_by_number(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether numbers of one side stand for named classes of the other by their order alone."""
    is_one_sided = bool(theirs) and are_named(theirs) != are_named(ours)
    return is_one_sided and not (bool(ours) and set(ours) <= set(theirs))


def number_words(data: str, ours: Sequence[str], model: str, theirs: Sequence[str]) -> str:
    """That names and numbers were taken for each other in order. `ours` is empty where nobody counted the data's classes."""
    classes = len(ours)
    if are_named(ours):
        pairs = ", ".join(f"{index} = {shown([label])}" for index, label in enumerate(ours[:SHOWN]))
        more = " …" if classes > SHOWN else ""
        return f"The classes of {model} are numbers without names; the names of {data} are taken for them in order: {pairs}{more}."
    pairs = ", ".join(
        f"{index} = {shown([label])}" for index, label in enumerate(theirs[: min(classes or SHOWN, SHOWN)])
    )
    more = " …" if min(classes or len(theirs), len(theirs)) > SHOWN else ""
    counted = f"labels 0–{classes - 1}" if classes > 1 else "labels"
    return f"The {counted} of {data} are numbers without names and are taken as the classes of {model} in order: {pairs}{more}."


def shown(labels: Sequence[str]) -> str:
    """A few names as a message may hold them."""
    names = ", ".join(label[:40] if label.isprintable() else repr(label[:40]) for label in labels[:SHOWN])
    return names + (f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else "")


def _folded(label: str) -> str:
    return label.strip().casefold()


def _finding(message: str, where: str, consequence: str) -> Finding:
    return Finding(code="label_mismatch", severity="error", message=message, where=where, consequence=consequence)
