"""Uploads in parts to a bucket, from clients or through the hub. Parts wait under `tmp/`; the whole is hashed before it is named."""

import base64
import contextlib
import hashlib
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from hub.blobs.drivers.base import CHUNK_BYTES, BadAddress, Missing, Part, SizeMismatch, StorageDown, Stored, key_of
from hub.blobs.drivers.hashing import Hasher
from hub.blobs.drivers.s3_client import S3Options, client_of, store_errors
from hub.blobs.drivers.s3_reading import object_read

COPY_BYTES = 5 * 2**30  # the most that one copy inside the store may have
COPY_PART_BYTES = 2**30


class S3Parts:
    bucket: str
    _root: str
    _options: S3Options
    _client: Any

    def multipart_start(self, *, sha256: str, size: int) -> str:
        key_of(sha256)
        key = self._temporary()
        with store_errors("Writing"):
            upload = self._client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        return f"{key.rpartition('/')[2]}:{upload}"

    def multipart_url(self, reference: str, number: int, expires_s: int) -> str | None:
        key, upload = self._where(reference)
        parameters = {"Bucket": self.bucket, "Key": key, "UploadId": upload, "PartNumber": number}
        return self._signed("upload_part", parameters, expires_s)

    def multipart_put(self, reference: str, number: int, chunks: Iterable[bytes], size: int) -> str:
        """Through a file: the store wants length and checksum first, and a part is too much to hold in memory."""
        key, upload = self._where(reference)
        with tempfile.SpooledTemporaryFile(max_size=CHUNK_BYTES) as spool:
            for chunk in chunks:
                spool.write(chunk)
                if spool.tell() > size:
                    raise SizeMismatch(f"More bytes came than the {size} of this part.")
            if spool.tell() != size:
                raise SizeMismatch(f"{spool.tell()} bytes came, this part has {size}.")
            spool.seek(0)
            return self._part(key, upload, number, spool)

    def multipart_parts(self, reference: str) -> Sequence[Part]:
        key, upload = self._where(reference)
        with store_errors("Reading the parts"):
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload)
            return [
                Part(entry["PartNumber"], entry["Size"], entry["ETag"].strip('"'))
                for page in pages
                for entry in page.get("Parts", ())
            ]

    def multipart_complete(self, reference: str, etags: Sequence[str], *, sha256: str, size: int) -> Stored:
        """Can be repeated after a death at any point: what was put together already is found under its temporary key."""
        key_of(sha256)
        key, upload = self._where(reference)
        if self._size_of(key) is None:
            came = sum(part.size_bytes for part in self.multipart_parts(reference))
            if came != size:
                raise SizeMismatch(f"{came} bytes came, {size} were announced.")
            self._complete(key, upload, etags)
        hasher = Hasher(size)
        for _ in hasher.through(object_read(self._client, self.bucket, key, 0, None)):
            pass
        hasher.check(sha256)
        stored = hasher.stored(hasher.git_sha1 or "")
        self._name(key, stored)
        self._remove_quietly(key)
        return stored

    def multipart_abort(self, reference: str) -> None:
        key, upload = self._where(reference)
        with contextlib.suppress(Missing):
            self._abort(key, upload)
        self._delete(key)

    def _where(self, reference: str) -> tuple[str, str]:
        name, _, upload = reference.partition(":")
        if not name.isalnum() or not upload:
            raise BadAddress("This is no upload of this store.")
        return f"{self._root}tmp/{name}", upload

    def _key(self, sha256: str) -> str:
        return self._root + key_of(sha256)

    def _temporary(self) -> str:
        return f"{self._root}tmp/{uuid.uuid4().hex}"

    def _signed(self, method: str, parameters: dict[str, Any], expires_s: int) -> str:
        client = client_of(self._options, self._options.public_endpoint or self._options.endpoint)
        with store_errors("Signing"):
            return str(client.generate_presigned_url(method, Params=parameters, ExpiresIn=expires_s))

    def _complete(self, key: str, upload: str, etags: Sequence[str]) -> None:
        parts = [{"PartNumber": number, "ETag": f'"{etag.strip(chr(34))}"'} for number, etag in enumerate(etags, 1)]
        with store_errors("Writing"):
            self._client.complete_multipart_upload(
                Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
            )

    def _name(self, key: str, stored: Stored) -> None:
        """Copies inside the store. The key appears with its whole content or not at all."""
        source, target = {"Bucket": self.bucket, "Key": key}, self._key(stored.sha256)
        if stored.size_bytes <= COPY_BYTES:
            with store_errors("Writing"):
                self._client.copy_object(Bucket=self.bucket, Key=target, CopySource=source)
            return
        with self._multipart(target) as (upload, etags), store_errors("Writing"):
            for number, start in enumerate(range(0, stored.size_bytes, COPY_PART_BYTES), 1):
                end = min(start + COPY_PART_BYTES, stored.size_bytes)
                answer = self._client.upload_part_copy(
                    Bucket=self.bucket, Key=target, UploadId=upload, PartNumber=number, CopySource=source,
                    CopySourceRange=f"bytes={start}-{end - 1}",
                )  # fmt: skip
                etags.append(answer["CopyPartResult"]["ETag"])
            self._complete(target, upload, etags)

    def _size_of(self, key: str) -> int | None:
        try:
            with store_errors("Looking"):
                return int(self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        except Missing:
            return None

    def _delete(self, key: str) -> None:
        with store_errors("Removing"):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def _remove_quietly(self, key: str) -> None:
        with contextlib.suppress(StorageDown, Missing):  # `sweep` finds it
            self._delete(key)

    def _abort(self, key: str, upload: str) -> None:
        with store_errors("Giving up"):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

    @contextlib.contextmanager
    def _multipart(self, key: str) -> Iterator[tuple[str, list[str]]]:
        """Given up when the block ends with an error: parts that nobody completes cost room and are not a file."""
        with store_errors("Writing"):
            upload = self._client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        try:
            yield upload, []
        except BaseException:
            with contextlib.suppress(StorageDown, Missing):
                self._abort(key, upload)
            raise

    def _part(self, key: str, upload: str, number: int, content: IO[bytes]) -> str:
        checksum = content_md5(iter(lambda: content.read(CHUNK_BYTES), b""))
        content.seek(0)
        with store_errors("Writing"):
            answer = self._client.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=content, ContentMD5=checksum
            )
        return str(answer["ETag"]).strip('"')


def content_md5(chunks: Iterable[bytes]) -> str:
    """What S3 compares on arrival; our own protection is the sha256."""
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode()
