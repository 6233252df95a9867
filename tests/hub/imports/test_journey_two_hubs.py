"""Two Genepools on one machine: a repo goes from one to the other though everything is killed on the way."""

import hashlib
import io
import os
import random
import signal
import urllib.request
from pathlib import Path

import pytest

from tests.hub.api.zoo import weights
from tests.hub.embedded_support import open_folder, wait_for
from tests.hub.imports.holding_proxy import HELD_AFTER, Proxy
from tests.hub.imports.two_hubs import fetching_pids, tree_of, whole_hub

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finding every process needs /proc"),
]
BIG = "weights/deep/big.npy"


def _get(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def _noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def _fill(url: str, token: str) -> None:
    """A model with nested paths, LFS and regular files, a branch with a slash and two tags; a dataset beside it."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    def add(**files: bytes) -> list[CommitOperationAdd]:
        return [CommitOperationAdd(name, io.BytesIO(content)) for name, content in files.items()]

    api = HfApi(endpoint=url, token=token)
    model, data = "ada/model", "ada/data"
    api.create_repo(model, private=True)
    files = {
        "README.md": b"---\nlicense: apache-2.0\n---\n# Model\n\nWords.\n", "config.json": b'{"model_type": "vit"}', "model.safetensors": weights(),
        "sub/folder/notes with spaces & \xc3\xa4.txt".encode("latin-1").decode(): b"kept as it is\r\n", "sub/empty.txt": b"", BIG: _noise(6_000_000, 1),
        "weights/same.npy": _noise(300_000, 2),
    }  # fmt: skip
    api.create_commit(model, add(**files), commit_message="All of it")
    api.create_commit(model, add(**{"weights/again.npy": _noise(300_000, 2)}), commit_message="The same bytes again")
    api.create_tag(model, tag="v1.0")
    api.create_branch(model, branch="try/other")
    changed = [
        *add(**{"config.json": b'{"model_type": "bert"}', "only/there.npy": _noise(500_000, 3)}),
        CommitOperationDelete("sub/empty.txt"),
    ]
    api.create_commit(model, changed, commit_message="Otherwise", revision="try/other")
    api.create_commit(model, add(**{"old.txt": b"in the tag alone"}), commit_message="Old", revision="try/other")
    api.create_tag(model, tag="between", revision="try/other")
    api.create_commit(model, [CommitOperationDelete("old.txt")], commit_message="Gone", revision="try/other")
    api.create_repo(data, repo_type="dataset", private=True)
    api.create_commit(
        data,
        add(**{"README.md": b"# Data\n", "data/train.csv": b"a,b\n1,2\n", "data/x.npy": _noise(700_000, 4)}),
        commit_message="Data",
        repo_type="dataset",
    )


def _refs(url: str, token: str, repo: str, type: str) -> list[str]:
    import json

    body = json.loads(_get(f"{url}/api/{type}s/{repo}/refs", token))
    return sorted(f"{kind}/{row['name']}" for kind in ("branches", "tags") for row in body[kind])


def _is_equal(there: tuple[str, str, str], here: tuple[str, str, str], type: str) -> int:
    """Same refs, and at each of them the same git ids, sizes and bytes. Gives the number of files that were read."""
    from urllib.parse import quote

    assert _refs(*there, type) == _refs(*here, type)
    read = 0
    for ref in _refs(*there, type):
        revision = quote(ref.partition("/")[2], safe="")
        trees = [
            tree_of(f"{url}/api/{type}s/{repo}/tree/{revision}", token, _get) for url, token, repo in (there, here)
        ]
        assert trees[0] == trees[1]
        prefix = "datasets/" if type == "dataset" else ""
        for path in trees[0]:
            if trees[0][path][1]:
                sums = [
                    hashlib.sha256(_get(f"{url}/{prefix}{repo}/resolve/{revision}/{quote(path)}", token)).hexdigest()
                    for url, token, repo in (there, here)
                ]
                assert sums[0] == sums[1], (ref, path)
                read += 1
    return read


def test_a_mirror_ends_byte_identical_whatever_is_killed():
    with open_folder() as folder, whole_hub(folder / "one") as source:
        other = {"IMPORT_PRIVATE_HOSTS": "127.0.0.1", "SWEEP_S": "1", "LEASE_S": "20", "HEARTBEAT_S": "2"}
        address = source.address()
        proxy = Proxy(address)
        other["IMPORT_HOSTS"] = proxy.url
        with whole_hub(folder / "two", **other) as second:
            token = source.person("ada", "write")
            _fill(address, token)
            second_url = second.address()
            mine = second.person("ben", "submit")
            outside = {"GENEPOOL_URL": second_url, "GENEPOOL_TOKEN": mine, "GENEPOOL_SOURCE_TOKEN": token}
            proxy.hold("big.npy")
            second.call("import", "hf:ada/model", "--all-refs", "--to", "ben/mirror", **outside)

            # The fetching process, in the middle of the large file.
            assert proxy.is_held.wait(60)
            wait_for(lambda: _on_disk(second.data_dir) >= HELD_AFTER)
            (first,) = fetching_pids(second.data_dir)
            proxy.is_held.clear()
            os.kill(first, signal.SIGKILL)
            assert proxy.is_held.wait(60)
            wait_for(lambda: _on_disk(second.data_dir) >= 2 * HELD_AFTER)
            ranges = proxy.ranges_of("big.npy")
            assert ranges[0] == ""
            assert int(ranges[1].removeprefix("bytes=").rstrip("-")) > 0

            # The whole hub, further on in it.
            second.kill()
            assert not any(
                b"hf_" in path.read_bytes() or token.encode() in path.read_bytes()
                for path in _readable(second.data_dir)
            )
        proxy.hold("")
        proxy.release()
        with whole_hub(folder / "two", **other) as again:
            second_url = again.address()
            outside["GENEPOOL_URL"] = second_url
            watched = again.call("jobs", "watch", "1", **outside)
            assert watched.startswith("ben/mirror@")
            ranges = proxy.ranges_of("big.npy")
            assert len(ranges) == 3
            assert int(ranges[2].removeprefix("bytes=").rstrip("-")) >= 2 * HELD_AFTER
            again.call("import", "hf:ada/data", "--type", "dataset", "--watch", **outside)
            assert _is_equal((address, token, "ada/model"), (second_url, mine, "ben/mirror"), "model") > 20
            assert _is_equal((address, token, "ada/data"), (second_url, mine, "ben/data"), "dataset") == 4


def _readable(data_dir: Path) -> list[Path]:
    """Files of jobs and logs, in which a token must not stand."""
    return [path for name in ("work", "logs") for path in (data_dir / name).rglob("*.*") if path.is_file()]


def _on_disk(data_dir: Path) -> int:
    """What of the file is safe from a kill: the largest piece in a journal."""
    return max((path.stat().st_size for path in (data_dir / "work").glob("*/journal/parts/*")), default=0)
