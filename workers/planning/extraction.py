"""EXTRACT: whether a fine-tune can be told from its base, what becomes of each tensor, and what it costs."""

import fnmatch

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, has_errors
from workers.contracts.paths import Path
from workers.contracts.plans import Check, Estimate, Plan, TensorInput, TensorStep
from workers.contracts.recipes import ExtractRecipe
from workers.planning.check import Facts
from workers.planning.estimate import TORCH_BYTES
from workers.planning.extraction_adapter import adapter_parts
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.merge_entries import missing_shards
from workers.planning.weights import FLOATING, STORED_NAMES
from workers.planning.wording import NO_SUCH_ENTRY, add, counted, finding, remove, shape_text, short_name

_READ_RATE, _SVD_RATE = 200e6, 4e6


def check(recipe: ExtractRecipe, facts: Facts) -> Check:
    base, tuned = facts.get(recipe.base), facts.get(recipe.model)
    findings = [*_entry(("base",), recipe.base, base), *_entry(("model",), recipe.model, tuned), *_options(recipe)]
    if base is None or tuned is None or has_errors(findings):
        return Check(findings=tuple(findings))
    findings += _fit(recipe, base, tuned)
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    inputs = [LicenceInput(short_name(text), held.licence, role, held.commit, held.repo)
              for text, held, role in ((recipe.base, base, "base"), (recipe.model, tuned, "source"))]  # fmt: skip
    verdict = licence_judge("extract", inputs, is_public=is_public)
    undeclared: list[tuple[Path, str]] = [
        (path, short_name(text)) for path, text, held in ((("base",), recipe.base, base), (("model",), recipe.model, tuned)) if not held.licence
    ]  # fmt: skip
    findings += licence_findings(verdict, undeclared, is_public=is_public)
    if has_errors(findings):
        return Check(findings=tuple(findings), licence=verdict)
    steps, more = _steps(recipe, base, tuned)
    findings += more
    plan = Plan(
        method=f"{recipe.layout}:{recipe.form}", method_revision=2, seed=recipe.seed, steps=steps,
        shards=(tuple(step.name for step in steps),), config=recipe.model_dump(mode="json", exclude={"output", "evaluate"}),
    )  # fmt: skip
    return Check(
        findings=tuple(findings), licence=verdict, estimate=_estimate(recipe, plan),
        plan=None if has_errors(findings) else plan,
    )  # fmt: skip


def _entry(path: Path, text: str, facts: RepoFacts | None) -> list[Finding]:
    name = short_name(text)
    if facts is None:
        return [finding("not_found", "error", path, f"{NO_SUCH_ENTRY}: {text}.")]
    if facts.repo_type == "dataset" or facts.artifact not in {"model", "unknown"}:
        noun = "dataset" if facts.repo_type == "dataset" else facts.artifact.replace("_", " ")
        return [
            finding("wrong_artifact", "error", path, f"{name} is a {noun}. A change is taken between two whole models.")
        ]
    if not facts.tensors:
        return [finding("no_weights", "error", path, f"{name} holds no safetensors weights.")]
    if missing_shards(facts):
        return [
            finding(
                "weights_incomplete", "error", path, f"{name} is incomplete: weight files of its index are missing."
            )
        ]
    if facts.config.get("quantization_config"):
        message = f"{name} is quantised. Its stored numbers are codes and have no difference."
        return [finding("quantised", "error", path, message)]
    return []


def _options(recipe: ExtractRecipe) -> list[Finding]:
    if recipe.layout == "adapter" and recipe.form != "low_rank":
        message = f"A LoRA adapter holds directions, so its form is low_rank, not {recipe.form}."
        repair = [add(("form",), "low_rank", "Use low_rank"), remove(("layout",), "Make a task vector")]
        return [finding("form_unfit", "error", ("layout",), message, repair=repair)]
    if recipe.form == "sparse" and recipe.density > 0.5:
        message = (
            f"With {recipe.density:g} of the numbers kept, places and numbers take about as much as the whole change."
        )
        return [finding("sparse_large", "info", ("density",), message)]
    return []


