"""Whether tokenizer.json is built as one: everything that is used later has its type from here on."""

from typing import Any

from workers.planning.tokenizers.files import FILE, TokenizerError


def check_sound(document: dict[str, Any]) -> None:
    """SECURITY: it is somebody's upload.

    Raises:
        TokenizerError: a part is not what the format says.
    """
    model = document.get("model")
    if not isinstance(model, dict):
        raise TokenizerError(f"has a {FILE} without a model.")
    if not isinstance(model.get("type"), str):
        # Older files leave it out: merges tell.
        kind = "BPE" if "merges" in model else "Unigram" if isinstance(model.get("vocab"), list) else "WordPiece"
        model["type"] = kind
    vocabulary = model.get("vocab")
    entries = vocabulary.items() if isinstance(vocabulary, dict) else _enumerated(vocabulary)
    if entries is None or not all(
        type(token) is str and type(place) is int and 0 <= place < 2**31 for token, place in entries
    ):
        raise TokenizerError(f"has a {FILE} whose vocabulary is no list of tokens.")
    merges = model.get("merges", [])
    if not isinstance(merges, list) or not all(_is_merge(merge) for merge in merges):
        raise TokenizerError(f"has a {FILE} whose merges are no pairs of tokens.")
    added = document.get("added_tokens") or []
    if not isinstance(added, list) or not all(
        isinstance(entry, dict) and type(entry.get("content")) is str and type(entry.get("id")) is int and 0 <= entry["id"] < 2**31
        for entry in added
    ):  # fmt: skip
        raise TokenizerError(f"has a {FILE} whose added tokens have no content or id.")


def _enumerated(vocabulary: Any) -> list[tuple[str, int]] | None:
    """The pieces of a Unigram vocabulary with their places; None where it is none."""
    if not isinstance(vocabulary, list) or not all(
        isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], int | float) for entry in vocabulary
    ):
        return None
    return [(entry[0], place) for place, entry in enumerate(vocabulary)]


def _is_merge(merge: Any) -> bool:
    if isinstance(merge, str):
        return merge.count(" ") == 1
    return isinstance(merge, list) and len(merge) == 2 and all(isinstance(part, str) for part in merge)
