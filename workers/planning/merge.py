"""MERGE: what is wrong with it, what it will cost, what its result may be licensed as, and how it is carried out."""

from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method, Needs, method_get
from workers.contracts.openings import methods_open
from workers.contracts.parameters import resolve_parameters, source_count_complaint
from workers.contracts.paths import path_of
from workers.contracts.plans import Check
from workers.contracts.recipes import MergeRecipe
from workers.planning.check import Facts
from workers.planning.components import carried_components
from workers.planning.data_licences import data_licensed, licence_findings_of
from workers.planning.estimate import merge_estimate
from workers.planning.licences import LicenceInput, licence_judge
from workers.planning.members import Known, known, members_of
from workers.planning.merge_adapted import adapted_apply
from workers.planning.merge_adapters import check_adapters
from workers.planning.merge_barrier import barrier_estimate, barrier_findings
from workers.planning.merge_compat import compat_findings
from workers.planning.merge_data import learning_estimate, learning_findings
from workers.planning.merge_entries import entry_findings
from workers.planning.merge_experts import check_experts
from workers.planning.merge_fit import base_findings, dtype_finding, fit_findings
from workers.planning.merge_parts import MAX_PLAN_INPUTS, Models
from workers.planning.merge_search import search_estimate, search_looked, whole_findings
from workers.planning.merge_settings import is_uniform, step_findings
from workers.planning.merge_steps import merge_plan
from workers.planning.merge_ties import tie_findings
from workers.planning.merge_values import value_findings
from workers.planning.merge_vectors import vectors_apply
from workers.planning.merge_vocabulary import moves_rows
from workers.planning.prompts import idle_prompts
from workers.planning.references import shaping_data
from workers.planning.search_space import Space
from workers.planning.transplant import check_transplant
from workers.planning.vocabulary_findings import learned_rows_findings
from workers.planning.wording import finding, joined, number


def check(recipe: MergeRecipe, facts: Facts) -> Check:
    method = method_get("merge", recipe.method)
    if method is not None and method.takes == "adapter":
        told = check_adapters(recipe, method, facts)
        return _with(told, whole_findings(recipe))
    if method is not None and method.takes == "expert":
        return _with(check_experts(recipe, method, facts), whole_findings(recipe))
    if method is not None and method.takes == "tokenizer":
        return _with(check_transplant(recipe, method, facts), whole_findings(recipe))
    unknown: list[Finding] = []
    if method is None:
        unknown = [finding("unknown_method", "error", ("method",), f"There is no merge method {recipe.method}.")]
        method = _any_method(recipe)
    shared, per_source = resolve_parameters(recipe, method)
    adapted = adapted_apply(recipe, members_of(recipe, facts), method, facts)
    vectors = vectors_apply(adapted.members, method)
    members = vectors.members
    findings, unusable = entry_findings(members, method)
    # A search may choose a method that reads the base where the recipe's own does not.
    may_read_base = any(
        (row := method_get("merge", name)) is not None and row.takes_base for name in methods_open(recipe)
    )
    findings = [entry for entry in findings if entry.code != "base_not_needed" or not may_read_base]
    findings = [*unknown, *adapted.findings, *vectors.findings, *adapted.without(vectors.without(findings))]
    is_plain = is_uniform(recipe)
    own = [source.parameters.keys() for source in recipe.sources]
    findings += value_findings(method, shared, per_source, own) if is_plain else []
    findings += [*_count_findings(recipe, method), *idle_prompts(recipe, method.label)]
    findings += compat_findings(recipe, method)
    usable = [found for member in members if member.position not in unusable and (found := known(member)) is not None]
    base = next((model for model in usable if model.member.source is None), None) if method.takes_base else None
    sources = [model for model in usable if model.member.source is not None]
    findings += learning_findings(recipe, method, facts, sources, shared) if not unknown else []
    # Without a base, or with one that cannot be read, the sources are at least compared with each other.
    reference = base if base is not None else next(iter(sources), None)
    if reference is None:
        return Check(findings=tuple(findings))
    others = [source for source in sources if source is not reference]
    is_cut = bool(recipe.slices or recipe.modules)
    models = [reference, *others]
    moving = moves_rows(recipe, models)
    fitting = {
        source.member.position: fit_findings(reference, source, is_cut=is_cut, rows_move=moving) for source in others
    }
    findings += [found for position in fitting for found in fitting[position]]
    findings += learned_rows_findings(method) if moving and method.learn else []
    findings += base_findings(base, sources) if base is not None else []
    findings += tie_findings(reference, others)
    mixed = dtype_finding(recipe, models)
    findings += [mixed] if mixed is not None else []
    if not reference.facts.config and not carried_components(reference.facts):
        is_there = any(file.path == "config.json" for file in reference.facts.files)
        state = "has a config.json that cannot be read" if is_there else "has no config.json"
        message = f"{reference.name} {state}, so the result has none."
        findings.append(
            finding("config_missing", "warning", reference.path, message, "Libraries will not know how to load it.")
        )
    findings += whole_findings(recipe, rows_move=moving)
    name = reference.member.text
    looked = search_looked(recipe, {**facts, name: reference.facts}, name, reference.member.path, check)
    along, along_estimate = barrier_findings(recipe, reference, facts)
    findings += [*looked.findings, *along]
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    data = shaping_data(recipe)
    bound = [model for model in usable if model in models or (model.member.source is None and may_read_base)]
    verdict = licence_judge(
        "merge", [*map(_licensed, bound), *adapted.licensed, *data_licensed([item for item, _ in data], facts)], is_public=is_public
    )  # fmt: skip
    undeclared = [(model.path, model.name) for model in bound if not model.facts.licence]
    findings += licence_findings_of(
        verdict, "merge", [item for item, _ in data], facts, undeclared, places=[path_of(where) for _, where in data], is_public=is_public
    )  # fmt: skip
    findings += _size_findings(models)
    all_read = len(usable) == len(members)
    agreements = _agreements(reference, others, fitting, base, mixed, all_read=all_read)
    agreements += (looked.line,) if looked.line else ()
    if has_errors(findings):
        return Check(findings=tuple(findings), agreements=agreements, licence=verdict)
    plan, plan_findings = merge_plan(recipe, method, Models(reference, base, sources))
    plan = adapted.planned(vectors.planned(plan), reference)
    findings += plan_findings
    findings += [] if is_plain else step_findings(method, plan)
    estimate = merge_estimate(plan, method)
    estimate = learning_estimate(estimate, recipe, method, plan, [model.facts for model in models], facts)
    if recipe.search is not None:
        estimate = search_estimate(estimate, recipe.search, Space(recipe), looked, facts)
    estimate = barrier_estimate(estimate, recipe, along_estimate)
    return Check(
        findings=tuple(findings), agreements=agreements, licence=verdict, estimate=estimate,
        plan=None if has_errors(findings) else plan,
    )  # fmt: skip


