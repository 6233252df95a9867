"""What a job used: wall and processor seconds, peak memory, bytes. Measured where the work is done, in the child."""

import os
import resource
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

SAMPLE_S = 0.02
_STATM = Path("/proc/self/statm")


class Meter:
    """Measures while it is open. Memory is anonymous memory, sampled: pages of mapped model files can be dropped at any time."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="meter", daemon=True)
        self._peak_bytes = 0
        self._wall_start, self._cpu_start = time.monotonic(), time.process_time()

    def __enter__(self) -> "Meter":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def cost(self, *, read_bytes: int = 0, written_bytes: int = 0) -> dict[str, Any]:
        self._look()
        return {
            "wall_s": round(time.monotonic() - self._wall_start, 3),
            "cpu_s": round(time.process_time() - self._cpu_start, 3),
            "peak_memory_bytes": self._peak_bytes,
            "read_bytes": read_bytes,
            "written_bytes": written_bytes,
        }

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self._look()

    def _look(self) -> None:
        self._peak_bytes = max(self._peak_bytes, anonymous_bytes())


def anonymous_bytes() -> int:
    """Resident memory of this process that no file backs; elsewhere than on Linux the peak of all resident memory."""
    try:
        resident, shared = _STATM.read_text().split()[1:3]
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
