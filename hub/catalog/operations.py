"""What a commit may do to the files of a branch, applied in order."""

from dataclasses import dataclass

from hub.blobs.models import Blob


@dataclass(frozen=True)
class AddFile:
    """Puts `blob` at `path`. `is_lfs`: git sees a pointer there. Whoever makes this has proved the right to the blob."""

    path: str
    blob: Blob
    is_lfs: bool


@dataclass(frozen=True)
class DeleteFile:
    path: str


@dataclass(frozen=True)
class DeleteFolder:
    path: str


@dataclass(frozen=True)
class CopyFile:
    """Takes a file of the same repo, at any revision, to `path`."""

    source_path: str
    source_revision: str
    path: str


Operation = AddFile | DeleteFile | DeleteFolder | CopyFile
