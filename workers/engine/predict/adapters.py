"""A peft adapter on its base."""

import warnings
from pathlib import Path

import torch

from workers.engine.predict.modules import head_wanted, load_module, plain, read_json
from workers.engine.predict.predictor import refused

WEIGHTS = "adapter_model.safetensors"
# How the tensors that an adapter brings are named inside a model, by the families of peft.
_OWN = ("lora_", "ia3_", "hada_", "lokr_", "vera_lambda", "oft_", "boft_", "modules_to_save", "prompt_encoder")


def load_adapted(
    base_folder: Path, adapter_folder: Path, *, task: str, name: str, dtype: torch.dtype = torch.float32
) -> torch.nn.Module:
    """The adapter in `adapter_folder` on the model in `base_folder`, in evaluation mode.

    Raises:
        UserError: the base does not have the task's head, or the adapter's tensors do not fit it.
    """
    read_json(adapter_folder / "adapter_config.json")
    base_name = f"the base of {name}"
    base = load_module(base_folder, head=head_wanted(base_folder, task, base_name), name=base_name, dtype=dtype)
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
