"""Tensors that too few models hold for the method: whose is copied, and when that is an error."""

from collections.abc import Sequence

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.plans import TensorInput
from workers.planning.wording import counted, finding


def copied_alone(
    method: Method, base: Sequence[TensorInput], sources: Sequence[TensorInput]
) -> tuple[tuple[TensorInput, ...], bool]:
    """What a tensor that fewer than `minimum_sources` hold is copied from, and whether the method's rule allows it."""
    everyone = (*base, *sources)
    if method.lone == "base" and base:
        return tuple(base), True
    return everyone[:1], method.lone == "single" and len(everyone) == 1


def absent_findings(method: Method, copied: Sequence[str], refused: Sequence[str]) -> list[Finding]:
    findings = []
    if copied:
        verb = "is" if len(copied) == 1 else "are"
        message = (
            f"{counted(len(copied), 'tensor')} {verb} held by fewer than the {method.minimum_sources} sources that "
            f"{method.label} needs, first {copied[0]}."
        )
        whose = "the base" if method.lone == "base" else "the model that holds them"
        findings.append(
            finding("tensor_copied_alone", "warning", ("sources",), message, f"They are copied from {whose}.")
        )
    if refused:
        verb = "is" if len(refused) == 1 else "are"
        message = (
            f"{counted(len(refused), 'tensor')} {verb} missing from some source, first {refused[0]}. {method.label} needs "
            f"{method.minimum_sources} sources for every tensor."
        )
        findings.append(finding("tensor_too_few", "error", ("sources",), message, "Take models that all hold them."))
    return findings
