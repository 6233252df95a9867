"""EVALUATE: can every model be run, and on every dataset? From headers and configs alone."""

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.plans import Check
from workers.contracts.recipes import BATCH_SIZE, EvaluateRecipe
from workers.planning.check import Facts
from workers.planning.estimate import models_estimate, pass_cost
from workers.planning.licences import licence_judge
from workers.planning.runnable import classifier_findings, data_findings, image_finding, image_of, rows_of
from workers.planning.wording import add, counted, finding, number, remove, short_name

# One stored answer: number, content key, two labels, a truth value, a log-probability.
_ANSWER_BYTES = 48


def check(recipe: EvaluateRecipe, facts: Facts) -> Check:
    findings: list[Finding] = []
    runnable: list[tuple[int, str, RepoFacts]] = []
    for index, text in enumerate(recipe.models):
        path: Path = ("models", index)
        held = facts.get(text)
        if held is not None and held.artifact == "adapter":
            # An adapter is run as its base with a little added: sizes and labels are the base's.
            held, found = _base_of_adapter(recipe, facts, text, held, path)
            findings += found
        else:
            found = classifier_findings(text, held, path)
            findings += found
            held = None if any(entry.severity == "error" for entry in found) else held
        if held is not None:
            runnable.append((index, text, held))
    findings += _repeated(recipe, facts)
    findings += data_findings(recipe.data, facts)
    findings += _label_findings(runnable)
    for index, text, held in runnable:
        misfits = (image_finding(text, held, ("models", index), item, image_of(item, facts)) for item in recipe.data)
        findings += [misfit for misfit in misfits if misfit is not None][:1]
    rows = sum(min(rows_of(item, facts), recipe.limit or 10**9) for item in recipe.data)
    models = [held for _, _, held in runnable]
    data = [held for item in recipe.data if (held := facts.get(item.data)) is not None]
    estimate = models_estimate(
        models, data, sum(pass_cost(held) for held in models) * rows, batch=recipe.batch_size or BATCH_SIZE,
        write_bytes=_ANSWER_BYTES * rows * len(recipe.models),
    )  # fmt: skip
    agreements = _agreements(recipe, runnable, rows) if len(runnable) == len(recipe.models) else ()
    licence = licence_judge("evaluate", [])
    return Check(findings=tuple(findings), agreements=agreements, licence=licence, estimate=estimate)


def _base_of_adapter(
    recipe: EvaluateRecipe, facts: Facts, text: str, adapter: RepoFacts, path: Path
) -> tuple[RepoFacts | None, list[Finding]]:
    """The adapter's base among the recipe's models: the job is given no other."""
    name = short_name(text)
    if not adapter.base:
        message = f"{name} is an adapter and does not say of which model."
        return None, [
            finding("adapter_without_base", "error", path, message, repair=[remove(path, "Remove this model")])
        ]
    wanted = adapter.base[0].partition("@")[0]
    for other in recipe.models:
        held = facts.get(other)
        if held is not None and held is not adapter and wanted in {held.repo, other.partition("@")[0]}:
            return held, []
    message = f"{name} is an adapter for {wanted}, which is not among the models."
    repair = [add(("models", "-"), wanted, f"Add {wanted}"), remove(path, "Remove this model")]
    return None, [
        finding("adapter_base_missing", "error", path, message, "An adapter is measured on its base.", repair)
    ]


def _repeated(recipe: EvaluateRecipe, facts: Facts) -> list[Finding]:
    findings = []
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(recipe.models):
        held = facts.get(text)
        key = (held.repo, held.commit) if held is not None and held.commit else ("", text)
        if key in seen:
            path: Path = ("models", index)
            message = f"{short_name(text)} is given twice."
            findings.append(
                finding(
                    "duplicate_model",
                    "warning",
                    path,
                    message,
                    "It would be measured twice.",
                    [remove(path, "Remove it")],
                )
            )
        seen.add(key)
    return findings


def _label_findings(runnable: list[tuple[int, str, RepoFacts]]) -> list[Finding]:
    """Answers of models over different label spaces cannot be put side by side."""
    if not runnable:
        return []
    first, ours = short_name(runnable[0][1]), runnable[0][2].labels
    findings = []
    for index, text, held in runnable[1:]:
        if len(held.labels) != len(ours):
            message = (
                f"{short_name(text)} tells {counted(len(held.labels), 'label')} apart, {first} {number(len(ours))}."
            )
            consequence = "The same datasets cannot be right for both."
            repair = [remove(("models", index), "Remove this model")]
            findings.append(finding("label_mismatch", "error", ("models", index), message, consequence, repair))
    return findings


def _agreements(recipe: EvaluateRecipe, runnable: list[tuple[int, str, RepoFacts]], rows: int) -> tuple[str, ...]:
    labels = len(runnable[0][2].labels) if runnable else 0
    return (
        f"{counted(len(recipe.models), 'model')} with {counted(labels, 'label')}, {counted(rows, 'example')} each.",
    )
