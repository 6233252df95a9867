"""Searching the weights of a folder of this machine for NaN and infinity: all of them are read, so only who asks for it waits."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import NotFinite, RepoFacts

_CHUNK_BYTES = 4 << 20


def weights_look(folder: Path, facts: RepoFacts) -> RepoFacts:
    """`facts` of that folder with what was found, every tensor of it by name.

    Raises:
        UserError: a file cannot be read, or has become shorter meanwhile.
    """
    if not facts.tensors:
        return facts
    from workers.statistics.finite import Broken, Span, broken_of

    found: list[Broken] = []
    named = sorted(facts.tensors.items(), key=lambda item: (item[1].file, item[1].begin))
    for file, tensors in groupby(named, key=lambda item: item[1].file):
        spans = [Span(name, fact.dtype, fact.begin, fact.end) for name, fact in tensors]
        start = spans[0].begin
        try:
            found += broken_of(spans, _chunks(folder / file, start), start)
        except (OSError, ValueError) as error:
            raise UserError(f"{file} of {folder} cannot be searched for NaN: {error}.") from error
    found.sort(key=lambda item: item.name)
    held = tuple(NotFinite(name=item.name, nan=item.nan, infinite=item.infinite) for item in found)
    return facts.model_copy(update={"scanned": True, "not_finite": held, "not_finite_tensors": len(found)})


def _chunks(path: Path, start: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
