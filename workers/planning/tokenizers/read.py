"""A model's tokenizer: its tokens with their ids, and of what kind they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workers.planning.tokenizers.files import CONFIG, CONFIG_BYTES, TEMPLATE, ReadFile, object_of
from workers.planning.tokenizers.slow import document_of
from workers.planning.tokenizers.sound import check_sound

_STYLES = {"WordPiece": "WordPiece", "Unigram": "Unigram", "WordLevel": "whole words"}
_ROLES = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
# The longest name that a message repeats.
_SHOWN = 40


@dataclass(frozen=True)
class Tokenizer:
    """`document` is tokenizer.json, `config` tokenizer_config.json, `template` the chat template. Never changed once read."""

    document: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    template: str | None = None

    @property
    def model(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["model"]
        return found

    @property
    def type(self) -> str:
        return str(self.model["type"])

    @property
    def added(self) -> list[dict[str, Any]]:
        return list(self.document.get("added_tokens") or ())

    @cached_property
    def pieces(self) -> dict[str, int]:
        """The model's own tokens, without added ones, in the order of their ids."""
        return dict(sorted(_pieces(self.model).items(), key=lambda pair: pair[1]))

    @cached_property
    def tokens(self) -> dict[str, int]:
        """Every token with its id, added ones too, in the order of ids."""
        every = dict(self.pieces)
        every |= {entry["content"]: entry["id"] for entry in self.added}
        return dict(sorted(every.items(), key=lambda pair: pair[1]))

    @cached_property
    def end(self) -> int:
        """One more than the highest id."""
        return max(self.tokens.values(), default=-1) + 1

    @cached_property
    def style(self) -> str:
        """What tokens of two tokenizers must have in common to mean the same text."""
        if self.type != "BPE":
            return _STYLES.get(self.type, self.type)
        if _has_type(self.document.get("pre_tokenizer"), "ByteLevel") or _has_type(
            self.document.get("decoder"), "ByteLevel"
        ):
            return "byte-level BPE"
        return "BPE with byte fallback" if self.model.get("byte_fallback") else "BPE on characters"

    @cached_property
    def roles(self) -> dict[str, str]:
        """Special tokens by what they are for: `bos_token` and so on, where tokenizer_config.json says so."""
        found = {}
        for role in _ROLES:
            value = self.config.get(role)
            content = value.get("content") if isinstance(value, dict) else value
            if isinstance(content, str) and content in self.tokens:
                found[role] = content
        return found


def tokenizer_read(files: Mapping[str, int], read: ReadFile) -> Tokenizer | None:
    """None where the model has no tokenizer. `files` are sizes by path, `read` gives the bytes of one.

    Raises:
        TokenizerError: it is there, and cannot be read.
    """
    config = object_of(CONFIG, files, read, CONFIG_BYTES)
    document = document_of(files, read)
    if document is None:
        return None
    check_sound(document)
    template = config.get("chat_template")
    if TEMPLATE in files and files[TEMPLATE] <= CONFIG_BYTES:
        template = read(TEMPLATE).decode("utf-8", "replace")
    return Tokenizer(document, config, template if isinstance(template, str) else None)


def shown(token: str) -> str:
    """As a message names it."""
    return f"“{token[:_SHOWN]}{'…' if len(token) > _SHOWN else ''}”"


def _pieces(model: Mapping[str, Any]) -> dict[str, int]:
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        return vocabulary
    return {piece: place for place, (piece, _) in enumerate(vocabulary)}


def _has_type(part: Any, name: str) -> bool:
    """Whether a pre-tokenizer or decoder is of that type, or a sequence that has one."""
    if not isinstance(part, dict):
        return False
    inner = part.get("pretokenizers") or part.get("decoders") or ()
    return part.get("type") == name or any(isinstance(one, dict) and one.get("type") == name for one in inner)


def pair_of(merge: Any) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right
