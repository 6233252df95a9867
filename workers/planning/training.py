"""What a training does to which model, decided alike before it runs and in the child: its task, and whether the head is new."""

from collections.abc import Mapping
from typing import Any

from workers.contracts.recipes import TrainRecipe
from workers.planning.architectures import shape_of
from workers.planning.heads import BODY, head_for, head_in, tasks_of

TRAINABLE = ("image-classification", "text-classification", "text-regression", "causal-lm", "masked-lm")
SUPERVISED = ("image-classification", "text-classification", "text-regression")


def task_of(recipe: TrainRecipe, config: Mapping[str, Any]) -> str:
    """The task that is learnt: what the recipe says, else what `config` (of the model, or the architecture) is made for. "" when open."""
    if recipe.task is not None:
        return recipe.task
    if head_in(config) is BODY:
        return "image-classification" if shape_of(dict(config)).modality == "image" else ""
    return next((task for task in tasks_of(config) if task in TRAINABLE), "")


def has_new_head(recipe: TrainRecipe, task: str, config: Mapping[str, Any]) -> bool:
    """Whether the last layer is drawn anew: asked for, or because the model has none for this task."""
    if recipe.model is None or task not in SUPERVISED:
        return False
    if recipe.new_head or head_in(config) != head_for(task):
        return True
    # One number is another head than classes are.
    return (task == "text-regression") != (tasks_of(config)[0] == "text-regression")
