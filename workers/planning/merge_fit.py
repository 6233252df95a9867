"""Findings about how the models of a merge fit together: architecture, shapes, vocabulary, labels, tokenizer, number format."""

import re

from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.contracts.recipes import MergeRecipe
from workers.planning.layers import place_of
from workers.planning.members import Known
from workers.planning.ties import stand_in
from workers.planning.weights import FLOATING
from workers.planning.wording import add, counted, finding, number, remove, shape_text

_UNITE = add(("tokenizer",), "union", "Unite the tokenizers")
_GENERIC = re.compile(r"LABEL_\d+|\d+")
_PRECISION = {"float64": 52, "float32": 23, "float16": 10, "bfloat16": 7}


def fit_findings(reference: Known, other: Known, *, is_cut: bool = False, rows_move: bool = False) -> list[Finding]:
    """How `other` differs from the model that everything is compared with: the base, else the first source.

    `is_cut`: the recipe says which layers lie side by side, so that models need not have as many.
    `rows_move`: it says whose tokenizer the result gets, so that vocabularies need not be one.
    """
    mismatch = _architecture(reference, other, is_cut)
    if mismatch is not None and mismatch.severity == "error":
        return [mismatch]
    findings = [] if mismatch is None else [mismatch]
    findings += _shapes(reference, other, rows_move)
    findings += _integers(reference, other)
    findings += _label_names(reference, other)
    has_other = reference.facts.tokenizer_digest and other.facts.tokenizer_digest not in {
        "", reference.facts.tokenizer_digest,
    }  # fmt: skip
    if has_other and not rows_move:
        message = f"{other.name} has another tokenizer than {reference.title}, whose tokenizer the result gets."
        consequence = "Where their token ids differ, rows of the embeddings are averaged that mean different tokens."
        findings.append(finding("tokenizer_mismatch", "warning", other.path, message, consequence, [_UNITE]))
    return findings


def dtype_finding(recipe: MergeRecipe, models: list[Known]) -> Finding | None:
    formats = {model.name: model.facts.dtype for model in models if model.facts.dtype}
    if len(set(formats.values())) < 2:
        return None
    result = recipe.dtype or models[0].facts.dtype
    finest = max(formats.values(), key=lambda name: _PRECISION.get(name, 0))
    loses = _PRECISION.get(result, 0) < _PRECISION.get(finest, 0)
    held = "; ".join(f"{name} is {dtype}" for name, dtype in list(formats.items())[:4])
    message = f"Number formats differ: {held}. The result is {result}."
    computed = "in float32" if recipe.compat is None else "in the format that holds them all"
    if recipe.compat is not None and recipe.input_dtype is not None:
        computed = f"in {recipe.input_dtype}, which all are rounded to first"
    consequence = f"It is computed {computed}." + (
        f" Digits that only {finest} holds are rounded away." if loses else ""
    )
    return finding("dtype_mixed", "warning" if loses else "info", ("dtype",), message, consequence)


def base_findings(base: Known, sources: list[Known]) -> list[Finding]:
    """Sources that say they were made from something else than this base."""
    findings = []
    for source in sources:
        declared = source.facts.base
        if (
            base.facts.repo
            and declared
            and not any(_same(base, name) for name in declared)
            and source.facts.repo != base.facts.repo
        ):
            message = f"{source.name} says it was made from {declared[0]}, the base is {base.facts.repo}."
            consequence = "Its change from this base is then mostly the difference between the two bases."
            findings.append(finding("other_base", "warning", source.path, message, consequence))
    return findings


def _same(base: Known, name: str) -> bool:
    return name.partition("@")[0].casefold() == base.facts.repo.casefold()


def _architecture(reference: Known, other: Known, is_cut: bool) -> Finding | None:
    ours, theirs = _kinds(reference, is_cut), _kinds(other, is_cut)
    shared = len(ours & theirs)
    names = [
        model.facts.architecture or model.facts.config.get("model_type") or "unknown" for model in (other, reference)
    ]
    repair = [remove(other.path, "Remove this source")]
    types = [model.facts.config.get("model_type") for model in (other, reference)]
    if shared * 2 < len(ours):
        message = (
            f"{other.name} is built differently from {reference.title} ({names[0]}, {names[1]}): "
            f"{number(shared)} of {counted(len(ours), 'tensor')} share a name."
        )
        return finding("architecture_mismatch", "error", other.path, message, "There is nothing to average.", repair)
    mine, its = reference.shape.blocks, other.shape.blocks
    if mine and its and mine != its and not is_cut and types[0] == types[1]:
        message = f"{other.name} does not fit {reference.title}. It has {counted(its, 'block')}, {reference.title} has {number(mine)}."
        return finding("architecture_mismatch", "error", other.path, message, repair=repair)
    if all(types) and types[0] != types[1]:
        message = f"{other.name} calls itself {types[0]}, {reference.title} {types[1]}; their tensors share names."
        return finding(
            "architecture_mismatch",
            "warning",
            other.path,
            message,
            "They may compute differently with the same weights.",
        )
    return None


