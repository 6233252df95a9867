"""A large file that is made while it is sent: safetensors, one tensor of random bytes. And its way in, by the wire protocol alone."""

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

BLOCK_BYTES = 2**20
HEAD_BYTES = 1024
LFS = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}


@dataclass(frozen=True)
class Content:
    """Blocks differ by their number, so that nothing can take two for one."""

    size_bytes: int
    seed: bytes

    @property
    def head(self) -> bytes:
        """Padded with blanks to a kilobyte, as the format allows."""
        count = self.size_bytes - HEAD_BYTES
        text = json.dumps({"w": {"dtype": "U8", "shape": [count], "data_offsets": [0, count]}}).encode()
        return struct.pack("<Q", HEAD_BYTES - 8) + text.ljust(HEAD_BYTES - 8)

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        end = self.size_bytes if end is None else end
        head = self.head
        block = hashlib.shake_256(self.seed).digest(BLOCK_BYTES - 8)
        while start < end:
            if start < len(head):
                piece = head[start:end]
            else:
                number, offset = divmod(start - len(head), BLOCK_BYTES)
                piece = (struct.pack("<Q", number) + block)[offset : offset + end - start]
            yield piece
            start += len(piece)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


def content_make(size_bytes: int) -> Content:
    return Content(size_bytes, os.urandom(16))


def repo_make(client: httpx.Client, name: str) -> None:
    client.post("/api/repos/create", json={"type": "model", "name": name, "private": False}).raise_for_status()


def content_send(client: httpx.Client, repo: str, content: Content, sha256: str, transfer: str) -> bool:
    """False when the hub does not offer this way of sending for a file of this size."""
    wanted = {
        "operation": "upload",
        "transfers": [transfer, "basic"],
        "hash_algo": "sha256",
        "objects": [{"oid": sha256, "size": content.size_bytes}],
    }
    answer = client.post(f"/{repo}.git/info/lfs/objects/batch", json=wanted, headers=LFS).raise_for_status().json()
    if answer.get("transfer", "basic") != transfer:
        return False
    action = answer["objects"][0]["actions"]["upload"]
    if transfer == "basic":
        sized = {**action.get("header", {}), "Content-Length": str(content.size_bytes)}
        client.put(action["href"], content=content.chunks(), headers=sized).raise_for_status()
    else:
        _send_parts(client, content, sha256, action)
    return True


def _send_parts(client: httpx.Client, content: Content, sha256: str, action: dict) -> None:  # type: ignore[type-arg]
    header = action["header"]
    part_bytes = int(header["chunk_size"])
    addresses = [
        address for key, address in sorted(header.items(), key=lambda item: (len(item[0]), item[0])) if key.isdigit()
    ]
    parts = []
    for number, address in enumerate(addresses, start=1):
        start = (number - 1) * part_bytes
        end = min(start + part_bytes, content.size_bytes)
        answer = client.put(address, content=content.chunks(start, end), headers={"Content-Length": str(end - start)})
        parts.append({"partNumber": number, "etag": answer.raise_for_status().headers["etag"]})
    client.post(action["href"], json={"oid": sha256, "parts": parts}, headers=LFS).raise_for_status()


def content_commit(client: httpx.Client, repo: str, path: str, sha256: str, size_bytes: int) -> None:
    lines = [
        {"key": "header", "value": {"summary": f"Add {path}"}},
        {"key": "lfsFile", "value": {"path": path, "algo": "sha256", "oid": sha256, "size": size_bytes}},
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    answer = client.post(
        f"/api/models/{repo}/commit/main", content=body, headers={"Content-Type": "application/x-ndjson"}
    )
    answer.raise_for_status()
