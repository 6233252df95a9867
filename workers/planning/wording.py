"""Names and numbers as findings write them."""

import unicodedata
from collections.abc import Sequence

from workers.contracts.findings import Finding, Repair, Severity
from workers.contracts.paths import Path, pointer_of, where_of
from workers.contracts.references import PLUS, adapted_split

NO_SUCH_ENTRY = "There is no such entry, or you may not see it"


def finding(
    code: str, severity: Severity, path: Path, message: str, consequence: str = "", repair: Sequence[Repair] = ()
) -> Finding:
    return Finding(
        code=code, severity=severity, where=where_of(path), message=printable(message), consequence=printable(consequence),
        repair=tuple(repair),
    )  # fmt: skip


def printable(text: str) -> str:
    """SECURITY: names and labels come from uploads, and messages go to terminals: control characters are shown as `?`."""
    return "".join("?" if unicodedata.category(character)[0] == "C" else character for character in text)


def remove(path: Path, label: str) -> Repair:
    return Repair(label=label, patch=({"op": "remove", "path": pointer_of(path)},))


def add(path: Path, value: object, label: str) -> Repair:
    """RFC 6902's `add` also replaces a member that is there."""
    return Repair(label=label, patch=({"op": "add", "path": pointer_of(path), "value": value},))


def number(value: int) -> str:
    """302 858, with thin spaces from five digits on."""
    return f"{value:,}".replace(",", "\u2009") if abs(value) >= 10_000 else str(value)


def counted(count: int, noun: str, plural: str = "") -> str:
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def short_name(reference: str) -> str:
    """`digits-vit-noisy` of `demo/digits-vit-noisy@main`, and the last folder of a path; of a model with an adapter, both."""
    model, adapter = adapted_split(reference)
    if adapter:
        return f"{short_name(model)}{PLUS}{short_name(adapter)}"
    text = reference.removeprefix("hf:")
    at = text.rfind("@")
    if at > 0:
        text = text[:at]
    return text.rstrip("/").rpartition("/")[2] or reference


def joined(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def ranges_text(numbers: Sequence[int]) -> str:
    """`0–3, 7` of rising numbers."""
    runs: list[list[int]] = []
    for value in numbers:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(texts[:6]) + (" …" if len(texts) > 6 else "")


def shape_text(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape) or "a single number"


def size_text(size: float) -> str:
    """Bytes as a person reads them: three digits at most, in powers of ten."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:.3g} TB"


def seconds_text(seconds: tuple[float, float]) -> str:
    """`2 to 4 s`, `about 3 to 10 min`."""
    low, high = seconds
    for unit, length in (("h", 3600), ("min", 60)):
        if high >= 2 * length:
            return f"about {low / length:.2g} to {high / length:.2g} {unit}"
    return f"{low:.2g} to {high:.3g} s"