def _kinds(model: Known, is_cut: bool) -> set[str]:
    """The names of its tensors; without the numbers of layers where those may differ."""
    if not is_cut:
        return set(model.facts.tensors)
    return {
        name if (place := place_of(name)) is None else f"{place.stack}.*.{place.rest}" for name in model.facts.tensors
    }


def _shapes(reference: Known, other: Known, rows_move: bool) -> list[Finding]:
    ours = reference.facts.tensors
    different = {
        name: (fact, theirs) for name, fact in ours.items()
        if (theirs := stand_in(other, name)[1]) is not None and theirs.shape != fact.shape
    }  # fmt: skip
    if not different:
        return []
    findings = []
    repair = [remove(other.path, "Remove this source")]
    vocabulary = _axis(different, reference.shape.vocabulary, other.shape.vocabulary)
    if rows_move:
        different = {name: pair for name, pair in different.items() if name not in vocabulary}
        vocabulary = set()
    labels = _axis(different, len(reference.facts.labels) or None, len(other.facts.labels) or None)
    if vocabulary:
        message = (
            f"{other.name} does not fit {reference.title}. Its vocabulary has {number(other.shape.vocabulary or 0)} entries, {reference.title} has "
            f"{number(reference.shape.vocabulary or 0)}: {counted(len(vocabulary), 'tensor')} of embeddings differ in shape."
        )
        unite = [_UNITE] if reference.facts.tokenizer_digest and other.facts.tokenizer_digest else []
        findings.append(finding("vocabulary_mismatch", "error", other.path, message, repair=[*unite, *repair]))
    if labels:
        message = (
            f"{other.name} does not fit {reference.title}. It tells {counted(len(other.facts.labels), 'label')} apart, {reference.title} has "
            f"{number(len(reference.facts.labels))}: {counted(len(labels), 'tensor')} of the head {'differs' if len(labels) == 1 else 'differ'} in shape."
        )
        findings.append(finding("label_mismatch", "error", other.path, message, repair=repair))
    rest = [name for name in different if name not in vocabulary and name not in labels]
    if rest:
        message = f"{other.name} does not fit {reference.title}. {_reason(reference, other, rest[0])}: {number(len(different))} of {counted(len(ours), 'tensor')} differ in shape."
        findings.append(
            finding("shape_mismatch", "error", other.path, message, "Shapes are never stretched or cut to fit.", repair)
        )
    return findings


def _axis(different: dict[str, tuple[TensorFact, TensorFact]], mine: int | None, its: int | None) -> set[str]:
    """The tensors that differ in exactly one axis, which is `mine` long here and `its` long there."""
    if mine is None or its is None or mine == its:
        return set()
    found = set()
    for name, (ours, theirs) in different.items():
        pairs = [pair for pair in zip(ours.shape, theirs.shape, strict=False) if pair[0] != pair[1]]
        if len(ours.shape) == len(theirs.shape) and pairs == [(mine, its)]:
            found.add(name)
    return found


def _reason(reference: Known, other: Known, first: str) -> str:
    mine, its = reference.shape.width, other.shape.width
    if mine and its and mine != its:
        return f"Its width is {number(its)}, {reference.title} has {number(mine)}"
    shapes = shape_text(other.facts.tensors[first].shape), shape_text(reference.facts.tensors[first].shape)
    return f"Its {first} is {shapes[0]}, {reference.title} has {shapes[1]}"


def _integers(reference: Known, other: Known) -> list[Finding]:
    wrong = [
        name for name, fact in reference.facts.tensors.items()
        if name in other.facts.tensors and other.facts.tensors[name].dtype != fact.dtype
        and not {fact.dtype, other.facts.tensors[name].dtype} <= FLOATING
    ]  # fmt: skip
    if not wrong:
        return []
    theirs, ours = other.facts.tensors[wrong[0]].dtype, reference.facts.tensors[wrong[0]].dtype
    message = f"{wrong[0]} is {theirs} in {other.name} and {ours} in {reference.title}: {counted(len(wrong), 'tensor')} cannot be merged."
    consequence = "Whole numbers have no average, so all models must hold the same ones."
    return [
        finding(
            "integer_tensor_differs",
            "error",
            other.path,
            message,
            consequence,
            [remove(other.path, "Remove this source")],
        )
    ]


def _label_names(reference: Known, other: Known) -> list[Finding]:
    ours, theirs = reference.facts.labels, other.facts.labels
    if len(ours) != len(theirs) or ours == theirs or any(_GENERIC.fullmatch(label) for label in (*ours, *theirs)):
        return []
    index = next(index for index, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
    different = sum(mine != its for mine, its in zip(ours, theirs, strict=True))
    message = (
        f"{number(different)} of {counted(len(ours), 'label')} of {other.name} differ: label {index} is “{theirs[index][:60]}”, "
        f"{reference.title} says “{ours[index][:60]}”."
    )
    is_order = sorted(ours) == sorted(theirs)
    consequence = "The same row of the head answers for different labels."
    return [finding("label_mismatch", "error" if is_order else "warning", other.path, message, consequence)]
