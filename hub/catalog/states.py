"""The files of a commit as one flat mapping, and what operations make of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hub.blobs.models import Blob
from hub.catalog.errors import EntryMissing
from hub.catalog.git_ids import pointer_oid
from hub.catalog.operations import AddFile, CopyFile, DeleteFile, DeleteFolder, Operation


@dataclass(frozen=True)
class FileState:
    """`oid` is the git id: of the content, or of the pointer for an LFS file."""

    oid: str
    sha256: str
    size_bytes: int
    is_lfs: bool


State: TypeAlias = dict[str, FileState]


def file_state(blob: Blob, is_lfs: bool) -> FileState:
    oid = pointer_oid(blob.sha256, blob.size_bytes) if is_lfs else blob.git_sha1
    return FileState(oid, blob.sha256, blob.size_bytes, is_lfs)


def operations_apply(
    state: Mapping[str, FileState], operations: Iterable[Operation], copied: Mapping[CopyFile, FileState]
) -> State:
    """In order; a later operation sees what an earlier one did. `copied` holds the sources of the copies, looked up before."""
    result = dict(state)
    for operation in operations:
        match operation:
            case AddFile():
                result[operation.path] = file_state(operation.blob, operation.is_lfs)
            case CopyFile():
                result[operation.path] = copied[operation]
            case DeleteFile():
                if result.pop(operation.path, None) is None:
                    raise EntryMissing(f"A file with this name doesn't exist: {operation.path}")
            case DeleteFolder():
                prefix = operation.path.rstrip("/") + "/"
                inside = [path for path in result if path.startswith(prefix)]
                if not inside:
                    raise EntryMissing(f"A file with this name doesn't exist: {operation.path}")
                for path in inside:
                    del result[path]
    return result


def has_same_weights(before: Mapping[str, FileState], after: Mapping[str, FileState]) -> bool:
    """True when a commit changes words only: what was recorded about the weights stays true."""

    def weights(state: Mapping[str, FileState]) -> set[tuple[str, str]]:
        return {(path, file.sha256) for path, file in state.items() if path.endswith(".safetensors")}

    return weights(before) == weights(after)
