"""Which models brought entries that are infinite or no number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workers.contracts.jobs import Input
from workers.contracts.plans import Plan
from workers.jobs.merge_card import name_of
from workers.planning.wording import joined, number

if TYPE_CHECKING:
    from workers.engine.execute import Outcome

_SHOWN = 4


def broken_named(plan: Plan, models: Sequence[Input], outcome: "Outcome") -> dict[str, int]:
    """Entries by the name of the model, and the names in the findings that count them."""
    steps = {step.name: step for step in plan.steps}
    total: Counter[str] = Counter()
    whose: dict[str, Counter[str]] = {}
    for name, row in outcome.tensors.items():
        found = _of_row([item.source for item in steps[name].inputs], row)
        whose[name] = Counter({name_of(models[place]): count for place, count in found.items()})
        total.update(whose[name])
    outcome.findings = [
        finding.model_copy(update={"message": f"{finding.message} {_told(whose[finding.where])}"})
        if finding.code == "not_finite" and whose.get(finding.where) else finding
        for finding in outcome.findings
    ]  # fmt: skip
    return dict(total)


def _of_row(places: Sequence[int], row: Mapping[str, Any]) -> dict[int, int]:
    """By the model's place in the plan; nothing where the method does not tell its sources apart."""
    sources = row.get("bad_sources")
    if sources is None or len(places) - len(sources) not in (0, 1):
        return {}
    first = len(places) - len(sources)
    found: Counter[int] = Counter()
    if first:
        found[places[0]] = row.get("bad_base", 0)
    for place, count in zip(places[first:], sources, strict=True):
        found[place] += count
    return {place: count for place, count in found.items() if count}


def _told(counts: Mapping[str, int]) -> str:
    held = [f"{name} holds {number(count)}" for name, count in counts.items()]
    more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
    return f"{', '.join(held[:_SHOWN])}{more}." if more or len(held) == 1 else f"{joined(held)}."
