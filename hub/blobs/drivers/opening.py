"""From a storage address to a driver."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hub.blobs.drivers.base import Driver
from hub.blobs.drivers.local import LocalDriver


@lru_cache(maxsize=8)
def open_driver(url: str) -> Driver:
    """`file:///folder` opens a local folder, which is made when it is not there."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError(f"STORAGE_URL is {url!r}. Write it like file:///srv/genepool/blobs.")
    return LocalDriver(Path(unquote(parts.path)))
