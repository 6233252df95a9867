"""A peft adapter on its base."""

import warnings
from pathlib import Path
from typing import Any

import torch

from workers.engine.predict.modules import head_wanted, load_module, plain, read_json
from workers.engine.predict.predictor import refused
from workers.planning.bases import head_fields

WEIGHTS = "adapter_model.safetensors"
# How the tensors that an adapter brings are named inside a model, by the families of peft.
_OWN = ("lora_", "ia3_", "hada_", "lokr_", "vera_lambda", "oft_", "boft_", "modules_to_save", "prompt_encoder")


def load_adapted(
    base_folder: Path, adapter_folder: Path, *, task: str, name: str, dtype: torch.dtype = torch.float32
) -> torch.nn.Module:
    """The adapter in `adapter_folder` on the model in `base_folder`, in evaluation mode. It may bring a head of its own.

    Raises:
        UserError: neither the base nor the adapter has the task's head, or the adapter's tensors do not fit the base.
    """
    fields, brought = own_head(adapter_folder)
    base_name = f"the base of {name}"
    head = head_wanted(adapter_folder if fields else base_folder, task, name if fields else base_name)
    base = load_module(base_folder, head=head, name=base_name, dtype=dtype, fields=fields, brought=brought)
    from peft import PeftConfig, PeftModel, set_peft_model_state_dict
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = PeftConfig.from_pretrained(str(adapter_folder))
        config.inference_mode = True
        with warnings.catch_warnings():
            # peft says that the base's path changed; a base that was found by its name in the recipe is the right one.
            warnings.simplefilter("ignore")
            model: torch.nn.Module = PeftModel(base, config)
        outcome = set_peft_model_state_dict(model, load_file(adapter_folder / WEIGHTS))
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise refused(
            "adapter_unloadable", f"{name} cannot be put on its base: {plain(error, adapter_folder)}"
        ) from error
    open_keys = [key for key in outcome.missing_keys if any(mark in key for mark in _OWN)]
    if outcome.unexpected_keys or open_keys:
        first = (list(outcome.unexpected_keys) + open_keys)[0]
        raise refused("adapter_misfit", f"The tensors of {name} do not fit its base, first {first}.")
    return model.to(dtype).eval()


def own_head(folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the adapter in `folder` says of a head of its own, and which parts of the model it brings whole; empty without one."""
    adapter = read_json(folder / "adapter_config.json")
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    fields = head_fields(config, adapter)
    parts = adapter.get("modules_to_save") if fields else ()
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) and part for part in parts):
        raise refused("config_unreadable", "modules_to_save in adapter_config.json is no list of names.")
    names = fields.pop("id2label", None)
    fields.pop("architectures", None)
    if isinstance(names, dict):
        # Numbers of classes are text in JSON and numbers in transformers.
        try:
            fields["id2label"] = {int(number): str(label) for number, label in names.items()}
        except ValueError as error:
            raise refused("config_unreadable", "id2label in config.json must have whole numbers as keys.") from error
        fields["label2id"] = {label: number for number, label in fields["id2label"].items()}
        fields.pop("num_labels", None)
    return fields, tuple(parts)
