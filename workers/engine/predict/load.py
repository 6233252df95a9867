"""LOADERS: one row per way to run an entry. A new kind of artifact (family, composition) joins by a row and a file."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from workers.engine.io.dtypes import dtype_of
from workers.engine.predict.modules import read_json
from workers.engine.predict.predictor import Predictor, refused

MANIFEST, ADAPTER_CONFIG = "genepool.json", "adapter_config.json"


@dataclass(frozen=True)
class Request:
    """What a loader is given. `base_folder` is None where the entry stands alone."""

    folder: Path
    task: str
    name: str
    base_folder: Path | None
    dtype: torch.dtype
    device: str

    @property
    def base(self) -> Path:
        """Raises UserError without one."""
        if self.base_folder is None:
            raise refused("base_missing", f"{self.name} gives no answers without its base.")
        return self.base_folder


@dataclass(frozen=True)
class Loader:
    """`artifact` is what the entry holds, `path` names a function from a Request to a Predictor."""

    artifact: str
    path: str


LOADERS: tuple[Loader, ...] = (
    Loader("model", "workers.engine.predict.whole:load_model"),
    Loader("adapter", "workers.engine.predict.whole:load_adapter"),
    Loader("task_vector", "workers.engine.predict.whole:load_task_vector"),
    Loader("onnx", "workers.engine.predict.onnx:load"),
)


def load_predictor(
    folder: Path,
    *,
    task: str,
    name: str,
    base_folder: Path | None = None,
    dtype: str = "float32",
    device: str = "cpu",
) -> Predictor:
    """The entry in `folder`, ready to answer.

    Args:
        task: a name of the task table, which decides the head; "" takes the head that the model has.
        name: stands in messages.
        base_folder: the model that an adapter or a task vector was made for.
        dtype: number format of weights and activations: float32, float16, bfloat16, float64.
        device: torch's name of it.

    Raises:
        UserError: nothing here runs such an entry, or the entry is broken; the finding says which.
    """
    artifact = artifact_of_folder(folder)
    row = next((loader for loader in LOADERS if loader.artifact == artifact), None)
    if row is None:
        raise refused("wrong_artifact", f"{name} is a {artifact.replace('_', ' ')}. Nothing here runs such an entry.")
    module, _, function = row.path.partition(":")
    load: Callable[[Request], Predictor] = getattr(importlib.import_module(module), function)
    return load(Request(folder, task, name, base_folder, dtype_of(dtype), device))


def artifact_of_folder(folder: Path) -> str:
    """What `folder` holds: as its manifest says, else as its files show. A model saved as ONNX alone is `onnx`."""
    declared = read_json(folder / MANIFEST).get("artifact") if (folder / MANIFEST).is_file() else None
    if isinstance(declared, str) and declared not in {"model", "unknown", "adapter"}:
        return declared
    if (folder / ADAPTER_CONFIG).is_file():
        return "adapter"
    return "onnx" if any(folder.glob("*.onnx")) and not any(folder.glob("*.safetensors")) else "model"
