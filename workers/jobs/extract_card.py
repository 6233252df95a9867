"""The papers of what an extraction made: README.md, genepool.json, recipe.yaml, and adapter_config.json of an adapter."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import MANIFEST_FILE, RECIPE_FILE, Manifest, Parent
from workers.contracts.plans import Plan
from workers.contracts.recipes import ExtractRecipe
from workers.contracts.version import VERSION
from workers.contracts.writing import recipe_to_yaml
from workers.jobs.licence_papers import notice_write
from workers.jobs.merge_card import name_of
from workers.jobs.outputs import write_json
from workers.planning.licences import front_matter
from workers.planning.wording import size_text

DETERMINISM = "The same recipe gives the same bytes with the same release of torch and the same processor kind, on any number of threads."
_FORMS = {
    "dense": "every number of the change", "sparse": "the largest numbers of the change", "low_rank": "the strongest directions of the change",
    "one_bit": "the signs of the change, with one size for each matrix",
}  # fmt: skip


def write(
    out: Path,
    request: JobRequest,
    recipe: ExtractRecipe,
    base: Input,
    tuned: Input,
    report: Mapping[str, Any],
    digest: str,
) -> None:
    is_adapter = recipe.layout == "adapter"
    parents = (
        Parent(repo=name_of(tuned), commit=tuned.facts.commit, relation="delta_of"),
        Parent(repo=name_of(base), commit=base.facts.commit, relation="base"),
    )
    manifest = Manifest(
        artifact="adapter" if is_adapter else "task_vector", kind="extract", recipe=request.recipe, parents=parents,
        tensor_digest=digest, licence=request.licence, seed=recipe.seed, code_version=VERSION, determinism=DETERMINISM,
    )  # fmt: skip
    write_json(out / MANIFEST_FILE, manifest.model_dump(mode="json", by_alias=True))
    text = recipe_to_yaml(recipe)
    (out / RECIPE_FILE).write_text(text, encoding="utf-8")
    notice_write(out, request, [base, tuned])
    front: dict[str, Any] = {**front_matter(request.licence.licence)}
    front["library_name"] = "peft" if is_adapter else "genepool"
    if tuned.facts.task:
        front["pipeline_tag"] = tuned.facts.task
    if base.facts.repo:
        front |= {"base_model": base.facts.repo, "base_model_relation": "adapter"}
    front["tags"] = ["genepool", "adapter" if is_adapter else "task-vector"]
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    (out / "README.md").write_text(f"---\n{head}---\n{_text(recipe, base, tuned, report, text)}", encoding="utf-8")


def adapter_config(plan: Plan, notes: Mapping[str, dict[str, Any]], base: Input) -> dict[str, Any]:
    """As peft reads it: α equals the rank of each module, so that the scaling is 1."""
    ranks = {note["module"]: note["rank"] for note in notes.values() if note.get("form") == "lora"}
    rank = Counter(ranks.values()).most_common(1)[0][0]
    others = {name: value for name, value in sorted(ranks.items()) if value != rank}
    whole = {note["module"] for note in notes.values() if note["role"] == "whole" and note["changed"]}
    saved = sorted(whole | {note["head"] for note in notes.values() if note.get("head")})
    has_bias = any(note["role"] == "bias" and note["changed"] for note in notes.values())
    return {
        "peft_type": "LORA", "task_type": None, "base_model_name_or_path": name_of(base), "revision": base.facts.commit or None,
        "r": rank, "lora_alpha": rank, "rank_pattern": others, "alpha_pattern": dict(others), "target_modules": sorted(ranks),
        "modules_to_save": saved or None, "bias": "all" if has_bias else "none", "lora_dropout": 0.0, "use_rslora": False,
        "use_dora": False, "fan_in_fan_out": any(step.parameters.get("transposed") for step in plan.steps), "inference_mode": True,
    }  # fmt: skip


def _text(recipe: ExtractRecipe, base: Input, tuned: Input, report: Mapping[str, Any], recipe_text: str) -> str:
    summary = report["summary"]
    title = recipe.output.repo.split("/")[-1] if recipe.output else "Change"
    what = "A LoRA adapter" if recipe.layout == "adapter" else "A task vector"
    return "\n".join([
        f"# {title}", "", f"{what}: what {name_of(tuned)} changed in {name_of(base)}, as {_FORMS[recipe.form]}.", "",
        "| | |", "|---|---|", f"| changed tensors | {summary['changed']} of {summary['tensors']} |",
        f"| reconstruction error | {summary['error']:.3g} of the change's norm |",
        f"| size | {size_text(summary['size_bytes'])}" + (f", {summary['ratio']:.3g} of the fine-tune's weights |" if summary["ratio"] else " |"),
        "", "## Recipe", "", "```yaml", recipe_text.rstrip(), "```", "", "`report.json` holds the error of every tensor.", "",
    ])  # fmt: skip
