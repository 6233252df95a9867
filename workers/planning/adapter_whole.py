"""Heads and biases that adapters bring whole: one copy is taken over, several cannot be made into one."""

from collections.abc import Sequence

from workers.contracts.findings import Finding, Repair
from workers.contracts.methods import Method, method_get
from workers.contracts.paths import pointer_of
from workers.contracts.recipes import MergeRecipe
from workers.planning.adapter_plan import Adapter
from workers.planning.bases import base_text
from workers.planning.wording import counted, finding, joined, remove

_SUM = "task_arithmetic"
# Under this name peft stores the base's own embeddings beside factors for them: the same in all adapters of one base.
_OF_THE_BASE = ".base_layer."


def whole_findings(recipe: MergeRecipe, method: Method, adapters: Sequence[Adapter]) -> list[Finding]:
    """Errors where several bring one tensor whole: as values and not as changes, they have no sum, and peft refuses them too.

    What is the base's, or lies in one and the same blob, should be the same in all of them: the engine sees whether it is.
    """
    owners: dict[str, list[Adapter]] = {}
    for item in adapters:
        for key in item.lora.whole:
            owners.setdefault(key, []).append(item)
    findings: list[Finding] = []
    clashing: dict[tuple[int, ...], list[str]] = {}
    for key, items in owners.items():
        shapes = {(item.lora.whole[key].shape, item.lora.whole[key].dtype) for item in items}
        if len(shapes) > 1:
            message = f"{joined([item.name for item in items])} bring {key} whole, in different shapes or formats."
            findings.append(
                finding("whole_module_differs", "error", items[-1].path, message, "There is no telling which one the result should have.",
                        [remove(items[-1].path, "Remove this source")])
            )  # fmt: skip
        elif len(items) > 1 and _OF_THE_BASE not in key and not _is_one_blob(items, key):
            clashing.setdefault(tuple(item.source for item in items), []).append(key)
    by_source = {item.source: item for item in adapters}
    for sources, keys in clashing.items():
        items = [by_source[source] for source in sources]
        message = (
            f"{joined([item.name for item in items])} each bring {counted(len(keys), 'tensor')} whole, first {keys[0]}."
        )
        consequence = (
            "Such values are no changes that could be combined. Merge the models that the adapters make on their base, or "
            "make adapters without these tensors: a recipe of kind extract leaves out what exclude names."
        )
        ways = [*_as_models(recipe, method, adapters), remove(items[-1].path, f"Remove {items[-1].name}")]
        findings.append(finding("whole_module_twice", "error", items[-1].path, message, consequence, ways))
    return findings


def _is_one_blob(items: Sequence[Adapter], key: str) -> bool:
    held = set()
    for item in items:
        fact = item.lora.whole[key]
        held.add((next((file.sha256 for file in item.facts.files if file.path == fact.file), ""), fact.begin))
    return len(held) == 1 and all(sha256 for sha256, _ in held)


def _as_models(recipe: MergeRecipe, method: Method, adapters: Sequence[Adapter]) -> list[Repair]:
    """The same sources by a method on models, which takes adapters for what they make of the base."""
    base = recipe.base or base_text(adapters[0].facts)
    # A folder's name alone, as adapters from a folder have it, leads nowhere.
    is_found = bool(recipe.base) or "/" in base
    given = {*recipe.parameters, *(name for source in recipe.sources for name in source.parameters)}
    twin = method.name.removeprefix("adapter_").removesuffix("_svd")
    for name in (twin, _SUM):
        other = method_get("merge", name)
        if other is not None and name != "linear" and _takes(other, given):
            patch: list[dict[str, str]] = [{"op": "add", "path": pointer_of(("method",)), "value": name}]
            patch += (
                [{"op": "add", "path": pointer_of(("base",)), "value": base}] if is_found and not recipe.base else []
            )
            label = f"Merge the models that they make on {base if is_found else 'their base'}, by {other.label}"
            return [Repair(label=label, patch=tuple(patch))]
    return []


def _takes(method: Method, given: set[str]) -> bool:
    return method.takes == "model" and given <= {parameter.name for parameter in method.parameters}
