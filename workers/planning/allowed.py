"""What a check says where a run is allowed no more than so much memory."""

from workers.contracts.findings import Finding
from workers.contracts.methods import method_get
from workers.contracts.plans import Check
from workers.planning.estimate import merge_estimate
from workers.planning.merge_memory import least_memory
from workers.planning.wording import size_text

_BOUNDED = "The tensors of a merge and the batches of an evaluation are kept within a limit. What else is needed may take more."


def within(checked: Check, allowed: int | None) -> Check:
    """`checked`, with an error where the run would be refused, or a warning where it may take more than it is allowed."""
    found = _finding(checked, allowed) if allowed is not None and checked.ok else None
    if found is None:
        return checked
    plan = None if found.severity == "error" else checked.plan
    return checked.model_copy(update={"findings": (found, *checked.findings), "plan": plan})


def _finding(checked: Check, allowed: int) -> Finding | None:
    expected, plan = checked.estimate.memory_bytes, checked.plan
    method = method_get("merge", plan.method) if plan is not None else None
    alone = 0
    if plan is not None and method is not None:
        least, name = least_memory(plan, method)
        if allowed < least:
            needed = enough_text(least)
            return Finding(
                code="memory_too_small", severity="error", where=name,
                message=f"Making {name} takes about {needed}, with what the process itself holds; {_given_text(allowed)} are allowed.",
                consequence=f"A tensor is made in one piece, so the merge cannot run in less. Allow {needed} or more.",
            )  # fmt: skip
        alone = merge_estimate(plan, method).memory_bytes
    if allowed >= expected or expected <= alone:
        return None  # of a merge alone fewer tensors are made at a time
    message = f"About {enough_text(expected)} of memory are expected, {_given_text(allowed)} are allowed."
    return Finding(code="memory_above_limit", severity="warning", message=message, consequence=_BOUNDED)


def enough_text(size: int) -> str:
    """Three digits at most, rounded up: who allows what is written allows enough."""
    step = _step(size)
    return size_text(-(-size // step) * step)


def _given_text(size: int) -> str:
    step = _step(size)
    return size_text(size // step * step)


def _step(size: int) -> int:
    return int(10 ** max(0, len(str(size)) - 3))
