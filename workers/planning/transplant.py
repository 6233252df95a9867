"""TOKENIZER TRANSPLANT: what is wrong with it, what it costs, and the plan: the base, with its tables over another vocabulary."""

from workers.contracts.findings import Finding, has_errors
from workers.contracts.methods import Method
from workers.contracts.methods.tokenizers import ANCHORED
from workers.contracts.parameters import resolve_parameters, source_count_complaint
from workers.contracts.plans import Check, Plan, TensorInput, TensorStep, VocabularyPlan, VocabularyTable
from workers.contracts.recipes import MergeRecipe
from workers.planning.check import Facts
from workers.planning.estimate import merge_estimate
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.licences.operations import Role
from workers.planning.members import Known, known, members_of
from workers.planning.merge_carried import CARRIED_FILES, CARRIED_TOKENIZER, matching
from workers.planning.merge_entries import entry_findings
from workers.planning.merge_parts import in_file_order
from workers.planning.merge_settings import is_uniform
from workers.planning.merge_steps import shards_of
from workers.planning.merge_values import value_findings
from workers.planning.tokenizers.attached import tokenizer_seen
from workers.planning.tokenizers.surface import matches_of
from workers.planning.tokenizers.tables import is_head, table_axis, vocabulary_key
from workers.planning.vocabulary_findings import unreadable_findings
from workers.planning.weights import FLOATING, STORED_NAMES
from workers.planning.wording import add, counted, finding, number, remove

_FLOPS = (2e9, 40e9)
_OTHERS = ("slices", "modules", "tokenizer", "compat", "input_dtype")


def check_transplant(recipe: MergeRecipe, method: Method, facts: Facts) -> Check:
    members = members_of(recipe, facts)
    findings, unusable = entry_findings(members, method)
    findings += _recipe_findings(recipe, method)
    usable = [found for member in members if member.position not in unusable and (found := known(member)) is not None]
    base = next((model for model in usable if model.member.source is None), None)
    donor = next((model for model in usable if model.member.source is not None), None)
    findings += unreadable_findings(usable)
    if base is None or donor is None or has_errors(findings):
        return Check(findings=tuple(findings))
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    verdict = licence_judge("merge", [_licensed(base, "base"), _licensed(donor, "tokenizer")], is_public=is_public)
    undeclared = [(model.path, model.name) for model in (base, donor) if not model.facts.licence]
    findings += licence_findings(verdict, undeclared, is_public=is_public)
    plan, operations, told = _plan(recipe, method, base, donor)
    findings += told
    estimate = merge_estimate(plan, method)
    least, most = estimate.seconds
    seconds = (round(least + operations / _FLOPS[1], 1), round(most + operations / _FLOPS[0], 1))
    return Check(
        findings=tuple(findings), licence=verdict, estimate=estimate.model_copy(update={"seconds": seconds}),
        plan=None if has_errors(findings) else plan,
    )  # fmt: skip


def _licensed(model: Known, role: Role) -> LicenceInput:
    return LicenceInput(model.name, model.facts.licence, role, model.facts.commit, model.facts.repo)


def _recipe_findings(recipe: MergeRecipe, method: Method) -> list[Finding]:
    findings = []
    for key in _OTHERS:
        if getattr(recipe, key):
            message = f"{method.label} takes one model and one tokenizer; {key} has no meaning for it."
            findings.append(
                finding("not_for_transplant", "error", (key,), message, repair=[remove((key,), "Leave it out")])
            )
    complaint = source_count_complaint(method, len(recipe.sources))
    if complaint is not None:
        findings.append(finding(complaint[0], "error", ("sources",), complaint[1]))
    if is_uniform(recipe):
        findings += value_findings(method, *resolve_parameters(recipe, method))
    else:
        message = f"{method.label} has one value for all rows: no gradients and no filters."
        findings.append(finding("not_for_transplant", "error", ("parameters",), message))
    return findings


