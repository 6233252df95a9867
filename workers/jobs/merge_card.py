"""The papers of a merged entry: README.md (the card), genepool.json (the manifest), recipe.yaml."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import MANIFEST_FILE, RECIPE_FILE, Manifest, Parent
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.contracts.recipes import MergeRecipe
from workers.contracts.references import repo_reference_parse
from workers.contracts.version import VERSION
from workers.contracts.writing import recipe_to_yaml
from workers.jobs.card_notes import card_notes
from workers.jobs.inputs import inputs_of
from workers.jobs.licence_papers import notice_write
from workers.jobs.outputs import write_json
from workers.planning.licences import front_matter
from workers.planning.members import reads_base

DETERMINISM = "The same recipe gives the same bytes with the same release of torch and the same processor kind, on any number of threads."
LEARNED = "The same recipe gives the same bytes with the same release of torch, on the same kind of device and as many threads."


def name_of(item: Input) -> str:
    """The repo's name; of a local folder its last part only."""
    if item.facts.repo:
        return item.facts.repo
    reference = repo_reference_parse(item.reference)
    is_local = reference is None or Path(item.reference).is_absolute()
    return Path(item.reference).name if is_local or reference is None else reference.repo


def write(
    out: Path, request: JobRequest, recipe: MergeRecipe, models: Sequence[Input], plan: Plan, report: Mapping[str, Any]
) -> None:
    """`report` is the report of the merge. A base that the method does not read has no part in the result, and in its papers."""
    models = models if reads_base(recipe) else [item for item in models if item.role != "base"]
    row = method_get("merge", plan.method)
    manifest = Manifest(
        artifact=_artifact(models, recipe.method), kind="merge", method=plan.method, method_revision=plan.method_revision,
        recipe=request.recipe, parents=(*_parents(recipe, models), *_data_parents(request)), tensor_digest=report["tensor_digest"], licence=request.licence,
        seed=plan.seed, code_version=VERSION, determinism=LEARNED if row is not None and row.learn else DETERMINISM,
    )  # fmt: skip
    write_json(out / MANIFEST_FILE, manifest.model_dump(mode="json", by_alias=True))
    text = recipe_to_yaml(recipe)
    (out / RECIPE_FILE).write_text(text, encoding="utf-8")
    notice_write(out, request, [*models, *inputs_of(request, "data")])
    front = yaml.safe_dump(_front_matter(request, recipe, models), sort_keys=False, allow_unicode=True)
    (out / "README.md").write_text(f"---\n{front}---\n{_text(recipe, models, text, report)}", encoding="utf-8")


def _artifact(models: Sequence[Input], method: str) -> Any:
    """What goes in comes out, where all sources are of one kind."""
    kinds = {item.facts.artifact for item in models if item.role == "source"}
    row = method_get("merge", method)
    # Task vectors are applied to their base, which makes a whole model; so are adapters by methods for models.
    applied = {"unknown", "task_vector"} | (set() if row is not None and row.takes == "adapter" else {"adapter"})
    return kinds.pop() if len(kinds) == 1 and not kinds & applied else "model"


def _parents(recipe: MergeRecipe, models: Sequence[Input]) -> tuple[Parent, ...]:
    method = method_get("merge", recipe.method)
    relation_of_base = "merge_of" if method is not None and method.merges_base else "base"
    parents = []
    for item in models:
        is_base = item.role == "base"
        weight = None if item.role != "source" else _value(recipe, item.index, "weight")
        parents.append(
            Parent(
                repo=name_of(item), commit=item.facts.commit, relation=relation_of_base if is_base else "merge_of",
                weight=None if weight is None else float(weight),
            )
        )  # fmt: skip
    first = models[0].facts
    if _artifact(models, recipe.method) == "adapter" and first.base:
        name, _, revision = first.base[0].partition("@")
        parents.append(Parent(repo=name, commit=revision or str(first.adapter.get("revision") or ""), relation="base"))
    return tuple(parents)


def _data_parents(request: JobRequest) -> tuple[Parent, ...]:
    """What coefficients were learned from."""
    data = [item for item in inputs_of(request, "data") if not item.reference.startswith("builtin:")]
    return tuple(Parent(repo=name_of(item), commit=item.facts.commit, relation="trained_on") for item in data)


def _value(recipe: MergeRecipe, index: int, name: str) -> Any:
    """A per-source parameter: the source's own, else the recipe's, else the method's default; None where it is no single number."""
    row = method_get("merge", recipe.method)
    parameter = row.parameter(name) if row else None
    if parameter is None or recipe.slices or recipe.modules:
        return None
    value = recipe.sources[index].parameters.get(name, recipe.parameters.get(name, parameter.default))
    return value if isinstance(value, int | float) else None


def _front_matter(request: JobRequest, recipe: MergeRecipe, models: Sequence[Input]) -> dict[str, Any]:
    """Only what is known: no licence is ever assumed, and a local folder is no base model that others could find."""
    front: dict[str, Any] = {**front_matter(request.licence.licence)}
    first = models[0].facts
    if first.library:
        front["library_name"] = first.library
    if first.task:
        front["pipeline_tag"] = first.task
    named = list(dict.fromkeys(name_of(item) for item in models if item.facts.repo))
    if _artifact(models, recipe.method) == "adapter" and first.base:
        # What an adapter runs on: without it nobody could load the result.
        front |= {"base_model": first.base[0], "base_model_relation": "adapter"}
    elif named:
        front |= {"base_model": named, "base_model_relation": "merge"}
    datasets = [item.facts.repo for item in inputs_of(request, "data") if item.facts.repo]
    front |= {"datasets": list(dict.fromkeys(datasets))} if datasets else {}
    front["tags"] = ["genepool", "merge", recipe.method]
    return front


def _text(recipe: MergeRecipe, models: Sequence[Input], recipe_text: str, report: Mapping[str, Any]) -> str:
    row = method_get("merge", recipe.method)
    columns = [parameter for parameter in (row.parameters if row else ()) if parameter.scope == "source"]
    title = recipe.output.repo.split("/")[-1] if recipe.output else "Merged model"
    lines = [f"# {title}", ""]
    if row:
        lines += [f"Made with {row.label}. {row.summary} ({_paper(row.paper)})", ""]
    lines += ["## What went in", "", "| model | role |" + "".join(f" {column.label.lower()} |" for column in columns)]
    lines += ["|---|---|" + "---|" * len(columns)]
    for item in models:
        cells = [_cell(recipe, item, column.name) for column in columns]
        lines.append(f"| {_escaped(_version(item))} | {item.role} |" + "".join(f" {cell} |" for cell in cells))
    lines += card_notes(report)
    lines += [
        "", "## Recipe", "", "The same recipe over the same inputs gives the same weights.", "",
        "```yaml", recipe_text.rstrip(), "```", "", "`report.json` holds the measures of every tensor.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _paper(paper: str) -> str:
    return f"[{paper}](https://arxiv.org/abs/{paper[6:]})" if paper.startswith("arXiv:") else paper


def _version(item: Input) -> str:
    return f"{name_of(item)} at `{item.facts.commit[:8]}`" if item.facts.commit else name_of(item)


def _cell(recipe: MergeRecipe, item: Input, name: str) -> str:
    if item.role != "source":
        return "–"
    value = _value(recipe, item.index, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if value is not None else "see the recipe"


def _escaped(text: str) -> str:
    return re.sub(r"([|<>\[\]*])", r"\\\1", text)
