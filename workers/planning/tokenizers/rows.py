"""ROWS of a merge's vocabulary: for each token of the result, which row of each model's table is its own, and what stands in for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.contracts.plans import RowRule, VocabularyPlan
from workers.planning.tokenizers.read import Tokenizer
from workers.planning.tokenizers.unite import unite

# In place of the number of a row.
ABSENT, PADDING = -1, -2


@dataclass(frozen=True)
class Filling:
    """What stands in for a row that a model lacks: the mean of `rows`, pairs of a model and a row of it; zeros where empty."""

    rows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Rows:
    """`own[model]` lists a row, ABSENT or PADDING for each row of the result; `filled` is by row of the result.

    Both are the same for every table; only the number of rows that a table holds differs, `held`.
    """

    own: Mapping[int, list[int]]
    filled: Mapping[int, Filling] = field(default_factory=dict)

    @property
    def counts(self) -> dict[int, int]:
        """How many tokens of the result each model has rows for."""
        return {model: sum(row >= 0 for row in rows) for model, rows in self.own.items()}


def tokenizer_of(plan: VocabularyPlan, tokenizers: Mapping[int, Tokenizer]) -> Tokenizer:
    """The result's."""
    return unite([tokenizers[model] for model in plan.order], plan.tokens)


def rows_of(plan: VocabularyPlan, tokenizers: Mapping[int, Tokenizer], out: Tokenizer, held: Mapping[int, int]) -> Rows:
    """The rows for tables of which each model's holds `held` rows.

    A token that a model lacks gets, in this order: what its rule says; the row of the only model that has it; zeros, where
    none has; the row of the base; the mean of all that have it. A row without a token keeps the model's own row of that
    number where that has no token either, and is else the mean of the model's rows.

    Raises:
        KeyError: a rule names a token, or a row, that its model does not have. The check has looked.
    """
    models = {model: tokenizers[model if model in plan.models else plan.order[0]].tokens for model in held}
    own = {model: [PADDING] * plan.rows for model in held}
    for model, tokens in models.items():
        limit, rows = held[model], own[model]
        for token, place in out.tokens.items():
            found = tokens.get(token, ABSENT)
            rows[place] = found if found < limit else ABSENT
        if plan.keeps_padding:
            used = set(tokens.values())
            for place, row in enumerate(rows):
                if row == PADDING and place < limit and place not in used:
                    rows[place] = place
    filled: dict[int, Filling] = {}
    for token, place in out.tokens.items():
        rule = plan.tokens.get(token)
        force = rule is not None and rule.force
        if not force and all(own[model][place] >= 0 for model in held):
            continue
        filled[place] = _filling(plan, rule, token, {model: own[model][place] for model in held}, models, held)
        if force:
            for rows in own.values():
                rows[place] = ABSENT
    return Rows(own, filled)


def _filling(
    plan: VocabularyPlan, rule: RowRule | None, token: str, found: Mapping[int, int],
    models: Mapping[int, Mapping[str, int]], held: Mapping[int, int],
) -> Filling:  # fmt: skip
    if rule is not None and rule.kind == "zero":
        return Filling()
    if rule is not None and rule.kind == "row":
        wanted = token if rule.token is None else rule.token
        row = models[rule.source][wanted] if rule.token_id is None else rule.token_id
        if row >= held[rule.source]:
            raise KeyError(token)
        return Filling(((rule.source, row),))
    owners = tuple((model, row) for model, row in found.items() if row >= 0)
    if len(owners) > 1 and plan.base is not None and found.get(plan.base, ABSENT) >= 0:
        return Filling(((plan.base, found[plan.base]),))
    return Filling(owners)
