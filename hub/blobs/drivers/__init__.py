"""Where bytes lie. Free of Django, so that workers may use it too. A driver knows hashes only: no names, no users."""

from hub.blobs.drivers.base import (
    CHUNK_BYTES,
    BadAddress,
    DigestMismatch,
    Driver,
    DriverError,
    Missing,
    SizeMismatch,
    StorageFull,
    Stored,
)
from hub.blobs.drivers.local import LocalDriver
from hub.blobs.drivers.opening import open_driver

__all__ = [
    "CHUNK_BYTES",
    "BadAddress",
    "DigestMismatch",
    "Driver",
    "DriverError",
    "LocalDriver",
    "Missing",
    "SizeMismatch",
    "StorageFull",
    "Stored",
    "open_driver",
]
