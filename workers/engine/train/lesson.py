"""LESSON: what a task asks of the trainer. One row a task: how examples become batches, and what is minimised."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workers.engine.predict.inputs import Pixels, Texts
from workers.engine.predict.tokenizers import check_vocabulary, longest_input
from workers.engine.train import losses
from workers.engine.train.batches import Examples, Supervised
from workers.engine.train.blocks import Between, CausalBlocks, MaskedBlocks
from workers.engine.train.losses import Batches, Objective
from workers.engine.train.refusals import refused, weights_not_finite

# Pieces of text for language models are cut here where the recipe says nothing, and the model takes longer ones.
LONGEST_PIECE = 1024


@dataclass(frozen=True)
class Setting:
    """Everything a lesson is made of. `folder` is where a model of pictures may have its preprocessor; it needs no `tokenizer`."""

    model: Any
    name: str
    folder: Path
    tokenizer: Any = None
    max_length: int | None = None
    smoothing: float = 0.0
    between: Between = lambda done: None
    tell: Callable[[str], None] = lambda message: None

    @property
    def length(self) -> int:
        """The longest input in tokens."""
        longest = longest_input(self.tokenizer, self.model.config)
        return min(self.max_length or longest, longest)


@dataclass(frozen=True)
class Lesson:
    batches: Callable[[Examples], Batches]
    objective: Objective


def lesson_of(task: str, setting: Setting) -> Lesson:
    """
    Raises:
        KeyError: the trainer has no lesson for `task`.
        UserError: the tokenizer does not belong to the model.
    """
    make = _LESSONS[task]
    if setting.tokenizer is not None:
        check_vocabulary(setting.tokenizer, setting.model, name=setting.name)
        if setting.max_length is not None and setting.max_length > (
            longest := longest_input(setting.tokenizer, setting.model.config)
        ):
            raise refused("too_long", f"{setting.name} takes {longest} tokens, not {setting.max_length}.", "max_length")
        if getattr(setting.model.config, "pad_token_id", None) is None:
            # Classifiers on decoders look for the last token that is no padding.
            setting.model.config.pad_token_id = setting.tokenizer.pad_token_id
    return make(setting)


def check_start(model: torch.nn.Module, batches: Batches, objective: Objective, *, name: str) -> None:
    """Raises UserError when `model` holds NaN, or the first example does not go through it: seen now, before hours are spent."""
    broken = not_finite(model)
    if broken:
        raise weights_not_finite(name, broken)
    batch = batches.batch(torch.arange(1), seed=0)
    try:
        with torch.no_grad():
            loss, _ = objective(model(**batch.inputs), batch)
    except (ValueError, RuntimeError, IndexError) as error:
        if "memory" in str(error):
            raise
        message = f"{name} fails on the first example: {(str(error).splitlines() or ['no reason given'])[0][:300]}"
        raise refused("architecture_unusable", message, "model") from error
    if not bool(torch.isfinite(loss)):
        raise refused(
            "output_not_finite",
            f"{name} answers the first example with NaN or infinity, before any training. Its weights are finite.", "model",
            consequence="Numbers grow too large on their way through it; no learning rate mends that. Start from another model.",
        )  # fmt: skip


def not_finite(model: torch.nn.Module) -> list[str]:
    """Names of the weights and buffers of `model` that hold NaN or infinity, in its order, as the files of the model call them."""
    held = [*model.named_parameters(), *model.named_buffers()]
    return [
        name.removeprefix("base_model.model.").replace(".base_layer.", ".").replace(".original_module.", ".")
        for name, tensor in held
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all())
    ]


def _pictures(setting: Setting) -> Lesson:
    pixels = Pixels(setting.folder, setting.model.config, setting.name)
    return Lesson(
        lambda examples: Supervised(examples, pixels), Objective((losses.cross_entropy(smoothing=setting.smoothing),))
    )


def _texts(setting: Setting) -> Texts:
    """Tells of the first text that is too long, and of no other."""
    said: list[str] = []

    def cut() -> None:
        if not said:
            said.append(
                f"Texts of more than {setting.length} tokens are cut there: {setting.name} sees their beginning."
            )
            setting.tell(said[0])

    return Texts(setting.tokenizer, setting.length, cut)


def _text_classes(setting: Setting) -> Lesson:
    texts = _texts(setting)
    return Lesson(
        lambda examples: Supervised(examples, texts), Objective((losses.cross_entropy(smoothing=setting.smoothing),))
    )


def _text_numbers(setting: Setting) -> Lesson:
    texts = _texts(setting)
    return Lesson(
        lambda examples: Supervised(examples, texts, is_regression=True), Objective((losses.squared_error(),))
    )


def _left_to_right(setting: Setting) -> Lesson:
    length = min(setting.length, setting.max_length or LONGEST_PIECE)
    return Lesson(
        lambda examples: CausalBlocks(
            examples, setting.tokenizer, length=length, name=setting.name, between=setting.between
        ),
        Objective((losses.next_token(smoothing=setting.smoothing),)),
    )


def _with_gaps(setting: Setting) -> Lesson:
    length = min(setting.length, setting.max_length or LONGEST_PIECE)
    return Lesson(
        lambda examples: MaskedBlocks(
            examples, setting.tokenizer, length=length, name=setting.name, between=setting.between
        ),
        Objective((losses.masked_token(smoothing=setting.smoothing),)),
    )


_LESSONS: dict[str, Callable[[Setting], Lesson]] = {
    "image-classification": _pictures,
    "text-classification": _text_classes,
    "text-regression": _text_numbers,
    "causal-lm": _left_to_right,
    "masked-lm": _with_gaps,
}
