"""MERGE OF ADAPTERS: findings, and the plan: two factors for each module, from headers and adapter_config.json alone."""

from collections.abc import Sequence

from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method
from workers.contracts.parameters import resolve_parameters, source_count_complaint
from workers.contracts.plans import Check
from workers.contracts.recipes import MergeRecipe
from workers.planning.adapter_plan import BY_FACTORS, Adapter, adapter_plan
from workers.planning.adapter_whole import whole_findings
from workers.planning.bases import base_text
from workers.planning.check import Facts
from workers.planning.estimate import merge_estimate
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.lora import LoraError, lora_of
from workers.planning.members import Member, members_of
from workers.planning.merge_settings import is_uniform
from workers.planning.merge_values import value_findings
from workers.planning.wording import NO_SUCH_ENTRY, add, counted, finding, joined, remove, shape_text, short_name


def check_adapters(recipe: MergeRecipe, method: Method, facts: Facts) -> Check:
    members = members_of(recipe, facts)
    findings = _recipe_findings(recipe, method, members)
    adapters = []
    for member in members:
        if member.source is not None:
            adapter = _adapter(member, findings)
            adapters += [adapter] if adapter is not None else []
    if not adapters:
        return Check(findings=tuple(findings))
    findings += _base_findings(adapters)
    findings += _shape_findings(adapters)
    findings += _coverage_findings(adapters)
    findings += whole_findings(recipe, method, adapters)
    if method.name in BY_FACTORS:
        findings += _rank_findings(method, adapters)
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    licensed = [
        LicenceInput(item.name, item.facts.licence, "source", item.facts.commit, item.facts.repo) for item in adapters
    ]
    verdict = licence_judge("merge", licensed, is_public=is_public)
    findings += licence_findings(
        verdict, [(item.path, item.name) for item in adapters if not item.facts.licence], is_public=is_public
    )
    if has_errors(findings):
        return Check(findings=tuple(findings), licence=verdict)
    plan = adapter_plan(recipe, method, adapters)
    return Check(findings=tuple(findings), licence=verdict, estimate=merge_estimate(plan, method), plan=plan)


def _recipe_findings(recipe: MergeRecipe, method: Method, members: Sequence[Member]) -> list[Finding]:
    findings = []
    if recipe.base is not None:
        message = f"{method.label} combines adapters and does not read their base."
        findings.append(
            finding("base_not_needed", "warning", ("base",), message, repair=[remove(("base",), "Remove the base")])
        )
    if not is_uniform(recipe):
        place = "slices" if recipe.slices else "modules" if recipe.modules else "parameters"
        message = "Adapters are combined with one value for every module: no slices, modules, gradients or filters."
        findings.append(finding("not_for_adapters", "error", (place,), message))
    else:
        findings += value_findings(method, *resolve_parameters(recipe, method))
    complaint = source_count_complaint(method, len(recipe.sources))
    if complaint is not None:
        findings.append(finding(complaint[0], "error", ("sources",), complaint[1]))
    if recipe.compat is not None or recipe.input_dtype is not None:
        place = "compat" if recipe.compat is not None else "input_dtype"
        message = f"Adapters are always combined in float64; {place} has no meaning for them."
        findings.append(
            finding("not_for_adapters", "error", (place,), message, repair=[remove((place,), "Leave it out")])
        )
    seen: dict[str, int] = {}
    for member in members:
        if member.source is not None and seen.setdefault(member.text, member.source) != member.source:
            message = f"{member.name} is given twice. It would count double."
            findings.append(
                finding("duplicate_source", "error", member.path, message, "Raise its weight if that is meant.",
                        [remove(member.path, "Remove this source")])
            )  # fmt: skip
    return findings


