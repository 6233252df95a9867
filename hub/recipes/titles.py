"""What a job is called, for people: `TIES of 3 models → alice/digits-merged`."""

from workers.contracts.kinds import kind_get
from workers.contracts.methods import method_get
from workers.contracts.openings import methods_open
from workers.contracts.recipes import (
    AnyRecipe,
    EvaluateRecipe,
    ExtractRecipe,
    MergeRecipe,
    RankRecipe,
    TrainRecipe,
    TryRecipe,
)
from workers.planning.wording import counted

SEARCHING = "Search over "


def title_make(recipe: AnyRecipe) -> str:
    target = f" → {recipe.output.repo}" if recipe.output is not None else ""
    if isinstance(recipe, MergeRecipe):
        method = method_get("merge", recipe.method)
        label = method.label if method is not None else recipe.method
        count = len(recipe.sources) + (method is not None and method.merges_base)
        if recipe.search is not None:
            methods = methods_open(recipe)
            over = label if len(methods) == 1 else counted(len(methods), "method")
            return f"{SEARCHING}{over} of {counted(count, 'model')}{target}"
        return f"{label} of {counted(count, 'model')}{target}"
    if isinstance(recipe, EvaluateRecipe):
        what = recipe.models[0].partition("@")[0] if len(recipe.models) == 1 else counted(len(recipe.models), "model")
        return f"Evaluation of {what} on {counted(len(recipe.data), 'dataset')}{target}"
    if isinstance(recipe, RankRecipe):
        return f"Ranking of {counted(len(recipe.models), 'model')} for {recipe.data[0].data.partition('@')[0]}"
    if isinstance(recipe, TryRecipe):
        return f"Try of {recipe.model.partition('@')[0]}"
    if isinstance(recipe, ExtractRecipe):
        what = "LoRA adapter" if recipe.layout == "adapter" else "Task vector"
        return f"{what} of {recipe.model.partition('@')[0]}{target}"
    if isinstance(recipe, TrainRecipe):
        if recipe.model is None:
            return f"Training from scratch{target}"
        return f"{'LoRA' if recipe.lora is not None else 'Fine-tune'} of {recipe.model.partition('@')[0]}{target}"
    kind = kind_get(recipe.kind)
    return f"{kind.label if kind is not None else recipe.kind}{target}"
