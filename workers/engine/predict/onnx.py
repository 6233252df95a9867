"""An ONNX model as a Predictor: how models of tables live here, and any classifier of pictures that was exported."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.predict.load import Request
from workers.engine.predict.modules import read_json
from workers.engine.predict.onnx_process import OnnxProcess
from workers.engine.predict.predictor import Batch, Capability, Doubles, Predictor, refused

LARGEST_BYTES = 2**31 - 1  # of a protocol buffer
_NUMBERS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
_LEAST = 1e-12


def load(request: Request) -> "OnnxPredictor":
    """The one `.onnx` file of the folder.

    Raises:
        UserError: none or several, one that is too large, or one that onnxruntime does not take.
    """
    files = sorted(request.folder.rglob("*.onnx"))
    if len(files) != 1:
        listed = ", ".join(file.name for file in files[:4]) or "none"
        raise refused("onnx_unclear", f"{request.name} must hold one .onnx file; it holds {listed}.")
    size = files[0].stat().st_size
    if size > LARGEST_BYTES:
        raise refused("onnx_too_large", f"The .onnx file of {request.name} is larger than 2 GiB.")
    process = OnnxProcess(files[0].read_bytes(), name=request.name)
    try:
        return OnnxPredictor(process, request.folder, task=request.task, name=request.name, size_bytes=size)
    except BaseException:
        process.close()
        raise


class OnnxPredictor(Predictor):
    """Takes `features` (one matrix, or one input per column in order) or `image`; classes come from config.json's id2label.

    Scores are ln p where the model gives probabilities: where its output is called so, is a list of {class: p}, or sums to one
    over all-zero inputs. Other scores are taken as they are.
    """

    def __init__(self, process: OnnxProcess, folder: Path, *, task: str, name: str, size_bytes: int) -> None:
        self.process = process
        super().__init__(
            name=name, labels=_labels(folder), parameters=int(process.described["numbers"]), size_bytes=size_bytes
        )
        if not process.is_shut:
            self.remark(f"{name} ran without the confinement that Linux gives: this system has none.")
        self.inputs: list[dict[str, Any]] = process.described["inputs"]
        self._check_inputs()
        self.output = self._output(task)
        deed: Capability = "regress" if task.endswith("regression") else "classify"
        self.can = frozenset({deed})
        self.are_probabilities = deed == "classify" and self._are_probabilities()

    def classify(self, batch: Batch) -> Doubles:
        if "classify" not in self.can:
            raise self.cannot("classify")
        scores, classes = self.process.run(self.output["name"], self._fed(batch))
        if scores.ndim != 2 or len(scores) != _rows(batch):
            raise refused(
                "onnx_output", f"{self.name} answers with {list(scores.shape)}; classes need [rows, classes]."
            )
        if classes is not None and not self.labels:
            self.labels = tuple(classes)
        wide: Doubles = scores.astype(np.float64)
        # ln 0 has no place in a mean: what a model holds impossible is held as good as impossible.
        return np.log(np.clip(wide, _LEAST, None)) if self.are_probabilities else wide

    def regress(self, batch: Batch) -> Doubles:
        if "regress" not in self.can:
            raise self.cannot("regress")
        found, _ = self.process.run(self.output["name"], self._fed(batch))
        if found.size != _rows(batch):
            raise refused(
                "onnx_output", f"{self.name} answers with {list(found.shape)}; one number for each row is needed."
            )
        numbers: Doubles = found.reshape(-1).astype(np.float64)
        return numbers

    @property
    def image_form(self) -> tuple[int | None, int | None, int | None]:
        form = self.inputs[0]["shape"]
        return (form[1], form[2], form[3]) if len(form) == 4 else (None, None, None)

    @property
    def outside_bytes(self) -> int:
        return self.process.peak_bytes

    def close(self) -> None:
        self.process.close()

    def _check_inputs(self) -> None:
        strange = [row for row in self.inputs if row["type"] not in _NUMBERS]
        if strange or not self.inputs:
            held = ", ".join(f"{row['name']} ({row['type']})" for row in strange[:3]) or "no inputs"
            raise refused("onnx_input", f"{self.name} takes {held}. Inputs of numbers are fed, others are not.")

    def _output(self, task: str) -> dict[str, Any]:
        """The output to read: probabilities before scores before anything else that holds numbers."""
        outputs = self.process.described["outputs"]
        maps = [row for row in outputs if row["type"].startswith("seq(map(")]
        numbers = [row for row in outputs if row["type"] in ("tensor(float)", "tensor(double)")]
        likely = [row for row in numbers if "prob" in row["name"].lower()]
        chosen = numbers if task.endswith("regression") else [*maps, *likely, *numbers]
        if not chosen:
            wanted = "a number" if task.endswith("regression") else "probabilities or scores of its classes"
            raise refused("onnx_output", f"{self.name} has no output with {wanted}. Export it with one.")
        found: dict[str, Any] = chosen[0]
        return found

    def _are_probabilities(self) -> bool:
        if self.output["type"].startswith("seq(map(") or "prob" in self.output["name"].lower():
            return True
        zeros = {
            row["name"]: np.zeros([size or 1 for size in row["shape"]], dtype=_NUMBERS[row["type"]])
            for row in self.inputs
        }
        found, _ = self.process.run(self.output["name"], zeros)
        return bool(found.ndim == 2 and (found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=1e-4))

    def _fed(self, batch: Batch) -> dict[str, NDArray[Any]]:
        values = np.asarray(batch["image"] if "image" in batch else self._features(batch))
        if len(self.inputs) == 1:
            row = self.inputs[0]
            self._check_shape(row["shape"], values)
            return {row["name"]: values.astype(_NUMBERS[row["type"]])}
        if values.ndim != 2 or values.shape[1] != len(self.inputs):
            held = values.shape[1] if values.ndim == 2 else len(values.shape)
            raise refused("feature_count", f"{self.name} takes {len(self.inputs)} features; the data has {held}.")
        return {
            row["name"]: values[:, place].reshape([-1, *[1] * (len(row["shape"]) - 1)]).astype(_NUMBERS[row["type"]])
            for place, row in enumerate(self.inputs)
        }

    def _features(self, batch: Batch) -> Any:
        if "features" not in batch:
            raise refused("wrong_input", f"{self.name} takes features; the data holds {', '.join(sorted(batch))}.")
        return batch["features"]

    def _check_shape(self, wanted: list[int | None], values: NDArray[Any]) -> None:
        if len(wanted) == values.ndim and all(
            want is None or want == have for want, have in zip(wanted[1:], values.shape[1:], strict=True)
        ):
            return
        if values.ndim == 2 and len(wanted) == 2:
            raise refused("feature_count", f"{self.name} takes {wanted[1]} features; the data has {values.shape[1]}.")
        form = " × ".join("any" if size is None else str(size) for size in wanted[1:]) or "single numbers"
        given = " × ".join(map(str, values.shape[1:])) or "single numbers"
        raise refused("input_shape", f"{self.name} takes {form}; the data has {given}.")


def _rows(batch: Batch) -> int:
    return len(next(iter(batch.values())))


def _labels(folder: Path) -> tuple[str, ...]:
    if not (folder / "config.json").is_file():
        return ()
    names = read_json(folder / "config.json").get("id2label")
    if not isinstance(names, dict) or not all(str(key).isdecimal() for key in names):
        return ()
    return tuple(str(names[key]) for key in sorted(names, key=int))
