"""Whether the storage can be written, asked by the readiness probe and by the system checks."""

import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit


class NotReady(Exception):
    """One part does not work. The message is fit for whoever may see the probe: no address, no path."""


def write_test(storage_url: str) -> None:
    """Writes a small file where blobs lie and takes it away again. A bucket is asked by the driver, not here."""
    parts = urlsplit(storage_url)
    if parts.scheme != "file":
        return
    folder = Path(unquote(parts.path))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".write-test-", dir=folder)
        try:
            os.write(descriptor, b"genepool")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            Path(name).unlink()
    except OSError as error:
        raise NotReady(f"The storage cannot be written: {error.strerror}.") from error
