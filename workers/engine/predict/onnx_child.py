"""`python -m workers.engine.predict.onnx_child`: runs one ONNX model, shut in. Requests come on standard input, answers go to standard output.

{"memory_bytes", "seconds"} first; then {"op": "load"} with the file as bytes, then any number of {"op": "run"} with the
inputs. Each answer has "error", or what was asked for.
"""

import os
import resource
import sys
from typing import Any

import numpy as np

from workers.engine.predict.confine import limit, shut
from workers.engine.predict.frames import Arrays, read_frame, write_frame
from workers.engine.predict.onnx_numbers import count_numbers

_MESSAGE = 500


def main() -> None:
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between frames

    def read(count: int) -> bytes:
        held = asked.read(count)
        if len(held) != count:
            os._exit(0)  # nobody asks any more
        return held

    head, _ = read_frame(read)
    limit(memory_bytes=int(head["memory_bytes"]), seconds=int(head["seconds"]))
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    memory = _Memory()
    is_shut = shut()
    write_frame(told, {"shut": is_shut})
    session: Any = None
    while True:
        head, arrays = read_frame(read)
        try:
            if head["op"] == "load":
                model = arrays["model"].tobytes()
                session = _session(onnxruntime, model)
                answer: tuple[dict[str, Any], Arrays] = (_described(session, model), {})
            else:
                answer = _run(session, head, arrays)
        except Exception as error:
            # The library has no common class of its errors, and whatever is wrong with an upload is said, not thrown.
            answer = ({"error": f"{type(error).__name__}: {error}"[:_MESSAGE]}, {})
        write_frame(told, answer[0] | {"peak_bytes": memory.bytes()}, answer[1])


def _session(onnxruntime: Any, model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _described(session: Any, model: bytes) -> dict[str, Any]:
    def form(places: Any) -> list[dict[str, Any]]:
        return [
            {"name": place.name, "type": place.type, "shape": [size if isinstance(size, int) else None for size in place.shape or []]}
            for place in places
        ]  # fmt: skip

    return {
        "inputs": form(session.get_inputs()),
        "outputs": form(session.get_outputs()),
        "numbers": count_numbers(model),
    }


def _run(session: Any, head: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """One output by its name. A list of {class: probability} becomes an array, with the classes in the head."""
    texts = {name: np.array(values, dtype=object) for name, values in head.get("texts", {}).items()}
    (found,) = session.run([head["output"]], {**arrays, **texts})
    if isinstance(found, list):
        classes = list(found[0]) if found else []
        table = np.array([[row[name] for name in classes] for row in found], dtype=np.float32)
        return {"classes": [str(name) for name in classes]}, {"output": table}
    return {}, {"output": np.asarray(found)}


class _Memory:
    """What this process holds that no file backs. Opened early: later on nothing can be opened any more."""

    def __init__(self) -> None:
        # The peak that Linux keeps for a process begins with that of the process which started it.
        self._statm = os.open("/proc/self/statm", os.O_RDONLY) if sys.platform == "linux" else None

    def bytes(self) -> int:
        if self._statm is None:
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resident, shared = os.pread(self._statm, 200, 0).split()[1:3]
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
