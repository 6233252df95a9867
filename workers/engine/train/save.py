"""Writes what was trained as stock files: a transformers checkpoint, or a peft adapter. Equal weights give equal bytes."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from workers.planning.extract import TOKENIZER_FILES

_COMPANIONS = ("tokenizer_config.json", "chat_template.jinja", "preprocessor_config.json")
# What names this machine, not the model.
_LOCAL_KEYS = ("_name_or_path",)


def save_model(model: torch.nn.Module, out: Path) -> None:
    """`config.json` and `model.safetensors` (sharded with an index when large)."""
    saver: Any = model
    saver.save_pretrained(out)
    _drop_local(out / "config.json")


def save_words(folder: Path | None, tokenizer: Any, out: Path) -> None:
    """What turns text and pictures into a model's inputs: a tokenizer that was learnt, or the files of the model trained from."""
    if tokenizer is not None:
        tokenizer.save_pretrained(out)
    for name in (*TOKENIZER_FILES, *_COMPANIONS) if folder is not None else ():
        if folder is not None and (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)


def save_adapter(model: torch.nn.Module, out: Path, *, base: str, revision: str) -> None:
    """`adapter_config.json` and `adapter_model.safetensors`, with a head of its own also `config.json`.

    `base` is the name of the base's repo, `revision` its commit or "".
    """
    saver: Any = model
    # Without its embeddings: peft would ask another hub whether the base has others.
    saver.save_pretrained(out, save_embedding_layers=False)
    (out / "README.md").unlink(missing_ok=True)  # peft's own card, full of blanks
    path = out / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"base_model_name_or_path": base, "revision": revision or None}
    # peft keeps the layers' names in a set, whose order changes from process to process.
    for name in ("target_modules", "modules_to_save"):
        config[name] = sorted(config[name]) if isinstance(config[name], list) else config[name]
    _write(path, config)
    if config["modules_to_save"]:
        # A head of its own has classes of its own: whoever loads the base under it takes them from here.
        base_model = saver.get_base_model()
        base_model.config.architectures = [type(base_model).__name__]
        base_model.config.save_pretrained(out)
        _drop_local(out / "config.json")


def _drop_local(path: Path) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    _write(path, {key: value for key, value in config.items() if key not in _LOCAL_KEYS})


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
