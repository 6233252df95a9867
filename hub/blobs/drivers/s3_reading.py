"""Reading an object, with a second try where a connection broke off."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from hub.blobs.drivers.base import CHUNK_BYTES, StorageDown
from hub.blobs.drivers.s3_client import store_errors

TRIES = 3


def object_read(client: Any, bucket: str, key: str, start: int, end: int | None) -> Iterator[bytes]:
    """The first answer of the store is waited for here: an absent or unreachable object is an error now, not in mid-answer."""
    if end is not None and end <= start:
        with store_errors("Reading"):
            client.head_object(Bucket=bucket, Key=key)
        return iter(())
    body = _open(client, bucket, key, start, end)
    return iter(()) if body is None else _chunks(client, bucket, key, start, end, body)


def _open(client: Any, bucket: str, key: str, start: int, end: int | None) -> Any:
    """None: the object ends before `start`."""
    wanted = {} if start == 0 and end is None else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
    with store_errors("Reading"):
        try:
            return client.get_object(Bucket=bucket, Key=key, **wanted)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("InvalidRange", "416"):
                return None
            raise


def _chunks(client: Any, bucket: str, key: str, start: int, end: int | None, body: Any) -> Iterator[bytes]:
    position, tries = start, TRIES
    try:
        while body is not None:
            try:
                while chunk := body.read(CHUNK_BYTES):
                    position, tries = position + len(chunk), TRIES
                    yield chunk
                return
            except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
                tries -= 1
                if tries == 0:
                    raise StorageDown("Reading: the connection to the store breaks off again and again.") from error
            body.close()
            body = None if end is not None and position >= end else _open(client, bucket, key, position, end)
    finally:
        if body is not None:
            body.close()  # a reader that stops early gives its connection back
