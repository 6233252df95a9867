"""Small texts out of a repo: the card, and files people look at in the browser."""

from django.utils.safestring import SafeString

from hub.blobs.models import Blob
from hub.blobs.services import blob_read
from hub.catalog.entries import Entry
from hub.catalog.selectors import entry_get
from hub.core.markdown import MOST_BYTES, render
from hub.pages.entry import Opened


def text_of(entry: Entry, limit: int = MOST_BYTES) -> str | None:
    """The first `limit` bytes as text; None for what is not text."""
    blob = Blob(sha256=entry.sha256, size_bytes=entry.size_bytes)
    data = b"".join(blob_read(blob=blob, end=min(limit, entry.size_bytes))) if entry.size_bytes else b""
    if b"\0" in data[:8192]:
        return None
    return data.decode("utf-8", errors="replace")


def _without_own_name(text: str, name: str) -> str:
    """A card that opens with the entry's name says what stands above it already."""
    front, fence, body = ("", "", text)
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        head, fence, body = text[4:].partition("\n---\n")
        front = f"---\n{head}"
    first, _, rest = body.lstrip("\n").partition("\n")
    return f"{front}{fence}{rest}" if first.strip() in (f"# {name}", f"# {name.rpartition('/')[2]}") else text


def card_of(opened: Opened) -> SafeString | None:
    entry = entry_get(opened.commit, "README.md")
    text = text_of(entry) if entry is not None else None
    prefix = "datasets/" if opened.repo.type == "dataset" else ""
    text = _without_own_name(text, opened.repo.full_name) if text else None
    return render(text, repo=f"{prefix}{opened.repo.full_name}") if text else None
