"""SURFACES: what text a token stands for, so that tokens of tokenizers of different kinds can be told to be the same."""

import re
from functools import cache

from workers.planning.tokenizers.read import Tokenizer

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "\u2581"  # SentencePiece's mark of a word's start


def surfaces_of(tokenizer: Tokenizer) -> dict[str, bytes]:
    """The bytes of each token that is no special one, as they stand in a text: `Ġthe`, `▁the` and WordPiece's `the` are b" the"."""
    special = {entry["content"] for entry in tokenizer.added if entry.get("special")}
    added = {entry["content"] for entry in tokenizer.added}
    return {
        token: token.encode() if token in added else _surface(token, tokenizer.style, tokenizer)
        for token in tokenizer.tokens if token not in special
    }  # fmt: skip


def matches_of(base: Tokenizer, donor: Tokenizer) -> dict[int, int]:
    """Rows of the base by rows of the donor, of the tokens that both have.

    A special token is that of the same content, else that of the same role (begin, end, padding and so on).
    """
    by_bytes: dict[bytes, int] = {}
    for token, surface in surfaces_of(base).items():
        by_bytes.setdefault(surface, base.tokens[token])
    surfaces = surfaces_of(donor)
    special = {entry["content"]: entry["id"] for entry in base.added}
    roles = {content: role for role, content in reversed(donor.roles.items())}
    found = {}
    for token, place in donor.tokens.items():
        if token in surfaces:
            row = by_bytes.get(surfaces[token])
        else:
            row = special.get(token)
            if row is None:
                row = base.tokens.get(base.roles.get(roles.get(token, ""), ""), by_bytes.get(token.encode()))
        if row is not None:
            found[place] = row
    return found


def _surface(token: str, style: str, tokenizer: Tokenizer) -> bytes:
    if style == "byte-level BPE":
        table = _bytes()
        return b"".join(bytes([table[letter]]) if letter in table else letter.encode() for letter in token)
    if style == "WordPiece":
        prefix = str(tokenizer.model.get("continuing_subword_prefix") or "##")
        return token.removeprefix(prefix).encode() if token.startswith(prefix) else b" " + token.encode()
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(_SPACE, " ").encode()


@cache
def _bytes() -> dict[str, int]:
    """Byte-level BPE writes each byte as a letter: printable Latin-1 as itself, the others from U+0100 on, in their order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + place): byte for place, byte in enumerate(others)}
