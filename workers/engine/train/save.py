"""Writes what was trained as stock files: a transformers checkpoint, or a peft adapter. Equal weights give equal bytes."""

import json
from pathlib import Path
from typing import Any

import torch

# What names this machine, not the model.
_LOCAL_KEYS = ("_name_or_path",)


def save_model(model: torch.nn.Module, out: Path) -> None:
    """`config.json` and `model.safetensors` (sharded with an index when large)."""
    saver: Any = model
    saver.save_pretrained(out)
    path = out / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    _write(path, {key: value for key, value in config.items() if key not in _LOCAL_KEYS})


def save_adapter(model: torch.nn.Module, out: Path, *, base: str, revision: str) -> None:
    """`adapter_config.json` and `adapter_model.safetensors`. `base` is the name of the base's repo, `revision` its commit or ""."""
    saver: Any = model
    saver.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)  # peft's own card, full of blanks
    path = out / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"base_model_name_or_path": base, "revision": revision or None}
    # peft keeps the layers' names in a set, whose order changes from process to process.
    config["target_modules"] = (
        sorted(config["target_modules"]) if isinstance(config["target_modules"], list) else config["target_modules"]
    )
    _write(path, config)


def parameter_counts(model: torch.nn.Module) -> tuple[int, int]:
    """(trained, all)."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, _ in sizes)


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
