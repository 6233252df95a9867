"""Loads an entry's folder for running: a transformers image classifier, or a peft adapter on its base.

transformers is imported on first use: an import costs seconds. Only safetensors are read and no code from a repo is run.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding

CLASSIFIER_SUFFIX = "ForImageClassification"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of an entry.

    Raises:
        UserError: the file is missing or holds no JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise refused("config_unreadable", f"{path.name} is missing or is not JSON.") from error
    if not isinstance(document, dict):
        raise refused("config_unreadable", f"{path.name} does not hold a JSON object.")
    return document


def load_classifier(folder: Path, *, name: str) -> torch.nn.Module:
    """The image classifier in `folder`, in float32 and evaluation mode. `name` stands in messages.

    Raises:
        UserError: not an image classifier, or weights that do not fill the architecture exactly. transformers would fill
            gaps with random numbers and say so only in its log.
    """
    config = read_json(folder / "config.json")
    architectures = config.get("architectures") or []
    if not any(str(architecture).endswith(CLASSIFIER_SUFFIX) for architecture in architectures):
        found = ", ".join(map(str, architectures)) or "no architecture"
        raise refused("not_a_classifier", f"{name} is no image classifier: its config.json names {found}.")
    transformers = transformers_quietly()
    try:
        model, loading = transformers.AutoModelForImageClassification.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise refused(
            "model_unloadable", f"{name} cannot be loaded as {architectures[0]}: {_plain(error, folder)}"
        ) from error
    gaps = sorted(loading["missing_keys"]) + sorted(str(key) for key in loading["mismatched_keys"])
    if gaps:
        raise refused(
            "weights_incomplete",
            f"The weights of {name} leave {len(gaps)} tensors of its architecture open, first {gaps[0]}.",
        )
    return model.eval()  # type: ignore[no-any-return]


def load_adapted(base_folder: Path, adapter_folder: Path, *, name: str) -> torch.nn.Module:
    """The peft adapter in `adapter_folder` on the classifier in `base_folder`, in evaluation mode.

    Raises:
        UserError: the base is no classifier, or the adapter's tensors do not fit it.
    """
    read_json(adapter_folder / "adapter_config.json")
    base = load_classifier(base_folder, name=f"the base of {name}")
    from peft import PeftConfig, PeftModel, set_peft_model_state_dict
    from safetensors.torch import load_file

    try:
        config = PeftConfig.from_pretrained(str(adapter_folder))
        config.inference_mode = True
        with warnings.catch_warnings():
            # peft says that the base's path changed; a base that was found by its name in the recipe is the right one.
            warnings.simplefilter("ignore")
            model: torch.nn.Module = PeftModel(base, config)
        outcome = set_peft_model_state_dict(model, load_file(adapter_folder / "adapter_model.safetensors"))
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise refused(
            "adapter_unloadable", f"{name} cannot be put on its base: {_plain(error, adapter_folder)}"
        ) from error
    open_keys = [key for key in outcome.missing_keys if "lora_" in key]
    if outcome.unexpected_keys or open_keys:
        first = (list(outcome.unexpected_keys) + open_keys)[0]
        raise refused("adapter_misfit", f"The tensors of {name} do not fit its base, first {first}.")
    return model.eval()


def check_images(model: torch.nn.Module, images: torch.Tensor, *, model_name: str, data_name: str) -> None:
    """Raises UserError when `images` `[n, c, h, w]` cannot go into `model`, judged by its config."""
    config: Any = model.config
    channels, size = getattr(config, "num_channels", None), getattr(config, "image_size", None)
    height, width = (size, size) if isinstance(size, int) else (size or (None, None))
    wanted, given = (channels, height, width), tuple(images.shape[1:])
    if any(want is not None and want != have for want, have in zip(wanted, given, strict=True)):
        form = " × ".join("any" if want is None else str(want) for want in wanted)
        message = f"{model_name} takes images of {form} (channels × height × width); {data_name} has {' × '.join(map(str, given))}."
        raise refused("image_shape", message)


def refused(code: str, message: str) -> UserError:
    return UserError(message, (Finding(code=code, severity="error", message=message, where="models", stage="run"),))


def transformers_quietly() -> Any:
    """The library, imported on first use, without its progress bars and log lines."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def _plain(error: Exception, folder: Path) -> str:
    """The first line of a library's message, without the path of our folder."""
    lines = str(error).replace(str(folder), "the entry").strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
