"""Folders of this process that are still being filled: who reads there waits for the bytes it needs.

The engine reads local files alone. On the command line a source may be a repo of a hub: its files are then laid out with holes,
and whoever fetches them is registered here, so that reading and computing go on while the rest arrives.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol


class Arrival(Protocol):
    def wait(self, file: str, begin: int, end: int) -> None:
        """Returns when these bytes of the file are there.

        Raises:
            UserError: they will not come.
        """


_ARRIVALS: dict[Path, Arrival] = {}


def arrival_of(folder: Path) -> Arrival | None:
    """None for a folder that is whole, as nearly all are."""
    return _ARRIVALS.get(folder) if _ARRIVALS else None


@contextlib.contextmanager
def arriving(folders: Mapping[Path, Arrival]) -> Iterator[None]:
    _ARRIVALS.update(folders)
    try:
        yield
    finally:
        for folder in folders:
            _ARRIVALS.pop(folder, None)
