"""What every check uses: the registry, the people, fresh repos, requests written by hand. Runs in the client's environment alone.

Nothing of Genepool is imported on this side: only the client's package, safetensors, numpy and the standard library.
"""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub
import numpy
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from safetensors.numpy import save

IS_2 = not huggingface_hub.__version__.startswith("0.")
CARD = "---\nlicense: apache-2.0\nlibrary_name: transformers\npipeline_tag: text-classification\ntags:\n- {tag}\n---\n# A model\n"


class NotApplicable(Exception):
    """The check is about something that this client does not have."""


@dataclass(frozen=True)
class Check:
    number: int
    title: str
    run: Callable[["Stage"], None]


CHECKS: list[Check] = []


def check(number: int, title: str) -> Callable[[Callable[["Stage"], None]], Callable[["Stage"], None]]:
    def add(run: Callable[["Stage"], None]) -> Callable[["Stage"], None]:
        CHECKS.append(Check(number, title, run))
        return run

    return add


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Stage:
    """W writes, R is W with a token that only reads, O is somebody else, `anyone` has no token."""

    def __init__(self, people: dict[str, str]) -> None:
        self.endpoint = os.environ["HF_ENDPOINT"]
        self.name, self.other_name = people["name"], people["other_name"]
        self.token, self.read_token, self.other_token = people["token"], people["read_token"], people["other_token"]
        self.api = HfApi(token=self.token)
        self.reader, self.other, self.anyone = (
            HfApi(token=self.read_token),
            HfApi(token=self.other_token),
            HfApi(token=False),
        )
        self.folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.run_name = uuid.uuid4().hex[:6]
        self._count = 0

    def id(self, word: str = "repo") -> str:
        self._count += 1
        return f"{self.name}/{word}-{self.run_name}-{self._count}"

    def fresh(self, files: dict[str, bytes] | None = None, *, private: bool = False) -> str:
        repo = self.id()
        self.api.create_repo(repo, private=private)
        if files:
            self.commit(repo, files)
        return repo

    def commit(self, repo: str, files: dict[str, bytes], **rest: Any) -> Any:
        """Bytes go as LFS by way of HTTP; use `write` and `upload_file` for what the default way is to be seen in."""
        from huggingface_hub import CommitOperationAdd

        operations = [CommitOperationAdd(path, content) for path, content in files.items()]
        rest.setdefault("commit_message", "Add files")
        return self.api.create_commit(repo, operations, **rest)

    def write(self, name: str, content: bytes) -> str:
        path = self.folder / uuid.uuid4().hex / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return str(path)

    def head(self, repo: str, revision: str | None = None) -> str:
        return self.api.model_info(repo, revision=revision).sha

    def files(self, repo: str, revision: str | None = None) -> set[str]:
        return set(self.api.list_repo_files(repo, revision=revision)) - {".gitattributes"}

    def get(self, repo: str, path: str, revision: str = "main", api: HfApi | None = None) -> bytes:
        cache = tempfile.mkdtemp(dir=self.folder)
        return Path((api or self.api).hf_hub_download(repo, path, revision=revision, cache_dir=cache)).read_bytes()

    def raw(
        self, method: str, path: str, body: bytes | Any = None, *, token: str | None = "", headers: dict[str, str] | None = None
    ) -> Answer:  # fmt: skip
        """By hand, W's token unless told; redirects within the hub or to its store are followed by hand too."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        parts = urlsplit(path if path.startswith("http") else self.endpoint + path)
        link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        link.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {"Content-Length": str(len(body or b"")), **sent}.items():
            link.putheader(name, value)
        link.endheaders(body or b"")
        found = link.getresponse()
        answer = Answer(found.status, found.headers, found.read())
        link.close()
        return answer

    def follow(self, method: str, path: str, **rest: Any) -> Answer:
        answer = self.raw(method, path, **rest)
        if answer.status in (302, 307):
            is_here = answer.headers["Location"].startswith(("/", self.endpoint))
            answer = self.raw(method, answer.headers["Location"], **({} if is_here else {**rest, "token": None}))
        return answer

    @cached_property
    def zoo(self) -> "Zoo":
        return Zoo(self)

    def command(self, *words: str, **changes: str) -> str:
        environment = {**os.environ, "HF_TOKEN": self.token, "NO_COLOR": "1", **changes}
        program = Path(sys.executable).with_name("hf")
        done = subprocess.run([str(program), *words], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]
        return done.stdout + done.stderr


class Zoo:
    """A repo that many checks only read: made once. `first` and `second` are its commits."""

    def __init__(self, stage: Stage) -> None:
        self.weights, self.config = weights(1, 40_000), b'{"model_type": "bert", "hidden_size": 8}\n'
        self.files = {
            "README.md": CARD.format(tag="zoo").encode(), "config.json": self.config, "model.safetensors": self.weights,
            "sub/deep/notes.txt": b"notes\n", "sub/data.json": b"{}\n",
        }  # fmt: skip
        self.id = stage.id("zoo")
        stage.api.create_repo(self.id, private=False)
        self.first = stage.commit(self.id, self.files).oid
        self.second = stage.commit(self.id, {"added.txt": b"later\n", "config.json": b'{"model_type": "bert"}\n'}).oid
        self.files |= {"added.txt": b"later\n", "config.json": b'{"model_type": "bert"}\n'}


def weights(seed: int, count: int = 1000, **metadata: str) -> bytes:
    """A safetensors file with two tensors of that many numbers together."""
    random = numpy.random.default_rng(seed)
    half = count // 2
    tensors = {
        "a.weight": random.random(half, dtype=numpy.float32),
        "b.weight": random.random((half, 1), dtype=numpy.float32),
    }
    return save(tensors, metadata or {"format": "pt"})


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(content: bytes) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(content)}\nsize {len(content)}\n".encode()


@contextmanager
def refused(*statuses: int, kind: type[BaseException] = HfHubHTTPError) -> Iterator[None]:
    """The block has to end with an error of this status and kind. `statuses` empty: any 4xx or 501."""
    try:
        yield
    except kind as error:
        response = getattr(error, "response", None)
        if response is None and error.__cause__ is not None:
            response = getattr(error.__cause__, "response", None)
        status = None if response is None else response.status_code
        good = statuses or (*range(400, 500), 501)
        if status not in good and (status is not None or isinstance(error, HfHubHTTPError)):
            raise AssertionError(f"status {status}, not one of {statuses}: {error}") from error
        return
    raise AssertionError(f"no error came, {kind.__name__} was expected")


def same(found: Any, wanted: Any) -> None:
    assert found == wanted, f"{str(found)[:300]} is not {str(wanted)[:300]}"
