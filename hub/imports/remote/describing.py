"""What can be told of a repo without its weights and its data: small files whole, headers, footers and first lines by range."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hub.core.http_client import HttpError
from hub.core.outbound import Reader
from hub.imports.remote.listing import RemoteFile
from hub.imports.remote.source import Source
from workers.contracts.errors import TransientError
from workers.planning.datasets import format_of
from workers.planning.extract import extract_facts

SMALL_BYTES, SMALL_TOTAL_BYTES = 2**20, 64 * 2**20
SMALL_ENDINGS = (".md", ".json", ".txt", ".yaml", ".yml", ".jinja", ".toml", ".gitattributes", ".gitignore")
SMALL_NAMES = ("license", "licence", "notice", "copying", "readme")
HEADER_BYTES, HEADERS_TOTAL_BYTES = 26 * 2**20, 256 * 2**20


def small_choose(files: Iterable[RemoteFile]) -> list[RemoteFile]:
    """The files that are fetched also when only metadata is wanted: words, not weights."""
    chosen, total = [], 0
    for file in sorted(files, key=lambda file: file.size_bytes):
        name = file.path.rpartition("/")[2].lower()
        is_words = name.endswith(SMALL_ENDINGS) or name.partition(".")[0] in SMALL_NAMES
        if (
            not file.is_lfs
            and is_words
            and file.size_bytes <= SMALL_BYTES
            and total + file.size_bytes <= SMALL_TOTAL_BYTES
        ):
            chosen.append(file)
            total += file.size_bytes
    return chosen


def facts_read(
    reader: Reader, source: Source, commit: str, files: Iterable[RemoteFile], here: Mapping[str, Path], tick: Callable[[int], None]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
    """Facts and findings as JSON. `here` are the small files by path; of weights and data only what stands at an end is asked for."""
    listed = [(file.path, file.size_bytes, file.sha256) for file in files]
    readable = [row for row in listed if row[0] in here or format_of(row[0]) is not None]
    budget = HEADERS_TOTAL_BYTES

    def read(path: str, start: int, length: int) -> bytes:
        nonlocal budget
        if path in here:
            with here[path].open("rb") as file:
                file.seek(start)
                return file.read(length)
        if not 0 < length <= min(HEADER_BYTES, budget):
            return b""
        budget -= length
        tick(length)
        try:
            return _piece(reader, source.file(commit, path), start, length)
        except HttpError as error:
            raise TransientError(f"The header of {path} could not be read. {error}") from error

    facts, findings = extract_facts(readable, read)
    body = facts.model_dump(mode="json")
    body["files"] = [{"path": path, "size_bytes": size, "sha256": sha256} for path, size, sha256 in listed]
    return body, [finding.model_dump(mode="json") for finding in findings]


def _piece(reader: Reader, url: str, start: int, length: int) -> bytes:
    """Exactly these bytes. A server that knows no ranges sends all: then the rest is not read, and the connection dropped."""
    answer = reader.get(url, start=start, end=start + length)
    skip = 0 if answer.status == 206 else start
    wanted = bytearray()
    try:
        for chunk in answer.chunks(2**62):
            wanted += chunk
            if len(wanted) >= skip + length:
                break
            if skip and len(wanted) > HEADER_BYTES:
                raise HttpError(f"{answer.host} knows no ranges.")
    finally:
        if answer.status != 206:
            reader.close()
    return bytes(wanted[skip : skip + length])
