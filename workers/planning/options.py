"""OPTIONS of a definition, task by task: what they may be, said before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.contracts.complaints import listed, nearest, quoted
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.tasks import Task
from workers.planning.harness import HARNESS_TASKS, harness_findings
from workers.planning.harness_files import named_findings
from workers.planning.wording import finding, joined, remove

_LARGEST = 2**31
_LONGEST = 10_000


@dataclass(frozen=True)
class Option:
    """`kind` is whole, share (above 0, up to 1), text or choice; whole numbers go from `least` to 2³¹."""

    name: str
    kind: str
    least: int = 0
    choices: tuple[str, ...] = ()

    def complaint(self, value: Any) -> str:
        """What is wrong with `value`; "" for nothing."""
        if self.kind == "whole":
            fits = type(value) is int and self.least <= value <= _LARGEST
            wanted = f"a whole number from {self.least}"
        elif self.kind == "share":
            fits = not isinstance(value, bool) and isinstance(value, int | float) and 0 < value <= 1
            wanted = "a share above 0 and up to 1"
        elif self.kind == "choice":
            fits = isinstance(value, str) and value in self.choices
            wanted = listed(self.choices)
        else:
            fits = isinstance(value, str) and len(value) <= _LONGEST
            wanted = f"a text of at most {_LONGEST} characters"
        return "" if fits else f"{self.name} is {quoted(value)}. Give {wanted}."


OPTIONS: dict[str, tuple[Option, ...]] = {
    "image-classification": (Option("fit", "choice", choices=("stretch", "crop")),),
    "causal-lm": (Option("max_length", "whole", 2),),
    "masked-lm": (Option("max_length", "whole", 3), Option("share", "share"), Option("seed", "whole")),
    "retrieval": (Option("query_prefix", "text"), Option("document_prefix", "text")),
}


def option_findings(task: Task, options: Mapping[str, Any], path: Path) -> list[Finding]:
    """Everything that is wrong with `options` of `task`, at `path` in the recipe."""

    if task.name in HARNESS_TASKS:
        found = harness_findings(task.name, options, path)
        return found or named_findings(options, task.name, path)
    known = {option.name: option for option in OPTIONS.get(task.name, ())}
    findings = []
    for name, value in options.items():
        message = known[name].complaint(value) if name in known else _unknown(name, task, sorted(known))
        if message:
            place = (*path, name)
            findings.append(finding("option_invalid", "error", place, message, repair=[remove(place, "Leave it out")]))
    return findings


def _unknown(name: str, task: Task, known: list[str]) -> str:
    meant = nearest(name, known)
    has = f"It has {joined(known)}." if known else "It has none."
    return f"{quoted(name)} is no option of {task.label.lower()}. {has}" + (f" Did you mean {meant}?" if meant else "")
