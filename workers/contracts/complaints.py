"""Collects the findings of one document, in the words of the house, with line and repair."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workers.contracts.findings import Finding, Repair, Severity
from workers.contracts.paths import Path, path_of, path_of_pointer, pointer_of, where_of

MAX_FINDINGS = 100


class Complaints:
    """`renamed` maps places of the document as it is checked to where they stood in the text (mergekit's form differs)."""

    def __init__(self, lines: Mapping[Path, int], renamed: Sequence[tuple[Path, Path]] = ()) -> None:
        self.findings: list[Finding] = []
        self.left_out = 0
        self._lines = lines
        self._renamed = renamed
        self._seen: set[tuple[str, str]] = set()

    def add(
        self,
        code: str,
        path: Path,
        message: str,
        *,
        severity: Severity = "error",
        consequence: str = "",
        repair: Iterable[Repair] = (),
    ) -> None:
        """One finding for a code and a place: a second reason at the same place is usually the same one."""
        where = where_of(self.origin(path))
        if (code, where) in self._seen:
            return
        self._seen.add((code, where))
        if self.is_full:
            self.left_out += 1
            return
        self.findings.append(
            Finding(
                code=code, severity=severity, message=message, where=where, consequence=consequence, repair=tuple(repair), line=self.line(path)
            )
        )  # fmt: skip

    def has(self, code: str, path: Path) -> bool:
        return (code, where_of(self.origin(path))) in self._seen

    @property
    def is_full(self) -> bool:
        """Whether more findings are only counted: nearest names need not be looked for any longer."""
        return len(self.findings) >= MAX_FINDINGS

    def origin(self, path: Path) -> Path:
        for ours, theirs in self._renamed:
            if path[: len(ours)] == ours:
                return theirs + path[len(ours) :]
        return path

    def renaming(self, renamed: Sequence[tuple[Path, Path]]) -> "Complaints":
        """The same list of findings, seen from a document whose parts were moved. Earlier entries win."""
        other = Complaints(self._lines, renamed)
        other.findings, other._seen, other.left_out = self.findings, self._seen, self.left_out
        return other

    def also(self, renamed: Sequence[tuple[Path, Path]]) -> "Complaints":
        """As `renaming`, from a document made out of the one that this sees: its own places still turn to where they stood."""
        return self.renaming([*((ours, self.origin(theirs)) for ours, theirs in renamed), *self._renamed])

    def located(self, finding: Finding) -> Finding:
        """A finding about the recipe, with its place, line and repairs turned to the document as it was written."""
        path = path_of(finding.where)
        repair = tuple(
            entry.model_copy(update={"patch": tuple(self._moved(operation) for operation in entry.patch)})
            for entry in finding.repair
        )
        where = where_of(self.origin(path))
        return finding.model_copy(update={"where": where, "repair": repair, "line": finding.line or self.line(path)})

    def _moved(self, operation: dict[str, Any]) -> dict[str, Any]:
        moved = {
            name: pointer_of(self.origin(path_of_pointer(operation[name])))
            for name in ("path", "from")
            if name in operation
        }
        return operation | moved

    def line(self, path: Path) -> int | None:
        """The line of the nearest part that has one: a missing key is shown where it should stand."""
        path = self.origin(path)
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    def finished(self) -> tuple[Finding, ...]:
        if self.left_out:
            more = f"{self.left_out} more findings are not listed."
            self.findings.append(Finding(code="more_findings", severity="info", message=more))
            self.left_out = 0
        return tuple(self.findings)

    def replace(self, path: Path, value: Any, label: str = "") -> Repair:
        patch = {"op": "replace", "path": pointer_of(self.origin(path)), "value": value}
        return Repair(label=label or f"Use {shown(value)}", patch=(patch,))

    def remove(self, path: Path, label: str = "Remove it") -> Repair:
        return Repair(label=label, patch=({"op": "remove", "path": pointer_of(self.origin(path))},))

    def append(self, path: Path, value: Any, label: str) -> Repair:
        patch = {"op": "add", "path": f"{pointer_of(self.origin(path))}/-", "value": value}
        return Repair(label=label, patch=(patch,))

    def rename(self, path: Path, name: str) -> Repair:
        origin = self.origin(path)
        target = (*origin[:-1], name)
        return Repair(
            label=f"Rename it to {name}",
            patch=({"op": "move", "from": pointer_of(origin), "path": pointer_of(target)},),
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    folded = {option.casefold(): option for option in known}
    matches = difflib.get_close_matches(name[:64].casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def shown(value: Any) -> str:
    """A value as a message shows it: short, on one line."""
    text = (
        {None: "empty", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    )
    if text is None and isinstance(value, dict | list | tuple):
        text = "a list" if isinstance(value, list | tuple) else "a group of keys"
    if text is None:
        text = repr(value) if isinstance(value, float) else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text[:120])
    return text + "…" if len(text) >= 120 else text


def quoted(value: Any) -> str:
    """As `shown`, with text in quotation marks: a number written as text looks different from a number."""
    return f"“{shown(value)}”" if isinstance(value, str) else shown(value)


def listed(options: Sequence[str]) -> str:
    """`a, b or c`."""
    return options[0] if len(options) == 1 else ", ".join(options[:-1]) + " or " + options[-1]
