"""TRY: can this one entry be run, at which task, and is the input one of that task? All findings at once."""

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.plans import Check
from workers.contracts.recipes import TryRecipe
from workers.contracts.tasks import task_get
from workers.planning.bases import base_text
from workers.planning.check import Facts
from workers.planning.estimate import models_estimate, pass_cost
from workers.planning.licences import licence_judge
from workers.planning.lone import known_tasks, lone_findings, task_findings
from workers.planning.try_inputs import input_findings, roles_asked
from workers.planning.wording import joined

_STEPS = 64  # a continuation goes through the model once for each token


def task_of(recipe: TryRecipe, facts: RepoFacts, base: RepoFacts | None = None) -> str | None:
    """As the recipe says, else the first of what the entry can be asked."""
    return recipe.task or next(iter(known_tasks(facts, base)), None)


def check(recipe: TryRecipe, facts: Facts) -> Check:
    held = facts.get(recipe.model)
    base = facts.get(base_text(held)) if held is not None else None
    findings: list[Finding] = lone_findings(recipe.model, held, base, ("model",))
    if held is None or findings:
        asked = task_get(recipe.task or "")
        findings += input_findings(asked, recipe.input) if asked is not None else []
        return Check(findings=tuple(findings), licence=licence_judge("evaluate", []))
    findings += task_findings(recipe.model, held, base, recipe.task, ("task",) if recipe.task else ("model",))
    task = task_get(task_of(recipe, held, base) or "")
    agreements: tuple[str, ...] = ()
    if task is not None:
        findings += input_findings(task, recipe.input)
        agreements = (f"{task.label}: one input of {joined([column.role for column in roles_asked(task)])}.",)
    models = [entry for entry in (held, base) if entry is not None]
    estimate = models_estimate(models, [], _STEPS * max(pass_cost(entry) for entry in models), batch=1)
    return Check(
        findings=tuple(findings), agreements=agreements, licence=licence_judge("evaluate", []), estimate=estimate
    )
