"""What a training is made of, from recipe and inputs: model, data as batches, loss. Everything that can be refused is refused here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.ports import Ports
from workers.contracts.recipes import DataReference, TrainRecipe
from workers.contracts.tasks import Task, task_get
from workers.jobs.train_data import open_one, open_parts, validation_items
from workers.planning.heads import BODY, head_for
from workers.planning.training import TRAINABLE, has_new_head, task_of

_LANGUAGE = ("causal-lm", "masked-lm")
# What a model that starts from nothing has for words, where its architecture does not say: enough for a small corpus.
_VOCABULARY = 4096


@dataclass(frozen=True)
class Parts:
    """`batches` is what is trained on, `validation` what the loss is worked out on meanwhile, `measured` what the result is measured on.

    `training` are the datasets as examples, in order. `tokenizer` is one that was learnt here and belongs to the result; None where the model brought its own, or needs none.
    """

    task: Task
    name: str
    model: Any
    batches: Any
    objective: Any
    training: list[Any]
    labels: tuple[str, ...]
    tokenizer: Any
    has_new_head: bool
    validation: Any
    measured: list[tuple[int, DataReference]]

    @property
    def examples(self) -> int:
        return sum(len(part) for part in self.training)


def prepare(ports: Ports, recipe: TrainRecipe) -> Parts:
    """
    Raises:
        UserError: whatever of the recipe cannot be trained; with its findings.
    """
    from workers.engine.train.batches import Joined
    from workers.engine.train.lesson import Setting, check_start, lesson_of

    folder = ports.workspace.input_folder("model", 0) if recipe.model is not None else None
    config = _config(recipe, folder)
    row = _task(recipe, config)
    task = row.name
    is_new = has_new_head(recipe, task, config)
    name = recipe.model or "The architecture"
    examples = open_parts(ports, recipe, task, () if is_new else _labels(config, task))
    labels = () if task in _LANGUAGE else examples[0].labels
    joined = Joined(examples)
    tokenizer, is_learnt = _tokenizer(recipe, task, folder, config, joined)
    model = _model(recipe, task, folder, config, labels, is_new, tokenizer if is_learnt else None)

    def between(done: int) -> None:
        ports.cancel.raise_if_requested()
        ports.reporter.progress(done, len(joined), "examples", "Reading texts")

    place = folder or ports.workspace.out
    setting = Setting(
        model,
        name,
        place,
        tokenizer,
        max_length=recipe.max_length,
        smoothing=recipe.label_smoothing,
        between=between,
        tell=lambda message: ports.reporter.log(message, "warning"),
    )
    lesson = lesson_of(task, setting)
    if task == "image-classification":
        _check_pictures(examples, place, model, name)
    batches = lesson.batches(joined)
    check_start(model, batches, lesson.objective, name=name)
    measured = validation_items(ports, recipe)
    validation = None
    if recipe.early_stop is not None or recipe.validation is not None:
        held = [open_one(ports, recipe, task, labels, place) for place in measured]
        validation = lesson.batches(Joined(held)) if held else None
    if recipe.early_stop is not None and validation is None:
        from workers.engine.train.refusals import refused

        raise refused(
            "validation_missing", "Early stopping needs data to validate on, and none of the datasets has a validation split.",
            "early_stop",
        )  # fmt: skip
    return Parts(
        task=row, name=name, model=model, batches=batches, objective=lesson.objective, training=examples, labels=labels,
        tokenizer=tokenizer if is_learnt else None, has_new_head=is_new, validation=validation, measured=measured,
    )  # fmt: skip


def _config(recipe: TrainRecipe, folder: Path | None) -> dict[str, Any]:
    from workers.engine.predict.modules import read_json
    from workers.engine.train.refusals import refused
    from workers.engine.train.start import check_architecture

    if folder is not None:
        return read_json(folder / "config.json")
    if recipe.architecture is None:
        raise refused(
            "nothing_to_train",
            "The recipe names neither a model to go on from nor an architecture to start with.",
            "model",
        )
    if recipe.lora is not None:
        raise refused(
            "lora_without_model",
            "LoRA adapts a trained model, and the recipe starts from an untrained architecture.",
            "lora",
        )
    check_architecture(recipe.architecture)
    return recipe.architecture


def _task(recipe: TrainRecipe, config: dict[str, Any]) -> Task:
    from workers.engine.train.refusals import refused

    task = task_of(recipe, config)
    row = task_get(task)
    if row is not None and task in TRAINABLE:
        return row
    if not task:
        raise refused("task_missing", f"The recipe has to say a task: {', '.join(TRAINABLE)}.", "task")
    raise refused("task_untrainable", f"Nothing here trains {task}. Trained are {', '.join(TRAINABLE)}.", "task")


def _labels(config: dict[str, Any], task: str) -> tuple[str, ...]:
    """The classes that the model, or the architecture, names."""
    names = config.get("id2label")
    if task in _LANGUAGE or task == "text-regression" or not isinstance(names, dict):
        return ()
    try:
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except ValueError:
        return ()  # said when the model is built from it


def _tokenizer(
    recipe: TrainRecipe, task: str, folder: Path | None, config: dict[str, Any], examples: Any
) -> tuple[Any, bool]:
    """(tokenizer, whether it was learnt here)."""
    if task == "image-classification":
        return None, False
    if folder is not None:
        from workers.engine.predict.tokenizers import load_tokenizer

        return load_tokenizer(folder, name=recipe.model or ""), False
    from workers.engine.train.vocabulary import learn_tokenizer

    size, length = config.get("vocab_size"), config.get("max_position_embeddings", config.get("n_positions"))
    learnt = learn_tokenizer(
        examples, size=size if type(size) is int else _VOCABULARY, length=length if type(length) is int else 512,
        wraps=task != "causal-lm",
    )  # fmt: skip
    return learnt, True


def _model(
    recipe: TrainRecipe, task: str, folder: Path | None, config: dict[str, Any], labels: tuple[str, ...], is_new: bool,
    learnt: Any,
) -> Any:  # fmt: skip
    from workers.engine.train import start

    head = head_for(task) or BODY
    is_regression = task == start.REGRESSION
    if folder is None:
        from workers.engine.train.vocabulary import special_ids

        fields = dict(config)
        if learnt is not None:
            fields = special_ids(learnt) | {"vocab_size": len(learnt)} | fields
        return start.from_scratch(fields, head, seed=recipe.seed, labels=labels, is_regression=is_regression)
    name = recipe.model or ""
    if recipe.lora is not None and is_new:
        return start.with_lora_and_head(
            folder, head, recipe.lora, name=name, labels=labels, seed=recipe.seed, is_regression=is_regression
        )
    if recipe.lora is not None:
        return start.with_lora(folder, head, recipe.lora, name=name, seed=recipe.seed)
    if is_new:
        return start.with_new_head(
            folder, head, name=name, labels=labels, seed=recipe.seed, is_regression=is_regression
        )
    return start.fine_tune(folder, head, name=name)


def _check_pictures(examples: list[Any], folder: Path, model: Any, name: str) -> None:
    from workers.engine.predict.inputs import Pixels

    pixels = Pixels(folder, model.config, name)
    for part in examples:
        pixels.check(part.take([0])["image"][0].shape, part.name)
