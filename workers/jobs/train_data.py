"""The data of a training: its splits as examples of the task, with one list of classes for all of them."""

from collections.abc import Sequence
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.ports import Ports
from workers.contracts.recipes import DataReference, TrainRecipe
from workers.planning.labels import are_named
from workers.planning.runnable import BUILTIN
from workers.planning.wording import add

VALIDATION = "validation"


def open_parts(ports: Ports, recipe: TrainRecipe, task: str, labels: Sequence[str]) -> list[Any]:
    """Each of `recipe.data` as examples. Without `labels` the classes are those of the data: of all parts together.

    Raises:
        UserError: as `open_split` and `examples_of` do.
    """
    from workers.engine.data.examples import examples_of

    splits = [_split(ports, number, item) for number, item in enumerate(recipe.data)]
    try:
        parts = [examples_of(split, task, columns=recipe.columns, labels=labels) for split in splits]
    except UserError as error:
        raise _with_way_out(recipe, error) from error
    if not labels and len({part.labels for part in parts}) > 1:
        joined = _together([part.labels for part in parts])
        parts = [examples_of(split, task, columns=recipe.columns, labels=joined) for split in splits]
    for part in parts:
        for finding in part.warnings:
            ports.reporter.log(f"{finding.message} {finding.consequence}".strip(), "warning")
    return parts


def _with_way_out(recipe: TrainRecipe, error: UserError) -> UserError:
    """Classes that only the rows tell are seen here first: a new head takes whatever classes the data has."""
    repair = (add(("new_head",), True, "Draw a new head for these classes"),) if recipe.model is not None else ()
    return UserError(
        str(error),
        tuple(
            entry.model_copy(update={"repair": repair})
            if entry.code == "label_mismatch" and not entry.repair
            else entry
            for entry in error.findings
        ),
    )


def validation_items(ports: Ports, recipe: TrainRecipe) -> list[tuple[int, DataReference]]:
    """(place among the data inputs, data and split) that the result is measured on: what the recipe names, else the

    validation split of every dataset that has one and is not trained on it.
    """
    if recipe.validation is not None:
        return [(len(recipe.data), recipe.validation)]
    trained = {(item.data, item.split) for item in recipe.data}
    found: dict[str, tuple[int, DataReference]] = {}
    for number, item in enumerate(recipe.data):
        if (item.data, VALIDATION) not in trained and VALIDATION in _splits_of(ports, number, item):
            found.setdefault(item.data, (number, DataReference(data=item.data, split=VALIDATION)))
    return list(found.values())


def open_one(
    ports: Ports, recipe: TrainRecipe, task: str, labels: Sequence[str], place: tuple[int, DataReference]
) -> Any:
    from workers.engine.data.examples import examples_of

    number, item = place
    return examples_of(_split(ports, number, item), task, columns=recipe.columns, labels=labels)


def _split(ports: Ports, number: int, item: DataReference) -> Any:
    from workers.engine.data.splits import open_split

    folder = ports.workspace.input_folder("data", number)
    return open_split(folder, item.split, reference=item.data, scratch=ports.workspace.journal / "scratch")


def _splits_of(ports: Ports, number: int, item: DataReference) -> set[str]:
    from workers.engine.data.splits import split_names

    if item.data.startswith(BUILTIN):
        return {"train", VALIDATION, "test"}
    return set(split_names(ports.workspace.input_folder("data", number)))


def _together(spaces: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Classes with names: all of them, in the order of their first mention. Numbers: as many as the dataset with the most has."""
    if not all(are_named(space) for space in spaces):
        return max(spaces, key=len)
    return tuple(dict.fromkeys(label for space in spaces for label in space))
