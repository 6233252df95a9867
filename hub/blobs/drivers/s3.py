"""Blobs in a bucket: `<prefix>/sha256/ab/cd/<hex>`. A key under `sha256/` exists only when its content was hashed and fits.

A sender's own hash lets parts go straight to their key: nothing is there until the upload is completed, and that happens after the
last byte was hashed. Without it, and for parts that clients send to the store themselves, bytes wait under `tmp/`.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

from hub.blobs.drivers.base import SHA256, Missing, StorageDown, Stored, disposition_of, key_of
from hub.blobs.drivers.hashing import Hasher, git_of
from hub.blobs.drivers.s3_client import S3Options, client_of, store_errors
from hub.blobs.drivers.s3_parts import S3Parts, content_md5
from hub.blobs.drivers.s3_reading import object_read

PUT_BYTES = 6 * 2**20  # one request up to here, and the size of the parts above; a few of them are in memory at once
PARTS_MAX = 10_000


class S3Driver(S3Parts):
    def __init__(self, bucket: str, prefix: str, options: S3Options) -> None:
        self.bucket = bucket
        self._root = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._options = options
        self._client = client_of(options, options.endpoint)

    def put_stream(self, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored:
        """Hashes while it sends, one part in memory at a time. A blob that is already there is read from the stream all the same."""
        final = self._key(sha256) if sha256 is not None else None
        hasher = Hasher(size)
        blocks = _blocks(hasher.through(chunks), _block_bytes(size))
        first = next(blocks, b"")
        second = next(blocks, None)
        if second is None:
            hasher.check(sha256)
            stored = hasher.stored(hasher.git_sha1 or git_of([first], len(first)))
            with store_errors("Writing"):
                self._client.put_object(
                    Bucket=self.bucket, Key=self._key(stored.sha256), Body=first, ContentMD5=content_md5([first])
                )
            return stored
        key, every = final or self._temporary(), chain([first, second], blocks)
        del first, second  # `every` alone holds them, and lets go of each when it is sent
        with self._multipart(key) as (upload, etags):
            for number, block in enumerate(every, 1):
                etags.append(self._part(key, upload, number, BytesIO(block)))
            hasher.check(sha256)  # wrong bytes: said here, before the key is there
            self._complete(key, upload, etags)
        try:
            stored = hasher.stored(hasher.git_sha1 or git_of(self._read(key, 0, None), hasher.received))
            if final is None:
                self._name(key, stored)
        finally:
            if final is None:
                self._remove_quietly(key)
        return stored

    def open(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self._read(self._key(sha256), start, end)

    def _read(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        # opened now, not at the first chunk: what is missing is said before an answer has begun
        return object_read(self._client, self.bucket, key, start, end)

    def stat(self, sha256: str) -> int | None:
        return self._size_of(self._key(sha256))

    def local_path(self, sha256: str) -> Path | None:
        key_of(sha256)
        return None

    def delete(self, sha256: str) -> None:
        self._delete(self._key(sha256))

    def list(self, after: str = "") -> Iterator[tuple[str, int]]:
        prefix = f"{self._root}sha256/"
        start = self._key(after) if SHA256.fullmatch(after) else f"{prefix}{after[:2]}"
        for entry in self._listed(prefix, start):
            name = entry["Key"].rpartition("/")[2]
            if name > after and SHA256.fullmatch(name):
                yield name, entry["Size"]

    def presign_get(self, sha256: str, *, filename: str, media_type: str, expires_s: int) -> str | None:
        parameters = {
            "Bucket": self.bucket, "Key": self._key(sha256), "ResponseContentType": media_type,
            "ResponseContentDisposition": disposition_of(filename),
        }  # fmt: skip
        return self._signed("get_object", parameters, expires_s)

    def sweep(self, older_than_s: float) -> int:
        """Temporary keys and unfinished uploads of broken writers."""
        before, count = datetime.now(UTC) - timedelta(seconds=older_than_s), 0
        for entry in self._listed(f"{self._root}tmp/", ""):
            if entry["LastModified"] < before:
                self._delete(entry["Key"])
                count += 1
        with store_errors("Tidying"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=self._root)
            stale = [
                entry for page in pages for entry in page.get("Uploads", ()) if entry.get("Initiated", before) < before
            ]
        for entry in stale:
            if entry["Key"].removeprefix(self._root).startswith(("tmp/", "sha256/")):
                self._abort(entry["Key"], entry["UploadId"])
                count += 1
        return count

    def check(self) -> None:
        key = f"{self._root}tmp/check-{uuid.uuid4().hex}"
        try:
            with store_errors("Writing"):
                self._client.put_object(Bucket=self.bucket, Key=key, Body=b"genepool")
            self._delete(key)
        except Missing as error:
            raise StorageDown("The bucket is not there.") from error

    def _listed(self, prefix: str, after: str) -> Iterator[dict[str, Any]]:
        with store_errors("Listing"):
            more = {"StartAfter": after} if after else {}
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, **more
            ):
                yield from page.get("Contents", ())


def _block_bytes(size: int | None) -> int:
    """A store takes ten thousand parts. Of a size nobody said, that is 58 GiB: such streams are bounded by their senders."""
    if size is None:
        return PUT_BYTES
    return max(PUT_BYTES, -(-size // (PARTS_MAX - 1)))


def _blocks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Blocks of exactly `size` bytes, the last may be shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
