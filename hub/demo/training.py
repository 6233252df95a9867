"""Has the zoo trained by a process of its own: the hub itself never loads torch."""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

CODE = Path(__file__).resolve().parents[2]
Tell = Callable[[float, float, str], None]


class TrainingFailed(Exception):
    """The zoo could not be trained. The message holds the last words of the process that tried."""


def zoo_train(cache: Path, tell: Tell, *, processes: int = 2) -> dict[str, Any]:
    """Trains what `cache` lacks and gives the description of the zoo in it: `zoo.json`."""
    command = [sys.executable, "-m", "workers.demo.make", str(cache), "--processes", str(processes), "--watch-input"]
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "errors.log").open("w+") as errors:
        # Its standard input is a pipe that nobody writes to: it closes when this process ends, however that happens.
        with subprocess.Popen(
            command, cwd=CODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101 asked for above
            for line in process.stdout:
                note = json.loads(line)
                tell(note["done"], note["total"], note["message"])
        if process.returncode != 0:
            errors.seek(0)
            words = "".join(deque(errors, 20))
            raise TrainingFailed(
                f"The demo zoo could not be trained (status {process.returncode}). Its last words:\n{words}"
            )
    document: dict[str, Any] = json.loads((cache / "zoo.json").read_text(encoding="utf-8"))
    return document


def cache_folder() -> Path:
    return Path(settings.DATA_DIR) / "zoo"
