"""What a snapshot says of itself. Written last: a snapshot without it was never finished and is never restored."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.backups.errors import BackupError
from hub.blobs.drivers.base import SHA256

MANIFEST, DUMP, BLOB_LIST, SECRETS = "manifest.json", "database.dump", "blobs.tsv", "secrets"
CHUNK_BYTES = 4 * 2**20


class FileRecord(BaseModel):
    """A file of the snapshot, and how to tell that it is whole."""

    model_config = ConfigDict(extra="forbid")

    sha256: str
    size_bytes: int


class Manifest(BaseModel):
    """`blob_list` names every blob, one line each: sha256, tab, bytes. `missing` are those that the store could not give."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    schema_number: Literal[1] = Field(1, alias="schema")
    version: str
    created_at: str
    storage: str
    server_major: int
    tool_major: int
    migrations: list[str]
    counts: dict[str, int]
    dump: FileRecord
    blob_list: FileRecord
    blob_count: int
    blob_bytes: int
    missing: list[str] = []
    secrets: dict[str, str] = Field({}, description="sha256 of each secret file, so that a damaged one is noticed")


def file_record(path: Path) -> FileRecord:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return FileRecord(sha256=digest.hexdigest(), size_bytes=path.stat().st_size)


def manifest_read(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{folder} is a backup that was never finished. Run `genepool backup` again.") from None
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BackupError(
            f"{path} cannot be read: {error.errors()[0]['msg']} ({where}). It was damaged, or written by a later Genepool."
        ) from None


def blobs_listed(folder: Path) -> Iterator[tuple[str, int]]:
    """One line at a time: a hub may have millions."""
    with (folder / BLOB_LIST).open("r", encoding="ascii") as file:
        for number, line in enumerate(file, start=1):
            sha256, _, size = line.rstrip("\n").partition("\t")
            if not SHA256.fullmatch(sha256) or not size.isdigit():
                raise BackupError(f"{folder / BLOB_LIST} is damaged at line {number}.")
            yield sha256, int(size)


def parts_check(folder: Path, manifest: Manifest) -> None:
    """That dump, blob list and secrets are the ones the manifest was written for. All that is wrong is said at once."""
    expected = {DUMP: manifest.dump.sha256, BLOB_LIST: manifest.blob_list.sha256} | {
        f"{SECRETS}/{name}": sha256 for name, sha256 in manifest.secrets.items()
    }
    wrong = []
    for name, sha256 in expected.items():
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif file_record(path).sha256 != sha256:
            wrong.append(f"{name} was changed or damaged")
    if wrong:
        raise BackupError(f"The backup {folder} is not whole: {'; '.join(wrong)}. Nothing was restored.")
