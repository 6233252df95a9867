"""A snapshot held against its own list, without a hub: what a restore would find."""

from pathlib import Path

from hub.backups.copying import Tell, is_intact, quiet
from hub.backups.folder import BackupFolder
from hub.backups.manifest import Manifest, blobs_listed
from hub.blobs.drivers import Missing


def snapshot_verify(*, folder: BackupFolder, snapshot: Path, manifest: Manifest, tell: Tell = quiet) -> list[str]:
    """Hashes every blob of the snapshot, changes nothing. Gives what is damaged or gone."""
    damaged, done = [], 0
    left_out = set(manifest.missing)
    for sha256, size in blobs_listed(snapshot):
        tell(done, manifest.blob_bytes, "bytes", sha256[:12])
        if sha256 not in left_out and not _is_whole(folder, sha256, size):
            damaged.append(sha256)
        done += size
    tell(done, manifest.blob_bytes, "bytes", "")
    return damaged


def _is_whole(folder: BackupFolder, sha256: str, size: int) -> bool:
    try:
        return is_intact(folder.blobs, sha256, size)
    except Missing:
        return False
