"""Findings about tokenizers: of the rule, of each model, and of what comes out."""

from collections.abc import Sequence

from workers.contracts.complaints import nearest
from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.contracts.plans import VocabularyPlan
from workers.contracts.recipes import MergeRecipe
from workers.contracts.tokenizing import TokenizerRule
from workers.planning.members import Known
from workers.planning.tokenizers.attached import tokenizer_seen
from workers.planning.tokenizers.read import Tokenizer, shown
from workers.planning.wording import add, counted, finding, joined, number, remove

_PATH: Path = ("tokenizer",)
# Parts of tokenizer.json that cut and clean a text before tokens are looked for.
_RULES = ("normalizer", "pre_tokenizer")


def learned_rows_findings(method: Method) -> list[Finding]:
    message = f"{method.label} runs its models on data as they are. It cannot do so while rows change places with their tokens."
    consequence = (
        "Give each model the common tokenizer first, by the method tokenizer_transplant, and merge the results."
    )
    return [finding("tokenizer_learned", "error", _PATH, message, consequence, [remove(_PATH, "Leave it out")])]


def rule_findings(rule: TokenizerRule, models: Sequence[Known], at: Path) -> list[Finding]:
    """Models that a rule names and that are not of this merge; tokens that no model has."""
    names = {model.member.text: model for model in models}
    findings = []
    named = [(rule.source, at), (rule.base, (*_PATH, "base"))]
    for text, path in named:
        if text is not None and text not in {"base", "union"} and text not in names:
            message = f"{text} is none of the models of this merge, so its tokenizer cannot be taken."
            consequence = "To give one model the tokenizer of another, use the method tokenizer_transplant."
            repair = [add(_PATH, "union", "Unite the tokenizers"), remove(_PATH, "Leave it out")]
            findings.append(finding("tokenizer_unknown", "error", path, message, consequence, repair))
    every = {token for model in models if (one := tokenizer_seen(model.facts)) is not None for token in one.tokens}
    for token, given in rule.tokens.items():
        path = (*_PATH, "tokens", token)
        source = given.source
        model = names.get(source.model or "") if source is not None else None
        if source is not None and source.model is not None and model is None:
            message = (
                f"{shown(token)} should get its row from {source.model}, which is none of the models of this merge."
            )
            findings.append(finding("tokenizer_unknown", "error", (*path, "source"), message))
        elif model is not None and source is not None and source.token_id is None:
            findings += _row_findings(token, source.token or token, model, path)
        elif token not in every and every:
            message = f"No model has the token {shown(token)}. It becomes a new one{'' if source else ', with a row of zeros'}."
            meant = nearest(token, sorted(every)) if len(every) < 20_000 else None
            hint = f"Did you mean {shown(meant)}?" if meant else ""
            findings.append(finding("token_new", "info" if source else "warning", path, message, hint))
    return findings


def _row_findings(token: str, wanted: str, model: Known, path: Path) -> list[Finding]:
    found = tokenizer_seen(model.facts)
    if found is None:
        message = f"{model.name} has no tokenizer that can be read, so the row of {shown(wanted)} cannot be found."
        return [finding("token_row_missing", "error", (*path, "source"), message, "Give token_id instead of token.")]
    place = found.tokens.get(wanted)
    if place is None:
        message = f"{model.name} has no token {shown(wanted)}, from which {shown(token)} should get its row."
        return [finding("token_row_missing", "error", (*path, "source"), message)]
    if place >= (model.shape.vocabulary or place + 1):
        message = f"{shown(wanted)} is token {number(place)} of {model.name}, whose embeddings have {number(model.shape.vocabulary or 0)} rows."
        return [finding("token_row_missing", "error", (*path, "source"), message)]
    return []


def unreadable_findings(models: Sequence[Known], *, may_lack: bool = False) -> list[Finding]:
    findings = []
    for model in models:
        given = model.facts.tokenizer
        if isinstance(given, str):
            findings.append(finding("tokenizer_unreadable", "error", model.path, f"{model.name} {given}"))
        elif given is None and model.facts.tokenizer_digest:
            message = f"The tokenizer of {model.name} was not looked at."
            findings.append(
                finding("tokenizer_unreadable", "error", model.path, message, "Check the recipe once more.")
            )
        elif given is None and not may_lack:
            findings.append(finding("tokenizer_missing", "error", model.path, f"{model.name} has no tokenizer files."))
    return findings


def model_findings(models: Sequence[Known], rule: TokenizerRule) -> list[Finding]:
    findings = unreadable_findings(models, may_lack=True)
    for model in models:
        given, rows = tokenizer_seen(model.facts), model.shape.vocabulary or 0
        if given is None and not model.facts.tokenizer_digest:
            findings += _without(model, models)
        elif given is not None and given.end > rows:
            beyond = sum(place >= rows for place in given.tokens.values())
            message = f"{counted(beyond, 'token')} of {model.name} {'has' if beyond == 1 else 'have'} no row: its embeddings have {number(rows)}."
            consequence = "They stay in the vocabulary and get rows from the models that have some, else zeros."
            findings.append(finding("tokens_without_rows", "warning", model.path, message, consequence))
    return [*findings, *_style_findings(models, rule)]


