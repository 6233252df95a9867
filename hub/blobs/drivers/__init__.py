"""Where bytes lie. Free of Django, so that workers may use it too. A driver knows hashes only: no names, no users."""

from hub.blobs.drivers.base import (
    CHUNK_BYTES,
    BadAddress,
    Damaged,
    DigestMismatch,
    Driver,
    DriverError,
    Missing,
    Part,
    SizeMismatch,
    StorageDown,
    StorageFull,
    Stored,
)
from hub.blobs.drivers.local import LocalDriver
from hub.blobs.drivers.opening import open_driver

__all__ = [
    "CHUNK_BYTES",
    "BadAddress",
    "Damaged",
    "DigestMismatch",
    "Driver",
    "DriverError",
    "LocalDriver",
    "Missing",
    "Part",
    "SizeMismatch",
    "StorageDown",
    "StorageFull",
    "Stored",
    "open_driver",
]
