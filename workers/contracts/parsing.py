"""PARSING: an untrusted document in, a recipe or *all* its findings at once out. The same for web form, REST and command line.

In a document a method's recipe-level parameters stand at top level and the per-source ones beside `model`; the recipe
keeps them in `parameters`.
"""

import importlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from workers.contracts.adapted import adapters_join
from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.documents import MAX_BYTES, MAX_INPUT_BYTES, load_document, measure
from workers.contracts.findings import Finding, Repair, has_errors
from workers.contracts.kinds import KINDS
from workers.contracts.mergekit import is_mergekit, mergekit_convert
from workers.contracts.mergekit_moe import is_moe, moe_convert
from workers.contracts.naming import check_names
from workers.contracts.parameters import resolve_parameters
from workers.contracts.paths import Path, where_of
from workers.contracts.recipes import MAX_SOURCES, AnyRecipe
from workers.contracts.salvage import salvage
from workers.contracts.shaping import shape_merge
from workers.contracts.slicing import sources_derive
from workers.contracts.validation import report
from workers.contracts.writing import recipe_to_document, recipe_to_yaml

__all__ = [
    "Parsed", "load_document", "parse", "recipe_to_document", "recipe_to_yaml", "resolve_parameters",
]  # fmt: skip


def _recipe_class(dotted: str) -> type[AnyRecipe]:
    module, name = dotted.split(":")
    found: type[AnyRecipe] = getattr(importlib.import_module(module), name)
    return found


RECIPES: dict[str, type[AnyRecipe]] = {kind.name: _recipe_class(kind.recipe) for kind in KINDS}
_LARGEST = 10**300
# Control characters but for newline and tab, and half characters (lone surrogates).
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Parsed:
    """`recipe` is None exactly when a finding is an error. `document` is what was given, as plain data.

    `salvaged` is then what is left of the recipe, where anything is: for looking at its models, never for a plan or a job.
    """

    recipe: AnyRecipe | None
    findings: tuple[Finding, ...]
    document: Any
    places: Complaints = field(default_factory=lambda: Complaints({}), compare=False, repr=False)
    salvaged: AnyRecipe | None = None

    @property
    def readable(self) -> AnyRecipe | None:
        """What a check can look at: the recipe, else what is left of it."""
        return self.recipe if self.recipe is not None else self.salvaged

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """What `check` found, with lines, and with places and repairs that fit the document as it was written."""
        return tuple(self.places.located(finding) for finding in findings)


def parse(document: Any, *, local: bool = False) -> Parsed:
    """Reads a recipe from text or from data. `local` allows folders as references. Never raises, whatever it is given."""
    findings: list[Finding] = []
    if isinstance(document, str | bytes):
        document, findings = load_document(document)
        if has_errors(findings):
            return Parsed(None, tuple(findings), document)
    lines = getattr(document, "lines", {})
    findings += _too_many_sources(document) or measure(document, _limit(document))
    if has_errors(findings):
        return Parsed(None, tuple(findings), None)
    if not isinstance(document, dict):
        message = f"The recipe is {quoted(document)}. It must be keys and values, starting with kind: merge."
        return Parsed(None, (*findings, Finding(code="not_a_mapping", severity="error", message=message)), document)
    complaints = Complaints(lines)
    if not _check_texts(document, complaints):
        return Parsed(None, (*findings, *complaints.finished()), document)
    body = document
    if is_mergekit(document):
        body, complaints = mergekit_convert(document, complaints)
    elif is_moe(document):
        body, complaints = moe_convert(document, complaints)
    if body.get("kind") == "merge":
        body, complaints = sources_derive(adapters_join(body, complaints), complaints)
    recipe, salvaged = _recipe(body, complaints, local=local)
    found = (*findings, *complaints.finished())
    if has_errors(found):
        return Parsed(None, found, document, complaints, salvaged)
    return Parsed(recipe, found, document, complaints)


def _limit(document: Any) -> int:
    return MAX_INPUT_BYTES if isinstance(document, dict) and document.get("kind") == "try" else MAX_BYTES


def _too_many_sources(document: Any) -> list[Finding]:
    """Asked before anything is counted or checked, so that ten thousand sources give one finding."""
    sources = document.get("sources", document.get("models")) if isinstance(document, dict) else None
    if not isinstance(sources, list) or len(sources) <= MAX_SOURCES:
        return []
    name = "sources" if "sources" in document else "models"
    message = f"{len(sources)} {name} are given, a recipe has at most {MAX_SOURCES}."
    code = "too_many_sources" if name == "sources" or "merge_method" in document else "too_many"
    return [
        Finding(
            code=code, severity="error", message=message, where=name, line=getattr(document, "lines", {}).get((name,))
        )
    ]


def _check_texts(document: dict[str, Any], complaints: Complaints) -> bool:
    """Looks at every scalar: no control characters, no half characters, no NaN, no number beyond any range."""
    usable = True
    stack: list[tuple[Any, Path]] = [(document, ())]
    while stack:
        value, path = stack.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                stack.append((item, (*path, key)))
                if not _is_clean(key):
                    complaints.add("bad_text", path, "A key holds control characters.")
                    usable = False
        elif isinstance(value, list | tuple):
            stack.extend((item, (*path, index)) for index, item in enumerate(value))
        elif isinstance(value, str) and not _is_clean(value):
            complaints.add(
                "bad_text", path, f"{where_of(path)} holds control characters. Write it again as plain text."
            )
            usable = False
        elif isinstance(value, float) and not math.isfinite(value):
            name = "NaN" if math.isnan(value) else "infinite"
            complaints.add("not_finite", path, f"{where_of(path)} is {name}. Only finite numbers can be used.")
        elif isinstance(value, int) and abs(value) > _LARGEST:
            complaints.add("out_of_range", path, f"{where_of(path)} has more digits than any number a recipe uses.")
            usable = False
    return usable


def _is_clean(text: str) -> bool:
    return _UNCLEAN.search(text) is None


def _recipe(body: dict[str, Any], complaints: Complaints, *, local: bool) -> tuple[AnyRecipe | None, AnyRecipe | None]:
    """The recipe, and what can be salvaged of it: each without the parameters that were found wrong."""
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in RECIPES:
        _complain_kind(body, complaints)
        return None, None
    model = RECIPES[kind]
    shaped = shape_merge(body, complaints) if kind == "merge" else body
    recipe: AnyRecipe | None = None
    try:
        # Strict JSON mode: lists become tuples, nothing else is converted.
        recipe = model.model_validate_json(json.dumps(shaped), strict=True)
    except ValidationError as error:
        report(error, model, shaped, complaints)
    check_names(body, kind, complaints, local=local)
    return recipe, recipe if recipe is not None else salvage(shaped, model)


def _complain_kind(body: dict[str, Any], complaints: Complaints) -> None:
    names = [kind.name for kind in KINDS]
    kind = body.get("kind")
    if kind is None and "kind" not in body:
        guess = "merge" if "method" in body or "sources" in body else "evaluate" if "models" in body else None
        repair = (
            [Repair(label=f"Add kind: {guess}", patch=({"op": "add", "path": "/kind", "value": guess},))]
            if guess
            else []
        )
        complaints.add(
            "missing_key", ("kind",), f"kind is missing. It says what to make: {listed(names)}.", repair=repair
        )
        return
    meant = nearest(str(kind), names)
    suggestion = f" Did you mean {meant}?" if meant else f" It must be {listed(names)}."
    repair = [complaints.replace(("kind",), meant)] if meant else []
    complaints.add("unknown_kind", ("kind",), f"There is no kind {quoted(kind)}.{suggestion}", repair=repair)