def _adapter(member: Member, findings: list[Finding]) -> Adapter | None:
    """The member as an adapter; None, with a finding, where it is none."""
    facts, repair = member.facts, [remove(member.path, "Remove this source")]
    if facts is None:
        findings.append(finding("not_found", "error", member.path, f"{NO_SUCH_ENTRY}: {member.text}.", repair=repair))
        return None
    if facts.artifact != "adapter" or not facts.adapter:
        message = f"{member.name} is no adapter. This method combines LoRA adapters of one base."
        findings.append(finding("wrong_artifact", "error", member.path, message, repair=repair))
        return None
    try:
        lora = lora_of(facts)
    except LoraError as error:
        message = f"{member.name} {error.message}"
        findings.append(finding(error.code, "error", member.path, message, error.consequence, repair))
        return None
    if lora.is_rslora:
        message = f"{member.name} is rsLoRA: its change is scaled by α/√r. That is taken into account."
        findings.append(
            finding("rslora", "info", member.path, message, "The result is plain LoRA with a scaling of 1.")
        )
    return Adapter(member.position, member.source or 0, member.name, member.path, facts, lora)


def _base_findings(adapters: Sequence[Adapter]) -> list[Finding]:
    """Adapters that name another base than the first. A namespace or revision may differ where somebody copied the base."""
    first = base_text(adapters[0].facts)
    findings = []
    for item in adapters[1:]:
        other = base_text(item.facts)
        if not first or not other or first.casefold() == other.casefold():
            continue
        is_same = short_name(first).casefold() == short_name(other).casefold()
        message = f"{item.name} is an adapter for {other}, {adapters[0].name} one for {first}."
        consequence = (
            "The result names the base of the first."
            if is_same
            else "What it learned on top of one base means nothing on another."
        )
        repair = [remove(item.path, "Remove this source")]
        findings.append(
            finding("other_base", "warning" if is_same else "error", item.path, message, consequence, repair)
        )
    return findings


def _shape_findings(adapters: Sequence[Adapter]) -> list[Finding]:
    findings = []
    for item in adapters[1:]:
        for name, module in item.lora.modules.items():
            other = next((mine for mine in adapters if name in mine.lora.modules), item)
            theirs = other.lora.modules[name]
            if theirs.product != module.product or theirs.endings != module.endings:
                message = (
                    f"{item.name} does not fit {other.name}: {name} is {shape_text(module.product)} there and "
                    f"{shape_text(theirs.product)} here."
                )
                repair = [remove(item.path, "Remove this source")]
                findings.append(
                    finding("shape_mismatch", "error", item.path, message, "They are made for different bases.", repair)
                )
                break
    return findings


def _coverage_findings(adapters: Sequence[Adapter]) -> list[Finding]:
    every = {name for item in adapters for name in item.lora.modules}
    findings = []
    for item in adapters:
        missing = sorted(every - set(item.lora.modules))
        if missing:
            message = (
                f"{item.name} does not change {counted(len(missing), 'module')} that others do, first {missing[0]}."
            )
            findings.append(
                finding(
                    "modules_missing",
                    "warning",
                    item.path,
                    message,
                    "There its change counts as zero: only the others go in.",
                )
            )
    return findings


def _rank_findings(method: Method, adapters: Sequence[Adapter]) -> list[Finding]:
    for name in sorted({name for item in adapters for name in item.lora.modules}):
        ranks = {item.name: item.lora.modules[name].rank for item in adapters if name in item.lora.modules}
        if len(set(ranks.values())) > 1:
            held = joined([f"{rank} in {whose}" for whose, rank in list(ranks.items())[:4]])
            message = f"{method.label} adds up factors of one rank. The rank of {name} is {held}."
            better = "adapter_svd" if method.name in {"adapter_linear"} else f"{method.name}_svd"
            repair = [
                add(("method",), better, f"Use {better}"),
                add(("method",), "adapter_cat", "Use adapter_cat, which is exact"),
            ]
            return [
                finding("rank_mismatch", "error", ("method",), message, "Products can be combined at any rank.", repair)
            ]
    return []