def _fit(recipe: ExtractRecipe, base: RepoFacts, tuned: RepoFacts) -> list[Finding]:
    name, title = short_name(recipe.model), short_name(recipe.base)
    if (base.repo, base.commit) == (tuned.repo, tuned.commit) and (base.commit or recipe.base == recipe.model):
        return [
            finding(
                "source_equals_base", "error", ("model",), f"{name} is the base itself: there is no change to take."
            )
        ]
    shared = [key for key in base.tensors if key in tuned.tensors]
    findings = []
    if len(shared) * 2 < len(base.tensors):
        message = f"{name} is built differently from {title}: {counted(len(shared), 'tensor')} of {len(base.tensors)} share a name."
        return [finding("architecture_mismatch", "error", ("model",), message, "A change is taken tensor by tensor.")]
    other = [key for key in shared if base.tensors[key].shape != tuned.tensors[key].shape]
    strange = [key for key in tuned.tensors if key not in base.tensors]
    if len(other) * 2 > len(shared):
        shapes = shape_text(tuned.tensors[other[0]].shape), shape_text(base.tensors[other[0]].shape)
        message = f"{name} does not fit {title}: {counted(len(other), 'tensor')} differ in shape, {other[0]} is {shapes[0]} and {shapes[1]}."
        return [finding("shape_mismatch", "error", ("model",), message)]
    if other or strange:
        first = [*other, *strange][0]
        message = f"{counted(len(other) + len(strange), 'tensor')} of {name} {'is' if len(other) + len(strange) == 1 else 'are'} not in {title}, or of another shape there, first {first}."
        findings.append(
            finding(
                "tensors_left_out",
                "warning",
                ("model",),
                message,
                "They are left out: with the result applied, the base keeps its own.",
            )
        )
    if (
        tuned.base
        and base.repo
        and not any(text.partition("@")[0].casefold() == base.repo.casefold() for text in tuned.base)
    ):
        message = f"{name} says it was made from {tuned.base[0]}, the base here is {base.repo}."
        findings.append(
            finding(
                "other_base",
                "warning",
                ("base",),
                message,
                "The change is then mostly the difference between the two bases.",
            )
        )
    if not any(_wanted(recipe, key) for key in shared):
        findings.append(
            finding(
                "matches_nothing", "error", ("include",), "No tensor fits include and exclude: nothing would be taken."
            )
        )
    return findings


def _wanted(recipe: ExtractRecipe, name: str) -> bool:
    is_in = not recipe.include or any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.include)
    return is_in and not any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.exclude)


def _steps(recipe: ExtractRecipe, base: RepoFacts, tuned: RepoFacts) -> tuple[tuple[TensorStep, ...], list[Finding]]:
    """One step per tensor of the base, so that each is seen: `role` is what becomes of it, `left` for those that stay."""
    names = sorted(base.tensors, key=lambda name: (base.tensors[name].file, base.tensors[name].begin, name))
    usable = {
        name for name in names
        if _wanted(recipe, name) and name in tuned.tensors and tuned.tensors[name].shape == base.tensors[name].shape
    }  # fmt: skip
    roles, findings = (
        adapter_parts(recipe, base, usable)
        if recipe.layout == "adapter"
        else ({name: {"role": "change"} for name in usable}, [])
    )
    steps = []
    for name in names:
        before, after = base.tensors[name], tuned.tensors.get(name)
        role = roles.get(name, {"role": "left"})
        inputs = [TensorInput(source=0, key=name, fact=before)]
        if role["role"] != "left" and after is not None:
            is_number = {before.dtype, after.dtype} <= FLOATING
            role = role if is_number else {"role": "equal"}
            inputs.append(TensorInput(source=1, key=name, fact=after))
        steps.append(
            TensorStep(
                name=name,
                operation="copy",
                inputs=tuple(inputs),
                shape=before.shape,
                dtype=STORED_NAMES[recipe.dtype],
                parameters=role,
            )
        )
    return tuple(steps), findings


def _estimate(recipe: ExtractRecipe, plan: Plan) -> Estimate:
    read = sum(item.fact.size_bytes for step in plan.steps for item in step.inputs)
    largest = max((step.inputs[0].fact.elements for step in plan.steps), default=0)
    elements = sum(step.inputs[0].fact.elements for step in plan.steps if len(step.inputs) > 1)
    share = {"dense": 4.0, "sparse": 8 * recipe.density, "low_rank": 1.0, "one_bit": 0.125}[recipe.form]
    seconds = read / _READ_RATE + (elements / _SVD_RATE if recipe.form == "low_rank" else 0)
    return Estimate(
        memory_bytes=TORCH_BYTES + largest * (48 if recipe.form == "low_rank" else 24), read_bytes=read, write_bytes=int(elements * share),
        seconds=(round(1.5 + seconds / 2, 1), round(4 + seconds * 3, 1)),
    )  # fmt: skip
