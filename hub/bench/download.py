"""`python -m hub.bench.download`: a file through the hub (nginx sends it by X-Accel-Redirect) against nginx serving the file directly.

Both come from the same nginx and the same bytes on disk; the hub's own answer asks for rights, counts the download and names the
file. Each figure is the median over interleaved rounds. Needs nginx, such as Debian's.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hub.bench.figures import MIB, interleaved, keep, median, parser_make, skip
from hub.bench.live import CODE, free_port, live_hub
from hub.bench.sending import content_commit, content_make, content_send, repo_make

TEMPLATE = CODE / "hub" / "config" / "proxy.conf.template"
DIRECT = "location /direct/ { alias %s/; sendfile on; sendfile_max_chunk 2m; tcp_nopush on; gzip off; }"
MAIN = """
daemon off; worker_processes 1; pid %(scratch)s/nginx.pid; error_log %(scratch)s/nginx.log; %(user)s
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path %(scratch)s/body; proxy_temp_path %(scratch)s/proxy; fastcgi_temp_path %(scratch)s/fastcgi;
  uwsgi_temp_path %(scratch)s/uwsgi; scgi_temp_path %(scratch)s/scgi;
  %(server)s
}
"""


def main() -> int:
    parser = parser_make("download", __doc__)
    parser.add_argument(
        "--mib", type=int, nargs="+", default=[1, 64, 1024], help="sizes of files (default: 1, 64 and 1024)"
    )
    parser.add_argument("--rounds", type=int, default=9, help="measured rounds (default: %(default)s)")
    options = parser.parse_args()
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    options.data_dir.mkdir(parents=True, exist_ok=True)
    if nginx is None:
        return skip(options.data_dir, "download", "There is no nginx on this machine; Debian's package is enough.")
    with tempfile.TemporaryDirectory(dir=options.data_dir, prefix="bench-") as name:
        scratch = Path(name).resolve()
        outside, inside = free_port(), free_port()
        settings = {
            "USE_X_ACCEL": "1", "BEHIND_PROXY": "1", "PROXY_COUNT": "1", "SITE_URL": f"http://127.0.0.1:{outside}", "PORT": str(inside),
        }  # fmt: skip
        with (
            live_hub(scratch, **settings) as hub,
            _nginx(nginx, scratch, outside, inside, hub.data_dir / "blobs"),
            hub.client(f"http://127.0.0.1:{outside}") as client,
        ):
            repo_make(client, "download")
            rows = [_measure(client, outside, mib, options.rounds) for mib in options.mib]
    keep(options.data_dir, "download", rows, rounds=options.rounds)
    for row in rows:
        print(
            f"{row['size_bytes'] // MIB:>6} MiB  nginx {row['direct_s'] * 1000:>8.1f} ms   hub {row['hub_s'] * 1000:>8.1f} ms   "
            f"{row['ratio']:.2f} × nginx   ({row['hub_mib_per_s']:.0f} MiB/s)"
        )
    return 0


def _measure(client: httpx.Client, port: int, mib: int, rounds: int) -> dict[str, float]:
    content = content_make(mib * MIB)
    sha256, path = content.sha256(), f"{mib}.safetensors"
    content_send(client, "bench/download", content, sha256, "basic")
    content_commit(client, "bench/download", path, sha256, content.size_bytes)
    seconds = interleaved(
        {
            "direct": lambda: _fetch(port, f"/direct/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}", content.size_bytes),
            "hub": lambda: _fetch(port, f"/bench/download/resolve/main/{path}", content.size_bytes),
        },
        rounds,
    )
    direct, hub = median(seconds["direct"]), median(seconds["hub"])
    return {
        "size_bytes": content.size_bytes, "direct_s": direct, "hub_s": hub, "ratio": direct / hub, "hub_mib_per_s": mib / hub,
        "direct_all_s": seconds["direct"], "hub_all_s": seconds["hub"],
    }  # type: ignore[dict-item] # fmt: skip


def _fetch(port: int, path: str, size_bytes: int) -> None:
    """By a bare socket into one buffer: the client must not be what is measured."""
    buffer = bytearray(4 * MIB)
    view = memoryview(buffer)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        received = connection.recv_into(view)
        while b"\r\n\r\n" not in buffer[:received]:
            received += connection.recv_into(view[received:])
        head, _, body = bytes(buffer[:received]).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path} answered {head[:200]!r}")
        left = size_bytes - len(body)
        while left and (count := connection.recv_into(view)):
            left -= count
        if left:
            raise RuntimeError(f"{path} ended {left} bytes early.")


@contextmanager
def _nginx(program: str, scratch: Path, outside: int, inside: int, blobs: Path) -> Iterator[None]:
    values = {
        "LISTEN": f"127.0.0.1:{outside}",
        "WEB": f"127.0.0.1:{inside}",
        "BLOBS": str(blobs),
        "PUBLIC_SCHEME": "http",
    }
    server = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], TEMPLATE.read_text())
    server = server.replace("location /_blobs/ {", f"{DIRECT % blobs}\n    location /_blobs/ {{")
    user = "user root;" if os.geteuid() == 0 else ""
    config = scratch / "nginx.conf"
    config.write_text(MAIN % {"scratch": scratch, "server": server, "user": user})
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", outside)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
