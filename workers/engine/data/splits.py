"""One split of a dataset repo, whatever it is written in, as columns of equal length. Nothing here knows of tasks or roles."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workers.engine.data.columns import Column
from workers.engine.data.refusals import refused
from workers.planning.card import CARD_BYTES, CARD_FILE, front_matter
from workers.planning.class_names import card_names
from workers.planning.configured import splits_of
from workers.planning.datasets import SplitFiles

BUILTIN = "builtin:"


class Split:
    """`columns` are the names with their Arrow types, in the order of the file; `names` the classes that a column's numbers mean."""

    def __init__(self, reference: str, name: str, held: Mapping[str, Column], scratch: Any = None) -> None:
        self.reference, self.name, self.held = reference, name, dict(held)
        self._scratch = scratch  # a temporary folder that goes when nobody needs the split any more
        self.columns: dict[str, str] = {column: kept.type for column, kept in self.held.items()}
        self.names: dict[str, tuple[str, ...]] = {
            column: kept.names for column, kept in self.held.items() if kept.names
        }
        self._length = min((len(kept) for kept in self.held.values()), default=0)

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return f"{self.name} of {self.reference}"

    def take(self, rows: Sequence[int] | Any, columns: Iterable[str] | None = None) -> dict[str, Any]:
        """The values of `rows` (int64 `[m]`, in that order) by column: lists, or numpy arrays where all values have one form."""
        places = np.asarray(rows, dtype=np.int64)
        if len(places) and (int(places.min()) < 0 or int(places.max()) >= len(self)):
            raise IndexError(f"row {int(places.max())} of {len(self)}")
        return {column: self.held[column].take(places) for column in (self.held if columns is None else columns)}


def open_split(folder: Path, split: str, *, reference: str, scratch: Path | None = None) -> Split:
    """Opens `split` of the dataset in `folder`. `reference` is how the recipe names it; `builtin:…` reads no folder.

    Tensors are mapped where they lie. Tables are read once, row by row, into an Arrow file under `scratch` (default: a temporary
    folder) and mapped from there, so that memory stays flat whatever the size; pictures are looked at one by one (size,
    format) and decoded when they are taken.

    Raises:
        UserError: no such split, or a file that is not what it should be. Everything that is read is somebody else's.
    """
    if reference.startswith(BUILTIN):
        from workers.engine.data.builtin import builtin_split

        return builtin_split(reference, split)
    card = card_of(folder)
    found = splits_of(_paths(folder), card)
    if split not in found:
        held = ", ".join(found) or "none"
        raise refused("split_missing", f"{reference} has no split {split}. It has {held}.")
    passing = None
    if scratch is None:
        passing = tempfile.TemporaryDirectory(prefix="genepool-")
        scratch = Path(passing.name)
    columns = _open(folder, found[split], f"{split} of {reference}", scratch)
    _name_classes(columns, card)
    opened = Split(reference, split, columns, passing)
    if len(opened) == 0:
        raise refused("data_empty", f"The split {opened} holds no examples.")
    return opened


def split_names(folder: Path) -> list[str]:
    """The splits of the dataset in `folder`; nothing of them is opened."""
    return list(splits_of(_paths(folder), card_of(folder)))


def _open(folder: Path, files: SplitFiles, what: str, scratch: Path) -> dict[str, Column]:
    if files.format == "safetensors":
        from workers.engine.data.tensors import open_tensors

        return open_tensors(folder, files.files, what)
    if files.format == "images":
        from workers.engine.data.pictures import open_pictures

        return open_pictures(folder, files.files, what)
    from workers.engine.data.tables import open_tables

    return open_tables(folder, files, what, scratch)


def card_of(folder: Path) -> dict[str, Any]:
    """The front matter of the card that lies there; {} without one."""
    card = folder / CARD_FILE
    if not card.is_file():
        return {}
    with card.open(encoding="utf-8", errors="replace") as opened:
        return front_matter(opened.read(CARD_BYTES))[0]


def _name_classes(columns: dict[str, Column], card: Mapping[str, Any]) -> None:
    """Class names that only the card tells."""
    for name, names in card_names(card).items():
        column = columns.get(name)
        if column is not None and not column.names and column.type.startswith(("int", "uint")):
            column.names = names


def _paths(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()]
