"""`python -m hub.bench.memory`: how much memory the hub's processes take more while a large file goes up and comes down.

Anonymous resident memory of every process of the hub (pages of files are the kernel's to drop), looked at ten times a second,
against what it was before. The file is made while it is sent and hashed while it comes back; nothing of it is kept in memory here.
"""

import hashlib
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from hub.bench.figures import MIB, keep, parser_make
from hub.bench.live import LiveHub, live_hub
from hub.bench.sending import content_commit, content_make, content_send, repo_make

EVERY_S = 0.1
WARM_BYTES = 8 * MIB


class Watch:
    """The largest growth of any one process while the block lasts."""

    def __init__(self, hub: LiveHub) -> None:
        self.hub, self.before, self.growth, self.peak = hub, hub.anonymous_bytes(), 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self.start = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.start
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            for pid, size in self.hub.anonymous_bytes().items():
                self.growth = max(self.growth, size - self.before.get(pid, size))
                self.peak = max(self.peak, size)
            if self._stop.wait(EVERY_S):
                return


def main() -> int:
    parser = parser_make("memory", __doc__)
    parser.add_argument("--mib", type=int, default=4096, help="size of the file (default: 4096)")
    options = parser.parse_args()
    options.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.data_dir, prefix="bench-") as name:
        scratch = Path(name).resolve()
        room = shutil.disk_usage(scratch).free
        if room < 5 * options.mib * MIB:
            print(
                f"Only {room // MIB} MiB of disk are free; files of {options.mib} MiB may not fit twice.",
                file=sys.stderr,
            )
        with live_hub(scratch) as hub, hub.client() as client:
            repo_make(client, "memory")
            rows: list[dict[str, Any]] = []
            for transfer in ("basic", "multipart"):
                rows += _measure(hub, client, transfer, options.mib * MIB)
    keep(options.data_dir, "memory", rows, size_bytes=options.mib * MIB)
    for row in rows:
        if "skipped" in row:
            print(f"{row['name']:20} skipped: {row['skipped']}")
        else:
            print(
                f"{row['name']:20}{row['growth_bytes'] / MIB:>8.1f} MiB more, peak {row['peak_bytes'] / MIB:.0f} MiB, "
                f"{row['seconds']:.1f} s, {options.mib / row['seconds']:.0f} MiB/s"
            )
    return 0


def _measure(hub: LiveHub, client: httpx.Client, transfer: str, size_bytes: int) -> list[dict[str, Any]]:
    content = content_make(size_bytes)
    for warm in range(4):  # every web process has loaded what it needs
        small = content_make(WARM_BYTES + warm)
        sha256 = small.sha256()
        content_send(client, "bench/memory", small, sha256, "basic")
        content_commit(client, "bench/memory", f"warm-{transfer}-{warm}.safetensors", sha256, small.size_bytes)
        _receive(client, f"warm-{transfer}-{warm}.safetensors")
    sha256 = content.sha256()
    with Watch(hub) as up:
        was_taken = content_send(client, "bench/memory", content, sha256, transfer)
    if not was_taken:
        return [{"name": f"{transfer} up", "skipped": "the hub does not offer it for a file of this size"}]
    path = f"{transfer}.safetensors"
    content_commit(client, "bench/memory", path, sha256, content.size_bytes)
    with Watch(hub) as down:
        received = _receive(client, path)
    if received != sha256:
        raise RuntimeError(f"{path} came back with another content.")
    return [_row(f"{transfer} up", up), _row(f"{transfer} down", down)]


def _receive(client: httpx.Client, path: str) -> str:
    digest = hashlib.sha256()
    with client.stream("GET", f"/bench/memory/resolve/main/{path}", follow_redirects=True) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes(MIB):
            digest.update(chunk)
    return digest.hexdigest()


def _row(name: str, watch: Watch) -> dict[str, Any]:
    return {"name": name, "growth_bytes": watch.growth, "peak_bytes": watch.peak, "seconds": watch.seconds}


if __name__ == "__main__":
    sys.exit(main())
