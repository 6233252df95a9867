"""Whether a file on disk is the one that a hub lists."""

import hashlib
from pathlib import Path
from typing import Any

CHUNK_BYTES = 2**20


def file_differs(path: Path, entry: Any) -> bool:
    """True for a file that is there and has another size or hash than `entry` of the client's listing says."""
    if not path.is_file():
        return False
    size = path.stat().st_size
    if size != entry.size:
        return True
    if entry.lfs is not None:
        digest, expected = hashlib.sha256(), entry.lfs.sha256
    else:
        # git's own object id: sha1 is its format
        digest, expected = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), entry.blob_id
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() != expected
