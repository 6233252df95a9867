"""What transformers calls, inside a model, the tensors that a checkpoint stores: some architectures are stored under older names."""

from collections.abc import Iterable
from pathlib import Path

import torch

from workers.engine.predict.modules import read_json, transformers_quietly


def names_inside(folder: Path, stored: Iterable[str]) -> dict[str, str]:
    """By stored name the name inside the model; a tensor that transformers takes apart or puts together with others has none.

    Names are as they are where the folder names no architecture of transformers. The model is built without weights.
    """
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    architectures = config.get("architectures")
    transformers = transformers_quietly()
    kind = (
        getattr(transformers, str(architectures[0]), None)
        if isinstance(architectures, list) and architectures
        else None
    )
    if kind is None or not config.get("model_type"):
        return {name: name for name in stored}
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming

    settings = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = kind(settings)
    inside = {name for name, _ in model.named_parameters(remove_duplicate=False)} | {
        name for name, _ in model.named_buffers()
    }
    renamings = [item for item in get_model_conversion_mapping(model) if isinstance(item, WeightRenaming)]
    found = {}
    for name in stored:
        renamed = name
        if name not in inside:
            for renaming in renamings:
                renamed, _ = renaming.rename_source_key(renamed)
        if renamed in inside:
            found[name] = renamed
    return found
