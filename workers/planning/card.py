"""The front matter of README.md: what an entry says about itself. Somebody else's text, read under caps."""

from typing import Any

from workers.contracts.documents import load_document
from workers.contracts.findings import Finding
from workers.planning.storable import is_storable

CARD_FILE = "README.md"
CARD_BYTES = 256 * 1024


def card_split(text: str) -> tuple[str | None, str]:
    """What stands between the two `---` lines at the top, and what follows them; None and the whole text without both."""
    if not _has_opening(text):
        return None, text
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    end = next((index for index, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    return (None, text) if end is None else ("".join(lines[1:end]), "".join(lines[end + 1 :]))


def _has_opening(text: str) -> bool:
    return [line.strip() for line in text.removeprefix("\ufeff").splitlines()[:1]] == ["---"]


def front_matter(text: str) -> tuple[dict[str, Any], list[Finding]]:
    """The mapping between the two `---` lines at the top; empty, with a warning, when it cannot be read."""
    head, _ = card_split(text)
    if head is None:
        return {}, [_unreadable("it has no closing line of three dashes")] if _has_opening(text) else []
    loaded, findings = load_document(head)
    if findings:
        return {}, [_unreadable(findings[0].message.rstrip(".").lower())]
    if loaded is None:
        return {}, []
    if not isinstance(loaded, dict) or not is_storable(loaded):
        return {}, [_unreadable("it is not plain keys and values")]
    return dict(loaded), []


def text_of(card: dict[str, Any], name: str) -> str:
    value = card.get(name)
    return value.strip()[:300] if isinstance(value, str) else ""


def texts_of(card: dict[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts; one text alone counts as a list of one."""
    value = card.get(name)
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(item.strip()[:300] for item in items[:100] if isinstance(item, str) and item.strip()))


def _unreadable(reason: str) -> Finding:
    return Finding(
        code="card_unreadable", severity="warning", where=CARD_FILE,
        message=f"The front matter of {CARD_FILE} cannot be read: {reason}.",
        consequence="Licence, base model, task and tags stay unknown.",
    )  # fmt: skip