def _without(model: Known, models: Sequence[Known]) -> list[Finding]:
    sizes = {other.shape.vocabulary for other in models if other.facts.tokenizer_digest}
    message = f"{model.name} has no tokenizer files."
    if model.shape.vocabulary in sizes:
        return [finding("tokenizer_missing", "warning", model.path, message, "Its rows are taken to lie like those of the model whose tokenizer the result gets.")]  # fmt: skip
    repair = [remove(model.path, "Remove this source")] if model.member.source is not None else []
    consequence = "Its vocabulary is of another size, so nobody knows which row belongs to which token."
    return [finding("tokenizer_missing", "error", model.path, message, consequence, repair)]


def _style_findings(models: Sequence[Known], rule: TokenizerRule) -> list[Finding]:
    """Tokenizers of different kinds write the same piece of text differently: `Ġthe`, `▁the`, `the`."""
    owners = [(model, one) for model in models if (one := tokenizer_seen(model.facts)) is not None]
    if not owners:
        return []
    (first, mine), *others = owners
    findings = []
    for model, its in others:
        if its.style == mine.style:
            continue
        message = f"The tokenizer of {model.name} is {its.style}, that of {first.title} {mine.style}."
        repair = [add(_PATH, "base", f"Keep the tokenizer of {first.title}")]
        if rule.source == "union":
            consequence = (
                "Such tokenizers cannot be united: a token of one means nothing to the other. mergekit would add the tokens as they "
                "are written, which no text then contains."
            )
            findings.append(finding("tokenizer_kind", "error", model.path, message, consequence, repair))
        else:
            both = len(mine.tokens.keys() & its.tokens.keys())
            consequence = f"Only {counted(both, 'token')} {'is' if both == 1 else 'are'} written alike; all others count as missing."
            findings.append(finding("tokenizer_kind", "warning", model.path, message, consequence))
    return findings


def result_findings(
    recipe: MergeRecipe,
    rule: TokenizerRule,
    plan: VocabularyPlan,
    models: Sequence[Known],
    donor: Known,
    out: Tokenizer,
) -> list[Finding]:
    findings = [_size_finding(plan, models, donor, out)]
    rows = donor.shape.vocabulary or 0
    if plan.rows < rows:
        message = f"The embeddings of {donor.name} have {number(rows)} rows, the result gets {number(plan.rows)}: one for each token, as mergekit does."
        repair = [remove(("compat",), "Keep all rows")]
        findings.append(finding("vocabulary_shrinks", "warning", _PATH, message, "Rows of padding are lost.", repair))
    elif plan.rows > out.end:
        message = f"{counted(plan.rows - out.end, 'row')} of the result's embeddings {'belongs' if plan.rows - out.end == 1 else 'belong'} to no token."
        findings.append(finding("vocabulary_padded", "info", _PATH, message))
    seen = [(model, one) for model in models if (one := tokenizer_seen(model.facts)) is not None]
    kept = tokenizer_seen(donor.facts)
    others = [
        model.name
        for model, one in seen
        if kept is not None and any(one.document.get(key) != kept.document.get(key) for key in _RULES)
    ]
    if rule.source == "union" and others:
        message = f"{joined(others)} {'cleans and cuts' if len(others) == 1 else 'clean and cut'} texts by other rules than {donor.name}."
        consequence = f"The result goes by those of {donor.name}: some tokens of the others may never come up."
        findings.append(finding("tokenizer_rules_differ", "warning", _PATH, message, consequence))
    templates = {one.template for _, one in seen if one.template is not None}
    if recipe.chat_template is None and len(templates) > 1:
        message = f"The models have different chat templates. The result gets that of {donor.name}."
        repair = [add(("chat_template",), "auto", "Take the one that most models have")]
        findings.append(finding("chat_template_differs", "info", ("chat_template",), message, repair=repair))
    return findings


def _size_finding(plan: VocabularyPlan, models: Sequence[Known], donor: Known, out: Tokenizer) -> Finding:
    """What the result's vocabulary is made of, and what each model lacks of it."""
    names = {model.member.position: model for model in models}
    parts, known = [], set[str]()
    for position in plan.order:
        own = tokenizer_seen(names[position].facts)
        tokens = own.tokens.keys() if own is not None else set()
        parts.append(f"{number(len(tokens - known))} of {names[position].name}" if not known else f"{number(len(tokens - known))} more of {names[position].name}")  # fmt: skip
        known |= tokens
    message = f"The result has {counted(len(out.tokens), 'token')}: {joined(parts)}."
    lacking = [
        f"{names[position].name} lacks {number(missing)}" for position in plan.models
        if (own := tokenizer_seen(names[position].facts)) is not None and (missing := len(out.tokens.keys() - own.tokens.keys()))
    ]  # fmt: skip
    filled = "Rows that a model lacks come from the base, else from the models that have them."
    return finding("vocabulary_united", "info", _PATH, message, f"{joined(lacking)}. {filled}" if lacking else "")
