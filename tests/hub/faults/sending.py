"""Whole uploads as clients send them, from the first question to the commit. Each says what the file is then."""

import hashlib
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from django.http import HttpResponse
from django.test import Client as DjangoClient

from tests.factories.catalog import weights
from tests.hub.hfapi.client import Client, file_line, lfs_line
from tests.hub.xet.packing import GROUPED, file_records, hash_of, shard, xorb

PATH = "model.safetensors"
REGULAR = ("notes.txt", "more.txt")


class Refusal(AssertionError):
    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(answer.status_code, answer.content.decode(errors="replace"))
        self.answer = answer


class Sender(Client):
    """With a token that was made before: a process that is to die makes none."""

    def __init__(self, token: str = "") -> None:
        self._client = DjangoClient(headers={"authorization": f"Bearer {token}"} if token else {})


def small_parts(patch: pytest.MonkeyPatch) -> None:
    """What the hub takes in parts from 32 MiB on comes in parts from 5 MiB on here, the least that a bucket takes."""
    for module in ("hub.hfapi.views.parts", "hub.hfapi.views.lfs"):
        patch.setattr(f"{module}.MULTIPART_BYTES", 5 * 2**20)
    patch.setattr("hub.blobs.uploads.PART_BYTES", 5 * 2**20)


def content_of(number: int) -> bytes:
    """9 MiB, others for each number: several writes to a folder, two parts in a bucket."""
    return weights(fill=number % 256, tensors={"a": (9, 2**18), f"b{number}": (4,)})


def texts_of(number: int) -> dict[str, bytes]:
    return {name: f"{name} of {number}\n".encode() for name in REGULAR}


def regular(token: str, repo: str, number: int) -> dict[str, bytes]:
    files = texts_of(number)
    _well(Sender(token).commit(repo, [file_line(path, content) for path, content in files.items()]))
    return files


def lfs(token: str, repo: str, number: int) -> dict[str, bytes]:
    client, content = Sender(token), content_of(number)
    oid = hashlib.sha256(content).hexdigest()
    actions = _batch(client, repo, oid, len(content), ["basic"]).get("actions")
    if actions:
        path = _path(actions["upload"]["href"])
        _well(Sender().raw("PUT", path, content, content_type="application/octet-stream"))
        _well(client.post(_path(actions["verify"]["href"]), {"oid": oid, "size": len(content)}))
    _well(client.commit(repo, [lfs_line(PATH, oid, len(content))]))
    return {PATH: content}


def multipart(token: str, repo: str, number: int) -> dict[str, bytes]:
    """What is here from an earlier try is not sent again."""
    client, content = Sender(token), content_of(number)
    oid = hashlib.sha256(content).hexdigest()
    actions = _batch(client, repo, oid, len(content), ["basic", "multipart"]).get("actions")
    if actions:
        action = actions["upload"]
        size, etags = int(action["header"].pop("chunk_size")), {}
        here = {part["partNumber"]: part["etag"] for part in action["parts"]}
        for name, href in sorted(action["header"].items()):
            part = content[(int(name) - 1) * size : int(name) * size]
            etags[int(name)] = here.get(int(name)) or _part(href, part)
        document = {"oid": oid, "parts": [{"partNumber": name, "etag": etag} for name, etag in etags.items()]}
        _well(Sender().post(_path(action["href"]), document))
        _well(client.post(_path(actions["verify"]["href"]), {"oid": oid, "size": len(content)}))
    _well(client.commit(repo, [lfs_line(PATH, oid, len(content))]))
    return {PATH: content}


def xet(token: str, repo: str, number: int) -> dict[str, bytes]:
    client, content = Sender(token), weights(fill=number % 256, tensors={"a": (3, 2**14), f"b{number}": (4,)})
    raws = [content[:70_000], content[70_000:140_000], content[140_000:]]
    answer = _well(client.get(f"/api/models/{repo}/xet-write-token/main")).json()
    gateway, where = Sender(answer["accessToken"]), _path(answer["casUrl"])
    pack, oid = xorb(raws, GROUPED), hashlib.sha256(content).hexdigest()
    binary = "application/octet-stream"
    _well(gateway.raw("POST", f"{where}/v1/xorbs/default/{hash_of(pack)}", pack, content_type=binary))
    records = shard(file_records(oid, [(hash_of(pack), len(content), 0, len(raws))]))
    _well(gateway.raw("POST", f"{where}/v1/shards", records, content_type=binary))
    _well(client.commit(repo, [lfs_line(PATH, oid, len(content))]))
    return {PATH: content}


def _batch(client: Client, repo: str, oid: str, size: int, transfers: list[str]) -> dict:
    document = {"operation": "upload", "transfers": transfers, "objects": [{"oid": oid, "size": size}]}
    return _well(client.post(f"/{repo}.git/info/lfs/objects/batch", document)).json()["objects"][0]


def _part(href: str, content: bytes) -> str:
    if urlsplit(href).hostname == "testserver":
        return _well(Sender().raw("PUT", _path(href), content)).headers["ETag"]
    with urlopen(
        Request(href, data=content, method="PUT", headers={"Content-Type": ""})
    ) as answer:  # the bucket's own address
        return str(answer.headers["ETag"])


def _path(href: str) -> str:
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _well(answer: HttpResponse) -> HttpResponse:
    if answer.status_code not in (200, 201):
        raise Refusal(answer)
    return answer
