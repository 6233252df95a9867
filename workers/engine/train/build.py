"""What is trained: an architecture from scratch, all weights of a model, or a LoRA adapter on a frozen one."""

from pathlib import Path
from typing import Any

import torch

from workers.contracts.recipes import Lora
from workers.engine.datasets import Examples
from workers.engine.models import check_images, load_classifier, refused, transformers_quietly
from workers.engine.train.draws import derived_seed

CLASSIFIER_SUFFIX = "ForImageClassification"


def from_scratch(config: dict[str, Any], seed: int) -> torch.nn.Module:
    """A freshly drawn image classifier of the transformers `config`.

    Raises:
        UserError: unknown model type, no image classifier, or sizes that do not go together.
    """
    transformers = transformers_quietly()
    fields = dict(config)
    kind = fields.pop("model_type", None)
    if not isinstance(kind, str) or kind not in transformers.models.auto.configuration_auto.CONFIG_MAPPING_NAMES:
        raise refused(
            "unknown_architecture",
            f"architecture.model_type is {kind!r}. It must be a model type of transformers, such as vit.",
        )
    torch.manual_seed(derived_seed(seed, "weights"))
    try:
        model = transformers.AutoModelForImageClassification.from_config(
            transformers.AutoConfig.for_model(kind, **_typed(fields))
        )
    except (ValueError, TypeError, RuntimeError, ZeroDivisionError) as error:
        raise refused(
            "architecture_unusable",
            f"{kind} cannot be built from this architecture: {str(error).splitlines()[0][:300]}",
        ) from error
    if not type(model).__name__.endswith(CLASSIFIER_SUFFIX):
        raise refused("not_a_classifier", f"{kind} has no image classifier in transformers.")
    return model  # type: ignore[no-any-return]


def fine_tune(folder: Path, *, name: str) -> torch.nn.Module:
    model = load_classifier(folder, name=name)
    model.requires_grad_(True)
    return model


def with_lora(folder: Path, lora: Lora, *, name: str, seed: int) -> torch.nn.Module:
    """The classifier in `folder`, frozen, with a fresh adapter: A drawn, B zero, so that it starts as its base.

    Raises:
        UserError: no layer has one of `target_modules`' names.
    """
    base = load_classifier(folder, name=name)
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(derived_seed(seed, "lora"))
    targets: Any = sorted(lora.target_modules) or "all-linear"
    settings = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets)
    try:
        adapted: torch.nn.Module = get_peft_model(base, settings)
    except ValueError as error:
        message = f"{name} has no layer named {' or '.join(lora.target_modules)} that LoRA can adapt."
        raise refused("lora_target_missing", message) from error
    return adapted


def check_fit(model: torch.nn.Module, examples: Examples, *, name: str) -> None:
    """Raises UserError when `examples` cannot go through `model`: seen on the first one, before hours are spent."""
    check_images(model, examples.images, model_name=name, data_name="the data")
    try:
        with torch.no_grad():
            logits = model(pixel_values=examples.images[:1]).logits
    except (ValueError, RuntimeError, IndexError) as error:
        raise refused(
            "architecture_unusable", f"{name} fails on the first image: {str(error).splitlines()[0][:300]}"
        ) from error
    classes, highest = logits.shape[-1], int(examples.labels.max())
    if int(examples.labels.min()) < 0 or highest >= classes:
        raise refused("labels_outside", f"{name} knows {classes} classes; the data holds labels up to {highest}.")


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has text keys only; transformers wants `id2label` keyed by number."""
    labels = fields.get("id2label")
    if isinstance(labels, dict):
        try:
            named = {int(key): str(value) for key, value in labels.items()}
        except ValueError as error:
            raise refused("architecture_unusable", "architecture.id2label must have whole numbers as keys.") from error
        fields |= {"id2label": named, "label2id": {value: key for key, value in named.items()}}
    return fields
