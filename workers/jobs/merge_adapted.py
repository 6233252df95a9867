"""What a report calls models that went in with an adapter on them."""

from collections.abc import Sequence

from workers.contracts.jobs import Input
from workers.contracts.plans import Plan
from workers.contracts.references import adapted_join
from workers.jobs.merge_card import name_of


def shown(plan: Plan, inputs: Sequence[Input], models: int) -> list[Input]:
    """The first `models` inputs, which are those of the plan; with an adapter on it one is called by both names."""
    named = list(inputs[:models])
    for item in plan.adapted:
        if item.adapter != item.position:
            model = named[item.position]
            both = adapted_join(name_of(model), name_of(inputs[item.adapter]))
            named[item.position] = model.model_copy(update={"facts": model.facts.model_copy(update={"repo": both})})
    return named
