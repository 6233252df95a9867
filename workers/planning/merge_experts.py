"""MIXTURE OF EXPERTS: what is wrong with it, what it costs, and how it is put together, from headers and config.json alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.contracts.complaints import listed
from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method
from workers.contracts.methods.experts import PROMPTED
from workers.contracts.parameters import resolve_parameters, source_count_complaint
from workers.contracts.plans import Check, Estimate
from workers.contracts.recipes import MergeRecipe
from workers.planning.check import Facts
from workers.planning.estimate import TRANSFORMERS_BYTES, merge_estimate, pass_cost
from workers.planning.expert_forms import FORMS, Form, bias_misfit, form_for, form_get, layers_of
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.members import Known, known, members_of
from workers.planning.merge_adapted import adapted_apply
from workers.planning.merge_data import learning_findings
from workers.planning.merge_entries import entry_findings
from workers.planning.merge_experts_fit import expert_findings
from workers.planning.merge_experts_plan import Expert, Mixture, mixture_plan
from workers.planning.merge_fit import base_findings, dtype_finding
from workers.planning.merge_settings import is_uniform
from workers.planning.merge_ties import tie_findings
from workers.planning.merge_vectors import vectors_apply
from workers.planning.prompts import prompt_findings
from workers.planning.wording import add, counted, finding, remove

_FLOPS = (2e9, 20e9)
_START_S = (4.0, 9.0)


@dataclass(frozen=True)
class _Read:
    base: Known | None
    sources: list[Known]


def check_experts(recipe: MergeRecipe, method: Method, facts: Facts) -> Check:
    adapted = adapted_apply(recipe, members_of(recipe, facts), method, facts)
    vectors = vectors_apply(adapted.members, method)
    members = vectors.members
    entries, unusable = entry_findings(members, method)
    # One model may well be several experts, and the base is often one of them.
    entries = [found for found in entries if found.code not in {"duplicate_source", "source_equals_base"}]
    findings = [*adapted.findings, *vectors.findings, *adapted.without(vectors.without(entries))]
    findings += _recipe_findings(recipe, method)
    usable = [found for member in members if member.position not in unusable and (found := known(member)) is not None]
    read = _Read(
        next((model for model in usable if model.member.source is None), None),
        [model for model in usable if model.member.source is not None],
    )
    findings += learning_findings(recipe, method, facts, read.sources, {})
    is_plain = is_uniform(recipe)
    shared, own = resolve_parameters(recipe, method) if is_plain else ({}, [{} for _ in recipe.sources])
    if is_plain:
        findings += _number_findings(recipe, shared, own)
        findings += prompt_findings(recipe, shared, own, read.base, is_adapted=0 in adapted.made)
    if read.base is None:
        return Check(findings=tuple(findings))
    form, misfits = _form(
        read.base, str(shared.get("architecture", "auto")), sum(bool(values.get("shared")) for values in own)
    )
    findings += misfits
    for source in read.sources:
        findings += expert_findings(read.base, source)
    findings += [*base_findings(read.base, read.sources), *tie_findings(read.base, ())]
    models = [read.base, *read.sources]
    mixed = dtype_finding(recipe, models)
    findings += [mixed] if mixed is not None else []
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    licensed = [
        LicenceInput(
            item.name, item.facts.licence, "base" if item is read.base else "source", item.facts.commit, item.facts.repo
        )
        for item in models
    ]
    verdict = licence_judge("merge", [*licensed, *adapted.licensed], is_public=is_public)
    findings += licence_findings(
        verdict, [(item.path, item.name) for item in models if not item.facts.licence], is_public=is_public
    )
    if has_errors(findings) or form is None:
        return Check(findings=tuple(findings), licence=verdict)
    experts = [Expert(source, own[source.member.source or 0]) for source in read.sources]
    mixture = Mixture(
        form, read.base, [item for item in experts if not item.values["shared"]],
        next((item for item in experts if item.values["shared"]), None), shared,
    )  # fmt: skip
    plan = adapted.planned(vectors.planned(mixture_plan(recipe, method, mixture)), read.base)
    findings += _left_findings(mixture)
    estimate = _estimate(merge_estimate(plan, method), recipe, shared, read.base)
    agreements = (
        f"The feed-forward blocks agree in shape: the result is a {form.label} with {counted(len(mixture.experts), 'expert')}.",
    )
    return Check(findings=tuple(findings), agreements=agreements, licence=verdict, estimate=estimate, plan=plan)


def _recipe_findings(recipe: MergeRecipe, method: Method) -> list[Finding]:
    findings = []
    if not is_uniform(recipe):
        place = "slices" if recipe.slices else "modules" if recipe.modules else "parameters"
        message = "A mixture of experts has one value for the whole model: no slices, modules, gradients or filters."
        findings.append(finding("not_for_experts", "error", (place,), message))
    for place in ("compat", "input_dtype"):
        if getattr(recipe, place) is not None:
            message = f"Experts are taken over as they are; {place} has no meaning for them."
            findings.append(
                finding("not_for_experts", "error", (place,), message, repair=[remove((place,), "Leave it out")])
            )
    if recipe.tokenizer not in (None, "base"):
        message = "The embeddings of a mixture of experts are those of the base, and so is its tokenizer."
        findings.append(
            finding(
                "not_for_experts", "error", ("tokenizer",), message, repair=[remove(("tokenizer",), "Take the base's")]
            )
        )
    complaint = source_count_complaint(method, len(recipe.sources))
    if complaint is not None:
        findings.append(finding(complaint[0], "error", ("sources",), complaint[1]))
    return findings


def _number_findings(recipe: MergeRecipe, shared: dict[str, Any], own: Sequence[dict[str, Any]]) -> list[Finding]:
    routed = [index for index, values in enumerate(own) if not values["shared"]]
    findings = []
    chosen = int(shared["experts_per_token"])
    if not routed:
        message = "Every source is shared, so that the router has none to choose from."
        repair = [remove(("sources", 0, "shared"), "Let it choose the first one")]
        findings.append(
            finding("experts_missing", "error", ("sources",), message, repair=repair if len(own) > 1 else ())
        )
    elif chosen > len(routed):
        message = f"experts_per_token is {chosen}, and there {'is' if len(routed) == 1 else 'are'} {counted(len(routed), 'expert')} to choose from."
        repair = [add(("experts_per_token",), len(routed), f"Use {len(routed)}")]
        findings.append(finding("too_few_experts", "error", ("experts_per_token",), message, repair=repair))
    elif len(routed) & (len(routed) - 1):
        message = f"{len(routed)} experts are no power of two. transformers runs them; some other programs, llama.cpp among them, do not."
        findings.append(finding("experts_no_power_of_two", "info", ("sources",), message))
    texts = {recipe.sources[index].model for index in routed}
    noisy = any(own[index]["noise_scale"] for index in routed)
    if len(texts) == 1 and len(routed) > 1 and not noisy:
        message = (
            "All experts are one and the same model: the result computes what that one computes, with more weights."
        )
        findings.append(
            finding("experts_all_same", "warning", ("sources",), message, "It makes sense as a start for training.")
        )
    return findings


def _form(base: Known, wanted: str, shared: int) -> tuple[Form | None, list[Finding]]:
    """The architecture of the result, or why there is none."""
    kind = str(base.facts.config.get("model_type") or "unknown")
    architecture = next(iter(base.facts.config.get("architectures") or []), "")
    form = form_for(kind, shared=shared) if wanted == "auto" else form_get(wanted)
    all_kinds = sorted({name for row in FORMS for name in row.takes})
    if form is None or kind not in all_kinds:
        message = f"{base.name} is {kind}, which has no form with experts here. There is one for {listed(all_kinds)}."
        return None, [finding("no_expert_form", "error", ("base",), message)]
    if kind not in form.takes:
        message = f"{form.label} is made from {listed(form.takes)}, and {base.name} is {kind}."
        return None, [
            finding(
                "no_expert_form",
                "error",
                ("architecture",),
                message,
                repair=[remove(("architecture",), "Take the one that fits")],
            )
        ]
    if not architecture.endswith("ForCausalLM"):
        message = f"{base.name} is {architecture or 'of no named architecture'}. Only language models that write on have a form with experts."
        return None, [finding("no_expert_form", "error", ("base",), message)]
    findings = []
    if shared > (1 if form.has_shared else 0):
        able = [row.label for row in FORMS if row.has_shared]
        message = f"{counted(shared, 'expert')} {'is' if shared == 1 else 'are'} shared; {form.label} has room for {'one' if form.has_shared else 'none'}."
        message += "" if form.has_shared else f" {listed(able)} has."
        findings.append(finding("too_many_shared", "error", ("sources",), message))
    bias = bias_misfit(form, base.facts.tensors)
    if bias:
        message = f"{base.name} holds {bias}, and {form.label} has no place for it."
        findings.append(
            finding("no_expert_form", "error", ("base",), message, "Left out, the model would compute something else.")
        )
    if (
        form.name == "qwen3_moe"
        and base.facts.config.get("use_sliding_window")
        and base.facts.config.get("max_window_layers")
    ):
        message = f"Some layers of {base.name} look back over a window only; {form.label} has one rule for all layers."
        findings.append(finding("no_expert_form", "error", ("base",), message))
    layers, count = layers_of(base.facts.tensors), base.facts.config.get("num_hidden_layers")
    if not layers or list(layers.values()) != list(range(len(layers))) or count != len(layers):
        message = f"{base.name} has {counted(len(layers), 'layer')} with a feed-forward block, its config.json speaks of {count}."
        findings.append(finding("no_expert_form", "error", ("base",), message))
    return form, findings


def _left_findings(mixture: Mixture) -> list[Finding]:
    """What stays behind, once for all experts."""
    findings = []
    names = {item.model.member.text for item in mixture.experts} | (
        {mixture.shared.model.member.text} if mixture.shared else set()
    )
    message = (
        "Of the experts only the feed-forward blocks go in. Attention, norms and embeddings are those of the base."
    )
    findings.append(
        finding("experts_in_part", "info", ("sources",), message, "What the experts changed there is left behind.")
    )
    if mixture.base.member.text not in names:
        message = f"The feed-forward blocks of {mixture.base.name} are left out: it is none of the sources."
        findings.append(
            finding(
                "base_in_part", "info", ("base",), message, "List it among the sources where it is to be an expert too."
            )
        )
    return findings


def _estimate(estimate: Estimate, recipe: MergeRecipe, shared: dict[str, Any], base: Known) -> Estimate:
    """Prompts go through the whole base, in float32."""
    mode = str(shared["gate_mode"])
    if mode not in PROMPTED:
        return estimate
    prompts = [text for source in recipe.sources for text in (*source.positive_prompts, *source.negative_prompts)]
    passes = len(prompts) * pass_cost(base.facts) if mode != "cheap_embed" else 0.0
    memory = TRANSFORMERS_BYTES + (4 * base.facts.parameters if mode != "cheap_embed" else 0)
    low, high = estimate.seconds
    seconds = (round(low + _START_S[0] + passes / _FLOPS[1], 1), round(high + _START_S[1] + passes / _FLOPS[0], 1))
    return estimate.model_copy(update={"memory_bytes": max(memory, estimate.memory_bytes), "seconds": seconds})
