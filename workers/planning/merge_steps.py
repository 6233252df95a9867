"""The plan of a merge: one step per output tensor. Every tensor of every input is merged, copied, or dropped with a finding."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.contracts.facts import DTYPE_BYTES, TensorFact
from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.contracts.recipes import MergeRecipe
from workers.planning.components import component_of
from workers.planning.layers import place_of
from workers.planning.members import Known
from workers.planning.merge_absent import absent_findings, copied_alone
from workers.planning.merge_carried import carried_files
from workers.planning.merge_layout import layout_of
from workers.planning.merge_parts import Layout, Models, Part, Target
from workers.planning.merge_pitfalls import DIVIDED_BY_ALL
from workers.planning.merge_settings import Values, filter_findings
from workers.planning.merge_values import is_zero_sum
from workers.planning.merge_vocabulary import vocabulary_of
from workers.planning.places import place_findings, placed
from workers.planning.ties import is_tied_head
from workers.planning.weights import FLOATING, STORED_NAMES
from workers.planning.wording import counted, finding, joined, number, ranges_text, shape_text


@dataclass
class _Account:
    """Where every tensor went, by the position of its model."""

    missing: dict[int, list[str]] = field(default_factory=dict)
    only_in_base: list[str] = field(default_factory=list)
    copied_integers: list[str] = field(default_factory=list)
    unweighted: list[str] = field(default_factory=list)
    copied_alone: list[str] = field(default_factory=list)
    too_few: list[str] = field(default_factory=list)
    unset: dict[str, str] = field(default_factory=dict)
    misfits: list[tuple[str, Part, Part]] = field(default_factory=list)
    used: set[tuple[int, str]] = field(default_factory=set)


def merge_plan(recipe: MergeRecipe, method: Method, models: Models) -> tuple[Plan, list[Finding]]:
    """The reference is the base where the method uses one, else the first source. All sources fit it."""
    layout = layout_of(recipe, method, models)
    vocabulary = vocabulary_of(recipe, models, layout)
    account = _Account()
    values = Values(recipe, method)
    steps = tuple(
        _step(recipe, method, target, values, account).model_copy(update={"is_table": target.rows is not None})
        for target in layout.targets
    )
    placing: list[Finding] = []
    if method.placed:
        steps = placed(steps)
        placing = place_findings(method, steps)
    dropped, findings = _dropped(recipe, models, account)
    findings += absent_findings(method, account.copied_alone, account.too_few)
    findings += _account_findings(account, layout, models)
    findings += filter_findings(recipe, layout.targets)
    if has_errors(layout.findings):
        findings = []  # what a slice that does not fit leaves out says nothing of the rest
    carried, tokenizer_findings = carried_files(recipe, models, vocabulary)
    plan = Plan(
        method=method.name, method_revision=method.revision, seed=recipe.seed, steps=steps,
        shards=shards_of(steps, recipe.max_shard_bytes), copied_files=carried, dropped=dropped, config=layout.config,
        chat_template=recipe.chat_template, compat=recipe.compat, vocabulary=vocabulary.plan,
        input_dtype=None if recipe.input_dtype is None else STORED_NAMES[recipe.input_dtype],
    )  # fmt: skip
    return plan, [*layout.findings, *findings, *placing, *tokenizer_findings]


def step_bytes(step: TensorStep) -> int:
    elements = 1
    for size in step.shape:
        elements *= size
    return elements * DTYPE_BYTES[step.dtype]


def shards_of(steps: Iterable[TensorStep], limit: int) -> tuple[tuple[str, ...], ...]:
    """Names in writing order, cut so that no file is larger than `limit` unless one tensor alone is; each component has its own."""
    components: dict[str, list[list[str]]] = {}
    filled: dict[str, int] = {}
    for step in steps:
        component, size = component_of(step), step_bytes(step)
        shards = components.setdefault(component, [[]])
        if shards[-1] and filled.get(component, 0) + size > limit:
            shards.append([])
            filled[component] = 0
        shards[-1].append(step.name)
        filled[component] = filled.get(component, 0) + size
    return tuple(tuple(shard) for shards in components.values() for shard in shards) or ((),)


def _step(recipe: MergeRecipe, method: Method, target: Target, values: Values, account: _Account) -> TensorStep:
    name, fact = target.name, target.fact
    present = []
    for part in target.sources:
        if part.fact is None:
            account.missing.setdefault(part.model.member.position, []).append(name)
        else:
            present.append(part)
            if target.shaped(part.fact) != target.shape:
                account.misfits.append((name, part, target.base or target.sources[0]))
    inputs = [_input(part, part.fact) for part in present if part.fact is not None]
    base = [_input(target.base, target.base.fact)] if target.base is not None and target.base.fact is not None else []
    account.used |= {(item.source, item.key) for item in (*base, *inputs)}
    is_floating = fact.dtype in FLOATING and all(item.fact.dtype in FLOATING for item in inputs)
    dtype = STORED_NAMES[recipe.dtype] if recipe.dtype is not None and is_floating else fact.dtype
    if not is_floating or 0 in fact.shape or not inputs:
        # Whole numbers are copied with all inputs listed: the engine compares them bit by bit.
        if not is_floating:
            account.copied_integers.append(name)
        elif not inputs:
            account.only_in_base.append(name)
        return TensorStep(
            name=name, operation="copy", inputs=(*base, *inputs), has_base=bool(base), shape=target.shape, dtype=dtype
        )
    if len(inputs) < method.minimum_sources:
        lone, is_allowed = copied_alone(method, base, inputs)
        (account.copied_alone if is_allowed else account.too_few).append(name)
        return TensorStep(name=name, operation="copy", inputs=lone, shape=target.shape, dtype=dtype)
    parameters = values.of(target, present)
    for parameter in method.parameters:
        value = parameters[parameter.name]
        if parameter.required and (value is None or (isinstance(value, list) and None in value)):
            account.unset.setdefault(parameter.name, name)
    if parameters.get("normalize") and method.name in DIVIDED_BY_ALL and is_zero_sum(parameters["weight"]):
        account.unweighted.append(name)
    return TensorStep(
        name=name, operation="merge", inputs=(*base, *inputs), has_base=bool(base), shape=target.shape, dtype=dtype,
        parameters=parameters,
    )  # fmt: skip


def _input(part: Part, fact: TensorFact) -> TensorInput:
    return TensorInput(source=part.model.member.position, key=part.key, fact=fact)


def _dropped(
    recipe: MergeRecipe, models: Models, account: _Account
) -> tuple[tuple[tuple[int, str], ...], list[Finding]]:  # fmt: skip
    """What no tensor of the result is made from. Slices leave layers out on purpose; everything else is worth a warning."""
    dropped: list[tuple[int, str]] = []
    findings = []
    reference = models.reference
    is_cut = bool(recipe.slices or recipe.modules)
    members = [*([models.base] if models.base is not None else []), *models.sources]
    for model in members:
        position = model.member.position
        if models.base is not None and model is not models.base and model.member.text == models.base.member.text:
            continue  # the base once more, which has its own finding
        extra = sorted(name for name in model.facts.tensors if (position, name) not in account.used)
        dropped += [(position, name) for name in extra]
        left = [name for name in extra if is_cut and name in reference.facts.tensors]
        left += [
            name for name in extra if is_cut and name not in reference.facts.tensors and place_of(name) is not None
        ]
        if left:
            findings.append(_left_out(model, left))
        outside = [name for name in extra if name not in set(left)]
        tied = [name for name in outside if is_tied_head(reference, name)]
        rest = [name for name in outside if name not in tied]
        if tied:
            message = (
                f"{model.name} stores {tied[0]} apart, {reference.title} shares it with its embeddings: it is left out."
            )
            findings.append(
                finding("tied_tensor_dropped", "warning", model.path, message, "The result shares them as well.")
            )
        if rest:
            verb = "is" if len(rest) == 1 else "are"
            message = f"{counted(len(rest), 'tensor')} of {model.name} {verb} not in {reference.title} and {verb} left out, first {rest[0]}."
            findings.append(
                finding("tensor_extra", "warning", model.path, message, f"The result is built like {reference.title}.")
            )
    return tuple(dropped), findings


def _left_out(model: Known, names: list[str]) -> Finding:
    places = [place for name in names if (place := place_of(name)) is not None]
    layers = sorted({place.layer for place in places})
    others = [name for name in names if place_of(name) is None]
    parts = [f"{counted(len(layers), 'layer')} ({ranges_text(layers)})"] if layers else []
    parts += [f"{counted(len(others), 'tensor')} outside of them, first {others[0]}"] if others else []
    message = f"{joined(parts)} of {model.name} {'is' if len(names) == 1 else 'are'} in no slice and left out."
    return finding("layers_left_out", "info", model.path, message)


def _account_findings(account: _Account, layout: Layout, models: Models) -> list[Finding]:
    findings = []
    total = len(layout.targets)
    only = set(account.only_in_base)
    for source in models.sources:
        missing = [name for name in account.missing.get(source.member.position, []) if name not in only]
        if missing:
            message = f"{source.name} lacks {number(len(missing))} of {counted(total, 'tensor')}, first {missing[0]}."
            findings.append(
                finding(
                    "tensor_missing",
                    "warning",
                    source.path,
                    message,
                    "What it lacks is made from the other models alone.",
                )
            )
    if layout.unclaimed:
        verb = "is" if len(layout.unclaimed) == 1 else "are"
        message = (
            f"{counted(len(layout.unclaimed), 'tensor')} {verb} in no module and {verb} copied from {models.reference.title}, "
            f"first {layout.unclaimed[0]}."
        )
        findings.append(finding("tensor_outside_modules", "warning", ("modules",), message))
    only -= set(layout.unclaimed)
    if only:
        verb = "is" if len(only) == 1 else "are"
        first = next(name for name in account.only_in_base if name in only)
        message = f"{counted(len(only), 'tensor')} {verb} in no source and {verb} copied from the base, first {first}."
        findings.append(finding("tensor_only_in_base", "warning", ("sources",), message))
    for parameter, name in account.unset.items():
        message = f"{parameter} has no value for {name}: no filter fits it, and {parameter} has no default."
        findings.append(finding("missing_key", "error", (parameter,), message))
    findings += _misfits(account)
    if account.copied_integers:
        count = len(account.copied_integers)
        message = f"{counted(count, 'tensor')} of whole numbers {'is' if count == 1 else 'are'} copied, first {account.copied_integers[0]}."
        consequence = "The job stops if the models hold different ones."
        findings.append(finding("integer_tensor_copied", "info", ("sources",), message, consequence))
    if account.unweighted:
        message = f"The weights of the models that hold {account.unweighted[0]} sum to 0, and the result is divided by their sum."
        findings.append(finding("weights_sum_to_zero", "error", ("sources",), message))
    return findings


def _misfits(account: _Account) -> list[Finding]:
    """Layers that are laid side by side and differ in shape: one finding for each pair of models."""
    told: set[tuple[int, int]] = set()
    findings = []
    for name, part, other in account.misfits:
        pair = part.model.member.position, other.model.member.position
        if pair in told or part.fact is None or other.fact is None:
            continue
        told.add(pair)
        message = (
            f"{part.key} of {part.model.name} is {shape_text(part.fact.shape)}, {other.key} of {other.model.title} is "
            f"{shape_text(other.fact.shape)}: {name} cannot be made from both."
        )
        findings.append(
            finding("shape_mismatch", "error", part.model.path, message, "Shapes are never stretched or cut to fit.")
        )
    return findings
