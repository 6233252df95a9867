"""The end of a trained entry's card: the lines that load it, and how to make it again."""

from workers.contracts.jobs import Input
from workers.contracts.manifests import RECIPE_FILE
from workers.contracts.recipes import TrainRecipe
from workers.jobs.train_parts import Parts
from workers.planning.heads import BODY, head_for


def lines(recipe: TrainRecipe, parts: Parts, base: Input | None) -> list[str]:
    """`base` is the model that an adapter stands on."""
    name = recipe.output.repo if recipe.output is not None else "."
    auto = (head_for(parts.task.name) or BODY).auto
    code = _adapter(name, auto, base, has_head=parts.has_new_head) if recipe.lora is not None and base is not None else [
        f"from transformers import {auto}", "", f'model = {auto}.from_pretrained("{name}")',
    ]  # fmt: skip
    again = (
        f"`{RECIPE_FILE}` is the whole recipe, with the seed: `genepool submit {RECIPE_FILE}` makes this entry again."
    )
    return ["## Use", "", "```python", *code, "```", "", "## Make it again", "", again, ""]


def _adapter(name: str, auto: str, base: Input, *, has_head: bool) -> list[str]:
    """On the very commit that it was trained on; under the head that it brings, where it brings one."""
    revision = f', revision="{base.facts.commit}"' if base.facts.commit else ""
    model = base.facts.repo or base.reference.partition("@")[0]
    under = f'"{model}"{revision}'
    if not has_head:
        return [
            "from peft import PeftModel", f"from transformers import {auto}", "",
            f"base = {auto}.from_pretrained({under})", f'model = PeftModel.from_pretrained(base, "{name}")',
        ]  # fmt: skip
    return [
        "from peft import PeftModel", f"from transformers import AutoConfig, {auto}", "",
        "# Classes and head are the adapter's: the base is loaded under its config.", f'config = AutoConfig.from_pretrained("{name}")',
        f"base = {auto}.from_pretrained(", f"    {under},", "    config=config, ignore_mismatched_sizes=True)",
        f'model = PeftModel.from_pretrained(base, "{name}")',
    ]  # fmt: skip
