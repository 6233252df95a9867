"""From a storage address to a driver."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hub.blobs.drivers.base import Driver
from hub.blobs.drivers.local import LocalDriver


def open_driver(url: str, s3: Mapping[str, str] | None = None) -> Driver:
    """`file:///folder` opens a local folder, which is made when it is not there; `s3://bucket/prefix` a bucket.

    `s3` says how to reach the store: endpoint, public_endpoint, region, access_key, secret_key. Without it the environment does.
    """
    if urlsplit(url).scheme != "s3":
        return _open(url, ())
    return _open(url, tuple(sorted((s3 if s3 is not None else s3_environment()).items())))


@lru_cache(maxsize=8)
def _open(url: str, s3: tuple[tuple[str, str], ...]) -> Driver:
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and not parts.query and not parts.fragment:
        # a hub without a bucket need not load the S3 client
        from hub.blobs.drivers.s3 import S3Driver
        from hub.blobs.drivers.s3_client import S3Options

        return S3Driver(parts.netloc, unquote(parts.path), S3Options(**dict(s3)))
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError(f"STORAGE_URL is {url!r}. Write it like file:///srv/genepool/blobs or s3://bucket/prefix.")
    return LocalDriver(Path(unquote(parts.path)))


def s3_environment() -> dict[str, str]:
    """S3_ENDPOINT and the others; of a key also S3_…_KEY_FILE, which names a file that holds it."""
    found = {
        name: os.environ.get(f"S3_{name.upper()}", "").strip()
        for name in ("endpoint", "public_endpoint", "region", "access_key", "secret_key")
    }
    for name in ("access_key", "secret_key"):
        if not found[name] and (path := os.environ.get(f"S3_{name.upper()}_FILE", "")):
            found[name] = Path(path).read_text(encoding="utf-8").strip()
    return {**found, "region": found["region"] or "us-east-1"}
