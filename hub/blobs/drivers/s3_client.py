"""How to reach an S3 store, and what its errors mean here."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from hub.blobs.drivers.base import Missing, StorageDown, StorageFull

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})
_FULL = frozenset({"XMinioStorageFull", "InsufficientStorage", "InsufficientCapacity", "QuotaExceeded", "507"})
CONNECT_S, READ_S, ATTEMPTS = 5, 60, 3


@dataclass(frozen=True)
class S3Options:
    """`endpoint` is where the hub reaches the store, `public_endpoint` where clients do. Empty: Amazon's; empty keys: as boto3 finds them."""

    endpoint: str = ""
    public_endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = ""


@lru_cache(maxsize=16)
def client_of(options: S3Options, endpoint: str) -> Any:
    """One client per address and process: making one costs a tenth of a second, and threads may share it."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=options.region,
        aws_access_key_id=options.access_key or None,
        aws_secret_access_key=options.secret_key or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint else "auto"},
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=32,
            # Content-MD5 and our own sha256 are what every store understands; newer checksums are not
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextlib.contextmanager
def store_errors(what: str) -> Iterator[None]:
    """SECURITY: the store's own words name buckets and hosts, so they stay in the log as the cause and do not reach people."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise Missing(f"{what}: the store does not have it.") from error
        if code in _FULL:
            raise StorageFull("There is no room left for this file.") from error
        raise StorageDown(f"{what}: the store answered {code or 'with an error'}.") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise StorageDown(f"{what}: the store does not answer.") from error
