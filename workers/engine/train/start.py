"""START: the model that is trained. From scratch, all weights of one (with a new head where the task needs one), or a LoRA adapter."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from workers.contracts.recipes import Lora
from workers.engine.predict.modules import load_module, plain, transformers_quietly
from workers.engine.train.draws import derived_seed
from workers.engine.train.heads import draw_head, drawn_parts, head_names, is_open
from workers.engine.train.refusals import refused
from workers.planning.heads import Head

REGRESSION = "text-regression"


def check_architecture(config: dict[str, Any]) -> None:
    """Raises UserError when `config` names no model type of transformers."""
    kind = config.get("model_type")
    known = transformers_quietly().models.auto.configuration_auto.CONFIG_MAPPING_NAMES
    if not isinstance(kind, str) or kind not in known:
        raise refused(
            "unknown_architecture",
            f"architecture.model_type is {kind!r}. It must be a model type of transformers, such as vit.",
            "architecture.model_type",
        )


def from_scratch(
    config: dict[str, Any], head: Head, *, seed: int, labels: Sequence[str] = (), is_regression: bool = False
) -> torch.nn.Module:
    """A freshly drawn model of the transformers `config`, with `head`. Classes that the config does not name are `labels`.

    Raises:
        UserError: unknown model type, one without such a head, or sizes that do not go together.
    """
    check_architecture(config)
    transformers = transformers_quietly()
    fields = dict(config)
    kind = fields.pop("model_type")
    if is_regression:
        fields |= {"num_labels": 1, "problem_type": "regression"}
    elif labels and not {"id2label", "num_labels"} & set(fields):
        fields["id2label"] = {str(number): label for number, label in enumerate(labels)}
    torch.manual_seed(derived_seed(seed, "weights"))
    try:
        model = getattr(transformers, head.auto).from_config(
            transformers.AutoConfig.for_model(kind, **_typed(fields)), trust_remote_code=False
        )
    except (ValueError, TypeError, RuntimeError, ZeroDivisionError, AttributeError, KeyError, IndexError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        raise refused(
            "architecture_unusable",
            f"{kind} cannot be built from this architecture: {plain(error, Path('/'))}",
            "architecture",
        ) from error
    if not type(model).__name__.endswith(head.suffix) and not _is_language_model(model, head):
        raise refused("architecture_unusable", f"{kind} has no {head.noun} in transformers.", "architecture")
    return model  # type: ignore[no-any-return]


def fine_tune(folder: Path, head: Head, *, name: str) -> torch.nn.Module:
    """The model in `folder` as it is, every weight to be trained.

    Raises:
        UserError: as `load_module` does.
    """
    return load_module(folder, head=head, name=name).requires_grad_(True)


def with_new_head(
    folder: Path, head: Head, *, name: str, labels: Sequence[str], seed: int, is_regression: bool = False
) -> torch.nn.Module:
    """The body of the model in `folder` under a freshly drawn `head` for `labels`; for a regression of one number.

    Raises:
        UserError: the weights leave more open than the head.
    """
    model, _ = _headed(folder, head, name=name, labels=labels, seed=seed, is_regression=is_regression)
    return model.requires_grad_(True)


def _headed(
    folder: Path, head: Head, *, name: str, labels: Sequence[str], seed: int, is_regression: bool
) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """As `with_new_head`, and the names of the parts that hold something drawn."""
    transformers = transformers_quietly()
    names = {number: str(label) for number, label in enumerate(labels)}
    fields = {"num_labels": 1, "problem_type": "regression"} if is_regression else {
        "id2label": names, "label2id": {label: number for number, label in names.items()}, "problem_type": None,
    }  # fmt: skip
    try:
        model, loading = getattr(transformers, head.auto).from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32,
            output_loading_info=True, ignore_mismatched_sizes=True, **fields,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError, ImportError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        raise refused(
            "model_unloadable", f"{name} cannot be made a {head.noun}: {plain(error, folder)}", "model"
        ) from error
    heads = head_names(model)
    mismatched = [key[0] if isinstance(key, tuple) else str(key) for key in loading["mismatched_keys"]]
    gaps = sorted(key for key in (*loading["missing_keys"], *mismatched) if not is_open(str(key), heads))
    if gaps:
        raise refused(
            "weights_incomplete",
            f"The weights of {name} leave {len(gaps)} tensors of its architecture open, first {gaps[0]}.", "model",
        )  # fmt: skip
    open_keys = [*map(str, loading["missing_keys"]), *mismatched]
    draw_head(model, heads, open_keys, seed=derived_seed(seed, "head"))
    return model, drawn_parts(model, heads, open_keys)


def with_lora(folder: Path, head: Head, lora: Lora, *, name: str, seed: int) -> torch.nn.Module:
    """The model in `folder`, frozen, with a fresh adapter: A drawn, B zero, so that it starts as its base.

    Raises:
        UserError: no layer has one of `target_modules`' names.
    """
    return _adapted(load_module(folder, head=head, name=name), lora, (), name=name, seed=seed)


def with_lora_and_head(
    folder: Path, head: Head, lora: Lora, *, name: str, labels: Sequence[str], seed: int, is_regression: bool = False
) -> torch.nn.Module:
    """As `with_lora`, under a freshly drawn `head` that is trained whole and belongs to the adapter.

    Raises:
        UserError: as `with_lora` and `with_new_head` do.
    """
    base, drawn = _headed(folder, head, name=name, labels=labels, seed=seed, is_regression=is_regression)
    return _adapted(base, lora, drawn, name=name, seed=seed)


def _adapted(base: Any, lora: Lora, whole: Sequence[str], *, name: str, seed: int) -> torch.nn.Module:
    """`whole` names parts that are trained and kept whole, and get no low-rank change beside."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(derived_seed(seed, "lora"))
    targets: Any = sorted(lora.target_modules) or "all-linear"
    settings = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets,
        modules_to_save=list(whole) or None,
        exclude_modules=rf"(.*\.)?({'|'.join(map(re.escape, whole))})(\..*)?" if whole else None,
    )  # fmt: skip
    try:
        adapted: torch.nn.Module = get_peft_model(base, settings)
    except ValueError as error:
        message = f"{name} has no layer named {' or '.join(lora.target_modules)} that LoRA can adapt."
        raise refused("lora_target_missing", message, "lora.target_modules") from error
    return adapted


def parameter_counts(model: torch.nn.Module) -> tuple[int, int]:
    """(trained, all)."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, _ in sizes)


def _is_language_model(model: Any, head: Head) -> bool:
    """Older language models are named otherwise: GPT2LMHeadModel."""
    return head.suffix == "ForCausalLM" and type(model).__name__.endswith("LMHeadModel")


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has text keys only; transformers wants `id2label` keyed by number."""
    labels = fields.get("id2label")
    if isinstance(labels, dict):
        try:
            named = {int(key): str(value) for key, value in labels.items()}
        except ValueError as error:
            raise refused(
                "architecture_unusable", "architecture.id2label must have whole numbers as keys.", "architecture"
            ) from error
        fields |= {"id2label": named, "label2id": {value: key for key, value in named.items()}}
    return fields
