"""NaN and infinity in the weights of models, as a search of theirs found them: said before anything is read."""

import fnmatch
from collections.abc import Mapping

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, Repair
from workers.contracts.paths import Path, path_of
from workers.contracts.plans import Plan
from workers.contracts.recipes import AnyRecipe, ExtractRecipe, MergeRecipe, TrainRecipe
from workers.planning.reads import read_part, reads_of, runs_models
from workers.planning.references import references_of
from workers.planning.wording import add, counted, finding, joined, number, remove, short_name

_SHOWN = 3
_CARRIED = "A merge carries them into the result, which then often answers nothing but NaN. Mend the weights, or leave this model out."


def not_finite_findings(
    recipe: AnyRecipe, facts: Mapping[str, RepoFacts | None], plan: Plan | None = None
) -> list[Finding]:
    """One for each model that holds some, at its place in the recipe, and one for each model of a merge that was not searched yet.

    With a plan only tensors count that it reads: a merge or an extraction may leave some out.
    """
    found: list[Finding] = []
    told: set[tuple[Path, str]] = set()
    is_partial = isinstance(recipe, MergeRecipe | ExtractRecipe) and plan is not None and not runs_models(recipe, plan)
    reads = reads_of(plan) if plan is not None and is_partial else None
    for role, index, text, where in references_of(recipe):
        held = facts.get(text)
        path = _place(path_of(where))
        if role in ("data", "trained") or held is None or (path, text) in told:
            continue
        told.add((path, text))
        if held.scanned is False and isinstance(recipe, MergeRecipe | ExtractRecipe):
            message = f"The weights of {short_name(text)} have not been searched for NaN and infinity yet."
            found.append(finding("not_scanned", "warning", path, message, "The job looks for them itself and says so in its report."))  # fmt: skip
        if reads is not None:
            held = read_part(held, reads.get(_position(recipe, role, index), set()))
        if held.not_finite_tensors:
            found.append(_told(recipe, path, short_name(text), held))
    return [entry.model_copy(update={"stage": "measured"}) for entry in found]


def _position(recipe: AnyRecipe, role: str, index: int) -> int:
    """How plans count: the base where there is one, the other models, then the adapters on them."""
    if not isinstance(recipe, MergeRecipe):
        return 0 if role == "base" else 1
    first = int(recipe.base is not None)
    return {"base": 0, "source": first + index}.get(role, first + len(recipe.sources) + index)


def _told(recipe: AnyRecipe, path: Path, name: str, held: RepoFacts) -> Finding:
    message = f"{name} holds NaN or infinity in {counted(held.not_finite_tensors, 'tensor')}: {_listed(held)}."
    if isinstance(recipe, ExtractRecipe):
        return _of_extract(recipe, path, message, held)
    if isinstance(recipe, TrainRecipe):
        consequence = "Training ends at once where the model that it begins with uses them. Mend the weights first."
        return finding("weights_not_finite", "warning", path, message, consequence)
    if isinstance(recipe, MergeRecipe):
        ways = [remove(path, "Remove this source")] if path[0] == "sources" and len(recipe.sources) > 1 else []
        return finding("weights_not_finite", "warning", path, message, _CARRIED, ways)
    return finding(
        "weights_not_finite", "warning", path, message, "A model with such entries often answers nothing but NaN."
    )


def _of_extract(recipe: ExtractRecipe, path: Path, message: str, held: RepoFacts) -> Finding:
    """Directions are those of numbers: a change with NaN has none."""
    names = [item.name for item in held.not_finite if _is_taken(recipe, item.name)]
    is_whole = held.not_finite_tensors == len(held.not_finite)
    ways: list[Repair] = []
    if names and is_whole:
        ways = [add(("exclude",), [*recipe.exclude, *names], f"Leave {'it' if len(names) == 1 else 'them'} out")]
    if recipe.form == "low_rank" and names:
        return finding("weights_not_finite", "error", path, message, "A change with such numbers has no directions.", ways)  # fmt: skip
    return finding("weights_not_finite", "warning", path, message, "They go into the change as they are.", ways)


def _is_taken(recipe: ExtractRecipe, name: str) -> bool:
    is_in = not recipe.include or any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.include)
    return is_in and not any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.exclude)


def _listed(held: RepoFacts) -> str:
    """`3 NaN in head.weight, 2 infinite in head.bias and 4 more`."""
    parts = []
    for item in held.not_finite[:_SHOWN]:
        counts = [f"{number(item.nan)} NaN"] if item.nan else []
        counts += [f"{number(item.infinite)} infinite"] if item.infinite else []
        parts.append(f"{' and '.join(counts)} in {item.name}")
    more = held.not_finite_tensors - len(parts)
    return joined([*parts, f"{number(more)} more"]) if more > 0 else joined(parts)


def _place(path: Path) -> Path:
    """A source of a merge is told of as a whole, as by its other findings."""
    return path[:-1] if path[:1] == ("sources",) and path[-1] == "model" else path
