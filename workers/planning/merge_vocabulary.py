"""VOCABULARY of a merge: whose tokenizer the result gets, and which rows move, where the recipe says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workers.contracts.findings import Finding, has_errors
from workers.contracts.paths import Path
from workers.contracts.plans import RowRule, TensorInput, VocabularyPlan, VocabularyTable
from workers.contracts.recipes import MergeRecipe
from workers.contracts.tokenizing import TokenizerRule, TokenRule
from workers.planning.members import Known
from workers.planning.merge_parts import Layout, Models, own_part
from workers.planning.tokenizers.attached import tokenizer_seen
from workers.planning.tokenizers.read import Tokenizer
from workers.planning.tokenizers.rows import tokenizer_of
from workers.planning.tokenizers.tables import table_axis, vocabulary_key
from workers.planning.vocabulary_findings import model_findings, result_findings, rule_findings
from workers.planning.wording import finding

BASE, UNION = "base", "union"


@dataclass
class Vocabulary:
    """`plan` is None where every row stays where it is; `donor` is whose tokenizer files are carried."""

    plan: VocabularyPlan | None = None
    donor: Known | None = None
    out: Tokenizer | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_rewritten(self) -> bool:
        """Whether the result's tokenizer files are no copies of one model's."""
        return self.plan is not None and (len(self.plan.order) > 1 or bool(self.plan.tokens))


def rule_of(recipe: MergeRecipe) -> TokenizerRule | None:
    given = recipe.tokenizer
    return TokenizerRule(source=given) if isinstance(given, str) else given


def moves_rows(recipe: MergeRecipe, models: Sequence[Known]) -> bool:
    """Whether rows have to follow their tokens: a rule is there, and says more than that all have the same ones already."""
    rule = rule_of(recipe)
    if rule is None or not any(model.facts.tokenizer_digest for model in models):
        return False
    digests = {model.facts.tokenizer_digest for model in models} - {""}
    sizes = {model.shape.vocabulary for model in models}
    seen = [tokenizer_seen(model.facts) for model in models]
    shrinks = recipe.compat is not None and any(one is not None and sizes != {len(one.tokens)} for one in seen)
    return len(digests) > 1 or len(sizes) > 1 or shrinks or bool(rule.tokens) or rule.pad_to_multiple_of is not None


def vocabulary_of(recipe: MergeRecipe, models: Models, layout: Layout) -> Vocabulary:
    """Plans the rows and marks the layout's tables with their new sizes."""
    everyone = _everyone(models)
    rule = rule_of(recipe)
    if rule is None or not moves_rows(recipe, everyone):
        return Vocabulary()
    at: Path = ("tokenizer",) if isinstance(recipe.tokenizer, str) else ("tokenizer", "source")
    result = Vocabulary(findings=rule_findings(rule, everyone, at))
    result.findings += model_findings(everyone, rule)
    if has_errors(result.findings):
        return _failed(result, models, layout)
    base = _named(rule.base, everyone) or models.base
    first = base or models.reference
    result.donor = first if rule.source in {BASE, UNION} else _named(rule.source, everyone)
    owners = [model for model in everyone if tokenizer_seen(model.facts) is not None]
    if result.donor is None or result.donor not in owners:
        whose = "Its first model" if result.donor is None else result.donor.name
        message = f"{whose} has no tokenizer that could be the result's."
        result.findings.append(finding("tokenizer_missing", "error", ("tokenizer",), message))
        return _failed(result, models, layout)
    rest = [model for model in owners if model is not result.donor] if rule.source == UNION else []
    tokenizers = {model.member.position: one for model in owners if (one := tokenizer_seen(model.facts)) is not None}
    plan = VocabularyPlan(
        order=tuple(model.member.position for model in (result.donor, *rest)), models=tuple(tokenizers), rows=0,
        base=None if base is None else base.member.position, keeps_padding=recipe.compat is None,
        tokens={token: _row(given, everyone) for token, given in sorted(rule.tokens.items())},
    )  # fmt: skip
    result.out = tokenizer_of(plan, tokenizers)
    result.plan = plan.model_copy(update={"rows": _rows(rule, recipe, result.donor, result.out)})
    _mark(layout, models, result)
    result.findings += result_findings(recipe, rule, result.plan, everyone, result.donor, result.out)
    return result


