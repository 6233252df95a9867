"""Rows of one split of a dataset repo, whatever its format. What cannot be shown says why, in words for the page."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import facts_of
from hub.pages.samples.pictures import MOST_INLINE, Picture, unshown
from hub.pages.samples.reading import BlobFile, TooMuch
from hub.pages.samples.tables import csv_rows, line_rows, parquet_rows
from hub.pages.samples.tensors import tensor_rows
from workers.contracts.facts import RepoFacts
from workers.planning.configured import splits_in
from workers.planning.datasets import SplitFiles, classes_of

Reader = Callable[[BlobFile, Sequence[int]], tuple[dict[str, list[Any]], int]]
IMAGE, LABEL = "image", "label"
_HEADER_BYTES = 16 * 1024
_TEXT_BYTES = 2**20


@dataclass(frozen=True)
class Sampled:
    """`columns` holds one value per row of `rows`; both are empty where `reason` says why nothing can be shown."""

    rows: tuple[int, ...] = ()
    columns: dict[str, list[Any]] = field(default_factory=dict)
    reason: str = ""


def spread_rows(repo: Repo, commit: Commit, split: str, most: int, *, count: int, user: Any) -> Sampled:
    """So many rows at equal distances over the split: files are often sorted by class, and the first rows show one alone.

    Long texts have no places to jump to, and what would read too much for a page neither: of those the first rows.
    """
    if count > most and not _is_long_text(facts_of(commit), split):
        spread = split_rows(repo, commit, split, [place * count // most for place in range(most)], user=user)
        if spread.rows:
            return spread
    return split_rows(repo, commit, split, range(most), user=user)


def _is_long_text(facts: RepoFacts, split: str) -> bool:
    held = splits_in(facts).get(split)
    sizes = {file.path: file.size_bytes for file in facts.files}
    return (
        held is not None and held.format in ("csv", "jsonl") and sum(sizes[path] for path in held.files) > _TEXT_BYTES
    )


def split_rows(repo: Repo, commit: Commit, split: str, rows: Sequence[int], *, user: Any) -> Sampled:
    """The answer's rows are in ascending order.

    SECURITY: the bytes are only for those who may open the files: a gate or a private repo holds here too."""
    if not Repo.objects.all().open_to(user).filter(pk=repo.pk).exists():
        return Sampled(reason="Only those with access to the dataset see its examples.")
    rows = sorted(set(rows))
    facts = facts_of(commit)
    files = {file.path: file.sha256 for file in facts.files}
    held = splits_in(facts).get(split)
    if held is None:
        return Sampled(reason=f"The dataset has no split {split} at this commit.")
    try:
        if held.format == "images":
            return _pictures(repo, commit, held, rows)
        return _tables(held, files, rows)
    except TooMuch:
        return Sampled(reason="Its rows are too large to be opened for a page.")
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        struct.error,
    ):  # what another shape runs into
        return Sampled(reason="The file cannot be read as what its name says.")


def _tables(held: SplitFiles, files: dict[str, str], rows: Sequence[int]) -> Sampled:
    blobs = Blob.objects.in_bulk([files[path] for path in held.files])
    columns: dict[str, list[Any]] = {}
    found: list[int] = []
    start = 0
    for path in held.files:
        left = [row - start for row in rows if row >= start]
        blob = blobs.get(files[path])
        if not left:
            break
        if blob is None:
            return Sampled(reason="The files of this split are not on this hub.")
        part, count = _reader(held.format, path)(BlobFile(blob), left)
        here = [row + start for row in left if row < count]
        for name, values in part.items():
            # a column that earlier files lack is empty there; one that this file lacks is empty here
            columns.setdefault(name, [None] * len(found)).extend(values)
        found += here
        for values in columns.values():
            values += [None] * (len(found) - len(values))
        start += count
    return Sampled(tuple(found), columns) if found else Sampled(reason="The split has no such rows.")


def _reader(kept: str, path: str) -> Reader:
    if kept == "csv":
        return partial(csv_rows, delimiter="\t" if path.lower().endswith(".tsv") else ",")
    return {"safetensors": tensor_rows, "parquet": parquet_rows, "jsonl": line_rows}[kept]


def _pictures(repo: Repo, commit: Commit, held: SplitFiles, rows: Sequence[int]) -> Sampled:
    """Pictures in folders are shown from their own addresses, as far as their headers say that they can be loaded with a page."""
    classes = classes_of(held.files)
    found = [row for row in rows if 0 <= row < len(held.files)]
    if not found:
        return Sampled(reason="The split has no such rows.")
    files = {file.path: file for file in facts_of(commit).files}
    blobs = Blob.objects.in_bulk([files[held.files[row]].sha256 for row in found])
    pictures: list[Picture | str] = []
    for row in found:
        file = files[held.files[row]]
        blob = blobs.get(file.sha256)
        reason = unshown(_head(blob), file.size_bytes, 20 * MOST_INLINE) if blob is not None else "not on this hub"
        pictures.append(reason or Picture(f"/datasets/{repo.full_name}/resolve/{commit.oid}/{quote(file.path)}"))
    return Sampled(tuple(found), {IMAGE: pictures, LABEL: [classes[row] or None for row in found]})


def _head(blob: Blob) -> bytes:
    return blob_bytes(blob=blob, end=min(blob.size_bytes, _HEADER_BYTES))
