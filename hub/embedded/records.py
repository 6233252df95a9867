"""What `up` started, on disk: after a kill of everything, the next start finds and ends what was left."""

import contextlib
import json
import os
import signal
from pathlib import Path

from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout
from hub.embedded.processes import Identity, identity_of, is_alive, pids_marked, stop_all

STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class ProcessRecords:
    def __init__(self, layout: Layout) -> None:
        self._data_dir = layout.data_dir
        self._path: Path = layout.run / "processes.json"
        self._known: dict[str, Identity] = {}

    def add(self, name: str, pid: int) -> None:
        identity = identity_of(pid)
        if identity:
            self._known[name] = identity
            self._write()

    def drop(self, name: str) -> None:
        if self._known.pop(name, None):
            self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps({name: [known.pid, known.started] for name, known in self._known.items()}))
        temporary.replace(self._path)

    def stop_orphans(self) -> int:
        """Ends web and workers of an earlier run, and what they started. Postgres and Redis see to themselves.

        Known by pid and start time from the file, and by the data directory in their environment. How many there were.
        """
        found = set(pids_marked(self._data_dir)) - {os.getpid()}
        for pid, started in self._read():
            if is_alive(Identity(pid, started)):
                found.add(pid)
        if found and not stop_all(found, STEPS):
            raise EmbeddedError(
                f"Processes of an earlier run do not end: {', '.join(map(str, sorted(found)))}. End them, then start again."
            )
        return len(found)

    def _read(self) -> list[tuple[int, str]]:
        with contextlib.suppress(OSError, ValueError):
            return [
                (pid, started)
                for name, (pid, started) in json.loads(self._path.read_text()).items()
                if name not in ("postgres", "redis")
            ]
        return []
