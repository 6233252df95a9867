"""101 and on: what goes wrong in real life."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from huggingface_hub import snapshot_download
from kit import Stage, check, same, sha256
from safetensors import safe_open

UPLOAD = (
    "import sys; from huggingface_hub import upload_file; "
    "print('begin', flush=True); upload_file(path_or_fileobj=sys.argv[1], path_in_repo='big.arrow', repo_id=sys.argv[2])"
)
STEPS = (0.05, 0.2, 0.4, 0.7)


@check(101, "kill -9 in the middle of an upload, then again")
def killed(stage: Stage) -> None:
    """At several moments: afterwards there is the commit or nothing, and the next try succeeds."""
    repo = stage.fresh()
    content = random.Random(stage.run_name).randbytes(20 * 2**20)
    path = stage.write("big.arrow", content)
    before = stage.head(repo)
    for seconds in STEPS:
        process = subprocess.Popen(
            [sys.executable, "-c", UPLOAD, path, repo], env={**os.environ, "HF_TOKEN": stage.token}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # The head first: the commit that the client had asked for may still land between the two looks.
        head, files = stage.head(repo), stage.files(repo)
        if files:
            same(files, {"big.arrow"})
            same(sha256(stage.get(repo, "big.arrow")), sha256(content))
            break
        same(head, before)
    stage.api.upload_file(path_or_fileobj=path, path_in_repo="big.arrow", repo_id=repo)
    same(sha256(stage.get(repo, "big.arrow")), sha256(content))


@check(102, "twenty snapshot downloads at once")
def parallel(stage: Stage) -> None:
    def one(number: int) -> Path:
        return Path(
            snapshot_download(
                stage.zoo.id, token=stage.token, cache_dir=stage.folder / f"parallel-{number}", max_workers=2
            )
        )

    with ThreadPoolExecutor(20) as pool:
        roots = list(pool.map(one, range(20)))
    for root in roots:
        for name, content in stage.zoo.files.items():
            same((root / name).read_bytes(), content)


@check(103, "fifty commits to one branch at once")
def fifty(stage: Stage) -> None:
    repo, errors = stage.fresh(), []

    def one(number: int) -> None:
        try:
            stage.commit(repo, {f"{number}.txt": b"%d" % number})
        except Exception as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(errors, [])
    same(stage.files(repo), {f"{number}.txt" for number in range(50)})


@check(104, "load_file of what was downloaded, tensor by tensor")
def tensors(stage: Stage) -> None:
    path = stage.api.hf_hub_download(stage.zoo.id, "model.safetensors")
    with safe_open(path, "numpy") as file:
        same([file.get_slice(name).get_shape() for name in sorted(file.keys())], [[20_000], [20_000, 1]])