def _plan(recipe: MergeRecipe, method: Method, base: Known, donor: Known) -> tuple[Plan, float, list[Finding]]:
    """The plan, about how many operations new rows take, and findings."""
    values = resolve_parameters(recipe, method)[0]
    mine, its = tokenizer_seen(base.facts), tokenizer_seen(donor.facts)
    if mine is None or its is None:
        raise ValueError("Both tokenizers have been looked at before.")
    shared = len(matches_of(mine, its))
    new = len(its.tokens) - shared
    multiple = int(values["pad_to_multiple_of"])
    rows = -(-its.end // multiple) * multiple
    anchored = new > 0 and values["approximation"] in ANCHORED
    findings = _token_findings(values, base, donor, shared, new)
    tables: dict[str, VocabularyTable] = {}
    steps, operations = [], 0.0
    for name in in_file_order(base):
        fact = base.facts.tensors[name]
        inputs: tuple[TensorInput, ...] = (TensorInput(source=base.member.position, key=name, fact=fact),)
        axis, shape = table_axis(name, fact, base.shape.vocabulary, base.facts.config), fact.shape
        if axis is not None:
            shape = (*shape[:axis], rows, *shape[axis + 1 :])
            theirs = _donor_table(donor, is_head(name)) if anchored and len(shape) == 2 else None
            if anchored and len(shape) == 2 and theirs is None:
                message = (
                    f"{donor.name} has no {'head' if is_head(name) else 'embeddings'} to make new rows of {name} by."
                )
                repair = [add(("approximation",), "subword", "Make them of pieces of the token")]
                findings.append(finding("donor_without_table", "error", donor.path, message, repair=repair))
            inputs += (theirs,) if theirs is not None else ()
            tables[name] = VocabularyTable(axis=axis, inputs=inputs)
            if theirs is not None:
                k = min(int(values["k"]), shared) if values["approximation"] == "omp" else 1
                operations += 2.0 * new * shared * theirs.fact.shape[1] * k
        dtype = STORED_NAMES[recipe.dtype] if recipe.dtype is not None and fact.dtype in FLOATING else fact.dtype
        steps.append(TensorStep(name=name, operation="copy", inputs=inputs, shape=shape, dtype=dtype))
    key = vocabulary_key(base.facts.config, base.shape.vocabulary)
    if not tables or not key:
        message = f"{base.name} does not say how many tokens its embeddings have, so their rows cannot be found."
        findings.append(finding("vocabulary_unknown", "error", base.path, message))
    positions = base.member.position, donor.member.position
    plan = Plan(
        method=method.name, method_revision=method.revision, seed=recipe.seed, steps=tuple(steps),
        shards=shards_of(steps, recipe.max_shard_bytes), config={key: rows} if key else {}, chat_template=recipe.chat_template,
        copied_files=(
            *((positions[0], path) for path in matching(base, CARRIED_FILES)),
            *((positions[1], path) for path in matching(donor, CARRIED_TOKENIZER)),
        ),
        vocabulary=VocabularyPlan(order=positions[1:], models=positions, rows=rows, tables=tables, graft=dict(values)),
    )  # fmt: skip
    return plan, operations, findings


def _donor_table(donor: Known, head: bool) -> TensorInput | None:
    """Its head, or its embeddings; a head that is shared with the embeddings is these."""
    found: dict[bool, TensorInput] = {}
    for name in in_file_order(donor):
        fact = donor.facts.tensors[name]
        axis = table_axis(name, fact, donor.shape.vocabulary, donor.facts.config)
        if axis == 0 and len(fact.shape) == 2 and fact.dtype in FLOATING:
            found.setdefault(is_head(name), TensorInput(source=donor.member.position, key=name, fact=fact))
    return found.get(head, found.get(False))


def _token_findings(values: dict[str, object], base: Known, donor: Known, shared: int, new: int) -> list[Finding]:
    message = (
        f"{donor.name} has {counted(shared + new, 'token')}: {number(shared)} are in {base.name} too and keep their rows, "
        f"{number(new)} {'is' if new == 1 else 'are'} made by {values['approximation']}."
    )
    findings = [finding("vocabulary_transplanted", "info", donor.path, message)]
    if not new or values["approximation"] not in ANCHORED:
        return findings
    if not shared:
        message = f"{donor.name} and {base.name} have no token in common, so there is nothing to make new rows of."
        repair = [add(("approximation",), "subword", "Make them of pieces of the token")]
        return [*findings, finding("nothing_shared", "error", ("approximation",), message, repair=repair)]
    if shared < int(str(values["k"])):
        message = f"k is {values['k']} and only {counted(shared, 'token')} {'is' if shared == 1 else 'are'} shared: as many are used."
        findings.append(
            finding("few_shared", "warning", ("k",), message, repair=[add(("k",), shared, f"Use {shared}")])
        )
    return findings
