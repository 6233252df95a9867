"""Findings about one expert beside the base: its feed-forward blocks must be built alike, the rest of it does not go in."""

from workers.contracts.findings import Finding
from workers.planning.expert_forms import layers_of, mlp_names
from workers.planning.members import Known
from workers.planning.weights import FLOATING
from workers.planning.wording import counted, finding, number, remove, shape_text


def expert_findings(base: Known, expert: Known) -> list[Finding]:
    repair = [remove(expert.path, "Remove this source")]
    findings: list[Finding] = []
    names = mlp_names(list(layers_of(base.facts.tensors)))
    ours, theirs = base.facts.tensors, expert.facts.tensors
    missing = [name for name in names if name not in theirs]
    if missing:
        message = f"{expert.name} lacks {number(len(missing))} of the {counted(len(names), 'matrix', 'matrices')} that make up the experts, first {missing[0]}."
        return [
            finding(
                "architecture_mismatch", "error", expert.path, message, "It is built differently from the base.", repair
            )
        ]
    more = [name for name in mlp_names(list(layers_of(theirs))) if name not in set(names)]
    if more:
        message = f"{expert.name} has {counted(len(more) // 3, 'layer')} more than the base."
        return [finding("architecture_mismatch", "error", expert.path, message, repair=repair)]
    differing = [name for name in names if name in ours and ours[name].shape != theirs[name].shape]
    if differing:
        name = differing[0]
        message = (
            f"{name} of {expert.name} is {shape_text(theirs[name].shape)}, that of the base {shape_text(ours[name].shape)}: "
            f"{number(len(differing))} of {counted(len(names), 'matrix', 'matrices')} differ in shape."
        )
        findings.append(
            finding("shape_mismatch", "error", expert.path, message, "All experts of a layer have one shape.", repair)
        )
    coded = [
        name for name in names if not {theirs[name].dtype, ours[name].dtype if name in ours else "F32"} <= FLOATING
    ]
    if coded:
        message = f"{coded[0]} of {expert.name} or of the base is stored as whole numbers."
        findings.append(finding("quantised", "error", expert.path, message, "Take the entry it was made from.", repair))
    acts = [model.facts.config.get("hidden_act", "silu") for model in (base, expert)]
    if acts[0] != acts[1]:
        message = f"{expert.name} computes with {acts[1]}, the base with {acts[0]}. All experts compute with that of the base."
        findings.append(finding("activation_mismatch", "error", expert.path, message, repair=repair))
    kinds = [model.facts.config.get("model_type") for model in (base, expert)]
    if all(kinds) and kinds[0] != kinds[1]:
        message = (
            f"{expert.name} calls itself {kinds[1]}, the base {kinds[0]}; their feed-forward blocks are built alike."
        )
        findings.append(
            finding(
                "architecture_mismatch",
                "warning",
                expert.path,
                message,
                "Experts from other beginnings rarely understand what the base's attention hands them.",
            )
        )
    if base.facts.tokenizer_digest and expert.facts.tokenizer_digest not in {"", base.facts.tokenizer_digest}:
        message = f"{expert.name} has another tokenizer than the base."
        findings.append(
            finding(
                "tokenizer_mismatch",
                "warning",
                expert.path,
                message,
                "The result has the base's; the expert was trained on other tokens.",
            )
        )
    return findings
