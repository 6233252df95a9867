"""Loads a folder's weights into the transformers class that its config names. Only safetensors are read and no code from a repo is run."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from workers.engine.predict.predictor import refused
from workers.planning.heads import HEADS, Head, head_for, head_in


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of an entry.

    Raises:
        UserError: the file is missing or holds no JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise refused("config_unreadable", f"{path.name} is missing or is not JSON.") from error
    if not isinstance(document, dict):
        raise refused("config_unreadable", f"{path.name} does not hold a JSON object.")
    return document


def transformers_quietly() -> Any:
    """The library, imported on first use because that costs seconds, without its progress bars and log lines."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def head_wanted(folder: Path, task: str, name: str) -> Head:
    """The head to load for `task`: the one that it needs, else ("" or a task of vectors) the one that the model has.

    Raises:
        UserError: the model has another head than the task needs.
    """
    config = read_json(folder / "config.json")
    wanted = head_for(task)
    if wanted is None:
        return head_in(config)
    architectures = [str(architecture) for architecture in config.get("architectures") or []]
    held = head_in(config)
    if held != wanted and not any(architecture.endswith(wanted.suffix) for architecture in architectures):
        found = ", ".join(architectures) or "no architecture"
        raise refused(wanted.code, f"{name} is no {wanted.noun}: its config.json names {found}.")
    return wanted


def load_module(
    folder: Path,
    *,
    head: Head,
    name: str,
    dtype: torch.dtype = torch.float32,
    state: Mapping[str, torch.Tensor] | None = None,
    fields: Mapping[str, Any] | None = None,
    brought: Collection[str] = (),
) -> torch.nn.Module:
    """The model in `folder` with `head`, in `dtype` and evaluation mode, on the CPU.

    Args:
        state: tensors to take in place of the folder's own, by their names in its files.
        fields: what config.json is to say in place of what it says.
        brought: names of parts whose weights somebody else brings: the folder's own need not fit, nor be there.

    Raises:
        UserError: not what transformers knows, or weights that do not fill the architecture exactly. transformers would
            fill gaps with random numbers and say so only in its log.
    """
    transformers = transformers_quietly()
    auto = getattr(transformers, head.auto)
    options = {"use_safetensors": True, "dtype": dtype, "output_loading_info": True, **(fields or {})}
    if brought:
        options["ignore_mismatched_sizes"] = True
    try:
        if state is None:
            model, loading = auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)
        else:
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            kind = auto._model_mapping[type(config)]
            model, loading = kind.from_pretrained(None, config=config, state_dict=dict(state), **options)
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError, ImportError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        architecture = next(iter(read_json(folder / "config.json").get("architectures") or []), "a model")
        raise refused(
            "model_unloadable", f"{name} cannot be loaded as {architecture}: {plain(error, folder)}"
        ) from error
    _refuse_gaps(loading, head, name, brought)
    return model.eval()  # type: ignore[no-any-return]


def plain(error: Exception, folder: Path) -> str:
    """The first line of a library's message, without the path of our folder."""
    lines = str(error).replace(str(folder), "the entry").strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _refuse_gaps(loading: Mapping[str, Any], head: Head, name: str, brought: Collection[str]) -> None:
    missing = sorted(str(key) for key in loading["missing_keys"])
    if head not in HEADS:
        # The pooler on top of a bare encoder is drawn anew by many checkpoints, and nothing here ever looks at it.
        missing = [key for key in missing if "pooler." not in key]
    mismatched = sorted(str(key[0] if isinstance(key, tuple) else key) for key in loading["mismatched_keys"])
    gaps = [key for key in missing + mismatched if not any(f".{part}." in f".{key}" for part in brought)]
    if gaps:
        raise refused(
            "weights_incomplete",
            f"The weights of {name} leave {len(gaps)} tensors of its architecture open, first {gaps[0]}.",
        )
