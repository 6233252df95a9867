"""`python -m workers.runtime.health`: is the worker on this host alive? Reads files only; no Django, no broker.

Healthy: a bell arrived within two minutes, or a job is running with a fresh heartbeat. The first also catches a worker
that silently stopped to listen after its connection broke.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

BELL_S = 120.0
BEAT_S = 60.0


def folder() -> Path:
    scratch = os.environ.get("SCRATCH_DIR") or str(Path(os.environ.get("GENEPOOL_DATA") or ".genepool") / "work")
    return Path(scratch) / "health"


def _file(at: Path) -> Path:
    return at / f"{socket.gethostname()}-{os.getpid()}.json"


def note(at: Path, *, is_bell: bool = False, job: str = "", clock: Callable[[], float] = time.time) -> None:
    """Writes down that this process lives. Files of processes that are gone are cleared away."""
    at.mkdir(parents=True, exist_ok=True)
    path = _file(at)
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        record = {"bell_at": 0.0}
        _clear(at)
    record |= {"beat_at": clock(), "job": job}
    if is_bell:
        record["bell_at"] = clock()
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(record))
    temporary.replace(path)


def _clear(at: Path) -> None:
    for path in at.glob(f"{socket.gethostname()}-*.json"):
        pid = path.stem.rpartition("-")[2]
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            path.unlink(missing_ok=True)
        except PermissionError:
            continue


def is_healthy(at: Path, now: float) -> bool:
    for path in at.glob(f"{socket.gethostname()}-*.json"):
        try:
            record = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if now - record["bell_at"] <= BELL_S or (record["job"] and now - record["beat_at"] <= BEAT_S):
            return True
    return False


def main() -> int:
    if is_healthy(folder(), time.time()):
        return 0
    print("no bell within 120 s and no running job with a fresh heartbeat", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