def _everyone(models: Models) -> list[Known]:
    """Every model once, the one that config and tokenizer come from first."""
    return [models.reference, *(source for source in models.sources if source is not models.reference)]


def _named(text: str | None, models: Sequence[Known]) -> Known | None:
    return next((model for model in models if text is not None and model.member.text == text), None)


def _row(rule: TokenRule, models: Sequence[Known]) -> RowRule:
    source = rule.source
    if source is None:
        return RowRule(kind="as_usual", force=rule.force)
    if source.kind == "zero":
        return RowRule(kind="zero", force=rule.force)
    model = _named(source.model, models)
    position = model.member.position if model is not None else 0
    return RowRule(kind="row", source=position, token=source.token, token_id=source.token_id, force=rule.force)


def _rows(rule: TokenizerRule, recipe: MergeRecipe, donor: Known, out: Tokenizer) -> int:
    """As mergekit, one row for each token; without `compat` never fewer than the donor's tables have."""
    rows = out.end if recipe.compat is not None else max(out.end, donor.shape.vocabulary or 0)
    multiple = rule.pad_to_multiple_of or 1
    return -(-rows // multiple) * multiple


def _failed(result: Vocabulary, models: Models, layout: Layout) -> Vocabulary:
    """That tables are of different lengths has been told already, in what was found."""
    reference = models.reference
    for place, target in enumerate(layout.targets):
        axis = table_axis(target.name, target.fact, reference.shape.vocabulary, reference.facts.config)
        if axis is not None:
            layout.targets[place] = replace(target, rows=(axis, target.fact.shape[axis]))
    return result


def _mark(layout: Layout, models: Models, result: Vocabulary) -> None:
    reference, everyone = models.reference, _everyone(models)
    tables: dict[str, VocabularyTable] = {}
    for place, target in enumerate(layout.targets):
        axis = table_axis(target.name, target.fact, reference.shape.vocabulary, reference.facts.config)
        if axis is None or result.plan is None:
            continue
        parts = [own_part(model, target.name) for model in everyone]
        inputs = tuple(
            TensorInput(source=part.model.member.position, key=part.key, fact=part.fact)
            for part in parts if part.fact is not None
        )  # fmt: skip
        tables[target.name] = VocabularyTable(axis=axis, inputs=inputs)
        layout.targets[place] = replace(target, rows=(axis, result.plan.rows))
        result.findings += _missing_rows(target.name, axis, result.plan, inputs, everyone)
    key = vocabulary_key(reference.facts.config, reference.shape.vocabulary)
    if not tables or not key or result.plan is None:
        message = f"{reference.name} does not say how many tokens its embeddings have, so their rows cannot be found."
        result.findings.append(finding("vocabulary_unknown", "error", ("tokenizer",), message))
        return
    layout.config[key] = result.plan.rows
    result.plan = result.plan.model_copy(update={"tables": tables})


def _missing_rows(
    name: str, axis: int, plan: VocabularyPlan, inputs: Sequence[TensorInput], everyone: Sequence[Known]
) -> list[Finding]:
    """Rules that take a row out of a table which that model does not have, or which is too short for it."""
    rows = {item.source: item.fact.shape[axis] for item in inputs}
    names = {model.member.position: model.name for model in everyone}
    findings = []
    for token, rule in plan.tokens.items():
        if rule.kind != "row":
            continue
        held = rows.get(rule.source)
        if held is None:
            message = f"{names[rule.source]} has no {name}, from which {token} should get a row."
        elif rule.token_id is not None and rule.token_id >= held:
            message = f"{names[rule.source]} has {held} rows in {name}; row {rule.token_id} for {token} is not there."
        else:
            continue
        findings.append(finding("token_row_missing", "error", ("tokenizer", "tokens", token, "source"), message))
    return findings
