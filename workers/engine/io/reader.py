"""Lazy reading of safetensors: a tensor is a view of the memory-mapped file, brought in late and let go early."""

from __future__ import annotations

import json
import mmap
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from kernels.late import torch
from kernels.raw import Raw
from workers.contracts.errors import UserError
from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.engine.io.arrivals import arrival_of
from workers.planning.components import PIPELINE_FILE
from workers.planning.folder import facts_of_folder
from workers.planning.headers import LENGTH_BYTES, MAX_HEADER_BYTES, HeaderError, read_header

INDEX_SUFFIX = ".safetensors.index.json"
_PAGE = mmap.PAGESIZE
# Python 3.11 has no name for it.
_NO_RESERVE: int = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)


class _File:
    """One mapped file and its header. The mapping is private and copy-on-write, because torch takes no
    read-only memory; without a reservation, because a model may be larger than the machine."""

    def __init__(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            size = path.stat().st_size
            self.facts: Mapping[str, TensorFact] = read_header(file, size).facts(name)
            self.map = mmap.mmap(
                file.fileno(), size, flags=mmap.MAP_PRIVATE | _NO_RESERVE, prot=mmap.PROT_READ | mmap.PROT_WRITE
            )

    def advise(self, fact: TensorFact, advice: int, *, inner: bool) -> None:
        """`inner` leaves out the pages that the tensor shares with its neighbours."""
        begin = -(-fact.begin // _PAGE) * _PAGE if inner else fact.begin // _PAGE * _PAGE
        end = fact.end // _PAGE * _PAGE if inner else min(fact.end, len(self.map))
        if begin < end <= len(self.map):
            self.map.madvise(advice, begin, end - begin)


class Reader:
    """The weights of one model folder.

    Opens files at the first tensor read from them. Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._arrival = arrival_of(folder)

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forgets the files. A mapping goes when its last tensor goes."""
        self._files.clear()

    def tensor(self, key: str, fact: TensorFact) -> torch.Tensor:
        """As `raw`, as torch has it. Writing to it changes this process's memory alone."""
        return self._view(key, fact).tensor()

    def raw(self, key: str, fact: TensorFact) -> Raw:
        """The tensor `key` as `fact` describes it, without reading it yet.

        Args:
            key: its name in the model; the file leaves out the folder of a component.
            fact: from the header at the time of planning.

        Returns:
            A view of the mapped file.

        Raises:
            UserError: the file is gone, is no safetensors file, or no longer holds that tensor as described.
        """
        return self._view(key, fact)

    def _view(self, key: str, fact: TensorFact) -> Raw:
        file = self._open(fact.file)
        if file.facts.get(fact.stored_name(key)) != fact:
            raise _changed(fact.file, f"{key} is no longer there as it was when the recipe was checked")
        if fact.elements == 0:
            return Raw(np.empty(0, dtype=np.uint8), fact.dtype, fact.shape)
        if self._arrival is not None:
            self._arrival.wait(fact.file, fact.begin, fact.end)
        data = np.frombuffer(file.map, dtype=np.uint8, count=fact.size_bytes, offset=fact.begin)
        # The format asks for no alignment beyond the file's own; a tensor that lies across is copied.
        is_across = fact.begin % (fact.size_bytes // fact.elements)
        return Raw(data.copy() if is_across else data, fact.dtype, fact.shape)

    def prefetch(self, fact: TensorFact) -> None:
        """Asks the system to start reading that tensor; returns at once."""
        self._open(fact.file).advise(fact, mmap.MADV_WILLNEED, inner=False)

    def release(self, fact: TensorFact) -> None:
        """Gives the tensor's pages back. A later read fetches them again."""
        self._open(fact.file).advise(fact, mmap.MADV_DONTNEED, inner=True)

    def names(self, file: str) -> Mapping[str, TensorFact]:
        """All tensors of one weight file."""
        return self._open(file).facts

    def _open(self, name: str) -> _File:
        if name not in self._files:
            if self._arrival is not None:
                self._arrive(name)
            try:
                self._files[name] = _File(self._folder / name, name)
            except FileNotFoundError:
                raise _changed(name, "the file is not there") from None
            except HeaderError as error:
                raise _changed(name, error.message) from error
        return self._files[name]

    def _arrive(self, name: str) -> None:
        """Waits for the header of a file that is still arriving."""
        if self._arrival is not None and (self._folder / name).is_file():
            self._arrival.wait(name, 0, LENGTH_BYTES)
            with (self._folder / name).open("rb") as file:
                length = int.from_bytes(file.read(LENGTH_BYTES), "little")
            if length <= MAX_HEADER_BYTES:
                self._arrival.wait(name, 0, LENGTH_BYTES + length)


def facts_of_weights(folder: Path) -> dict[str, TensorFact]:
    """Every tensor of a folder's safetensors files, by name: those of the index where there is one, else of all files at top level,
    else of the components' folders.

    Raises:
        UserError: a file is missing or is no safetensors file.
    """
    if (folder / PIPELINE_FILE).is_file() and not _weight_files(folder):
        return facts_of_folder(folder).tensors
    with Reader(folder) as reader:
        return {key: fact for name in _weight_files(folder) for key, fact in reader.names(name).items()}


def tensors_of(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of a model folder, one at a time, in the order of their names."""
    facts = facts_of_weights(folder)
    with Reader(folder) as reader:
        for key in sorted(facts):
            yield key, reader.tensor(key, facts[key])


def _weight_files(folder: Path) -> list[str]:
    for index in sorted(folder.glob(f"*{INDEX_SUFFIX}")):
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    return sorted(path.name for path in folder.glob("*.safetensors"))


def _changed(file: str, why: str) -> UserError:
    message = f"The weights in {file} cannot be read: {why.rstrip('.')}."
    finding = Finding(
        code="weights_unreadable", severity="error", message=message, stage="run",
        consequence="Nothing can be made of weights that are not what they were when the recipe was checked.",
    )  # fmt: skip
    return UserError(message, (finding,))
