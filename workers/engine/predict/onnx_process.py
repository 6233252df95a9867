"""Starts the child that runs an ONNX model, and asks it. A model that hangs, crashes or eats memory takes nothing else with it."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.predict.frames import Arrays, FrameError, read_frame, write_frame
from workers.engine.predict.predictor import refused
from workers.planning.wording import printable

MODULE = "workers.engine.predict.onnx_child"
ROOT = Path(__file__).resolve().parents[3]
ANSWER_S = 300.0
CPU_S = 6 * 3600
_BASE_BYTES, _PER_BYTE = 3 * 2**30, 6


class OnnxProcess:
    """`answer_s` is how long one answer may take."""

    def __init__(self, model: bytes, *, name: str, answer_s: float = ANSWER_S, memory_bytes: int | None = None) -> None:
        self.name, self.answer_s, self.peak_bytes = name, answer_s, 0
        # SECURITY: an allow-list: nothing of our environment goes in but what Python needs to find its libraries.
        kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if key in os.environ}
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", MODULE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**kept, **single, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        try:
            limit = memory_bytes or _BASE_BYTES + _PER_BYTE * len(model)
            head, _ = self.ask({"memory_bytes": limit, "seconds": CPU_S})
            self.is_shut = bool(head.get("shut"))
            self.described, _ = self.ask({"op": "load"}, {"model": np.frombuffer(model, dtype=np.uint8)})
        except BaseException:
            self.close()
            raise

    def run(
        self, output: str, arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, list[str]] | None = None
    ) -> tuple[Any, Any]:
        """(array, class names or None) of the output of that name."""
        head, found = self.ask({"op": "run", "output": output, "texts": dict(texts or {})}, arrays)
        if "output" not in found:
            raise self._failed("it gave no answer")
        return found["output"], head.get("classes")

    def ask(
        self, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> tuple[dict[str, Any], Arrays]:
        """Raises UserError when the child says that something is wrong with the model, ends, or takes too long."""
        until = time.monotonic() + self.answer_s
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the child was started without pipes")
        try:
            write_frame(stdin, head, arrays)  # type: ignore[arg-type]
            answer, found = read_frame(lambda count: self._read(stdout.fileno(), count, until))
        except (BrokenPipeError, EOFError):
            code = self._process.wait(timeout=10)
            raise self._failed(f"its process ended with {_ending(code)}") from None
        except FrameError as error:
            raise self._failed(f"its answer cannot be read: {error}") from error
        self.peak_bytes = max(self.peak_bytes, int(answer.get("peak_bytes", 0)))
        if "error" in answer:
            raise self._failed(str(answer["error"]))
        return answer, found

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # it ended first
        self._process.kill()
        self._process.wait()

    def _read(self, descriptor: int, count: int, until: float) -> bytes:
        held = bytearray()
        while len(held) < count:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                self._process.kill()
                raise self._failed(f"it gave no answer within {self.answer_s:.0f} s")
            part = os.read(descriptor, min(count - len(held), 2**20))
            if not part:
                raise EOFError
            held += part
        return bytes(held)

    def _failed(self, why: str) -> Exception:
        return refused("onnx_failed", f"{self.name} cannot be run by onnxruntime: {printable(why)[:300]}.")


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