def _with(told: Check, more: list[Finding]) -> Check:
    return told.model_copy(update={"findings": (*told.findings, *more), **({"plan": None} if more else {})})


def _licensed(model: Known) -> LicenceInput:
    role = "base" if model.member.source is None else "source"
    return LicenceInput(model.name, model.facts.licence, role, model.facts.commit, model.facts.repo)


def _any_method(recipe: MergeRecipe) -> Method:
    """Stands for a method that there is not: the models are still looked at, nothing is said of what a method needs."""
    needs: Needs = "weights" if recipe.base is None else "base"
    return Method(recipe.method, "merge", "The method", "", "", "", needs, minimum_sources=0)


def _count_findings(recipe: MergeRecipe, method: Method) -> list[Finding]:
    """The parser says this with a repair; a recipe built in code comes here first."""
    if recipe.slices or recipe.modules:
        return []  # counted slice by slice where they are read
    complaint = source_count_complaint(method, len(recipe.sources))
    return [finding(complaint[0], "error", ("sources",), complaint[1])] if complaint is not None else []


def _size_findings(models: list[Known]) -> list[Finding]:
    """A plan lists every tensor of every model: without a bound a few large uploads could fill the memory of whoever checks."""
    count = sum(len(model.facts.tensors) for model in models)
    if count <= MAX_PLAN_INPUTS:
        return []
    message = f"The models hold {number(count)} tensors together, one plan may list {number(MAX_PLAN_INPUTS)}."
    return [finding("plan_too_large", "error", ("sources",), message, "Merge them a few at a time.")]


def _agreements(
    reference: Known, others: list[Known], fitting: dict[int, list[Finding]], base: Known | None, mixed: Finding | None,
    *, all_read: bool,
) -> tuple[str, ...]:  # fmt: skip
    """One line for the end of the panel: what agrees, and for whom."""
    good = [model for model in others if not has_errors(fitting[model.member.position])]
    if not good:
        return ()
    codes = {found.code for model in good for found in fitting[model.member.position]}
    words = ["shapes"]
    if all(model.facts.tensors.keys() == reference.facts.tensors.keys() for model in good):
        words.insert(0, "names")
    if (
        base is not None
        and base.facts.repo
        and all(any(name.partition("@")[0] == base.facts.repo for name in model.facts.base) for model in good)
    ):
        words.insert(0, "base")
    if reference.facts.labels and "label_mismatch" not in codes:
        words.append("labels")
    if reference.facts.tokenizer_digest and "tokenizer_mismatch" not in codes:
        words.append("tokenizer")
    if mixed is None:
        words.append("number format")
    sentence = joined(words)
    whom = "in all models" if all_read and len(good) == len(others) else "for the other sources"
    return (f"{sentence[0].upper()}{sentence[1:]} agree {whom}.",)
