"""tokenizer.json, or what it would be: made of the files of a slow tokenizer, where these say everything."""

from collections.abc import Mapping
from typing import Any

from workers.planning.tokenizers.files import (
    CONFIG,
    CONFIG_BYTES,
    FILE,
    MAX_BYTES,
    ReadFile,
    TokenizerError,
    object_of,
    text_of,
)


def document_of(files: Mapping[str, int], read: ReadFile) -> dict[str, Any] | None:
    if FILE in files:
        return object_of(FILE, files, read, MAX_BYTES)
    if "vocab.json" in files and "merges.txt" in files:
        merges = [
            line.split(" ") for line in text_of("merges.txt", files, read).splitlines()
            if line.strip() and not line.startswith("#version")
        ]  # fmt: skip
        return {
            "version": "1.0", "added_tokens": _slow_added(files, read), "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "vocab": object_of("vocab.json", files, read, MAX_BYTES), "merges": merges},
        }  # fmt: skip
    if "vocab.txt" in files:
        lines = text_of("vocab.txt", files, read).splitlines()
        lower = bool(object_of(CONFIG, files, read, CONFIG_BYTES).get("do_lower_case", True))
        vocabulary = {token: index for index, token in enumerate(lines)}
        special = [token for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if token in vocabulary]
        pair = [{"Sequence": {"id": "A", "type_id": 0}}, _special("[SEP]", 0), {"Sequence": {"id": "B", "type_id": 1}}, _special("[SEP]", 1)]  # fmt: skip
        template = {
            "type": "TemplateProcessing", "single": [_special("[CLS]", 0), *pair[:2]], "pair": [_special("[CLS]", 0), *pair],
            "special_tokens": {token: {"id": token, "ids": [vocabulary[token]], "tokens": [token]} for token in ("[CLS]", "[SEP]") if token in vocabulary},
        }  # fmt: skip
        return {
            "version": "1.0", "added_tokens": [added_token(token, vocabulary[token], special=True) for token in special],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": lower},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": template if {"[CLS]", "[SEP]"} <= vocabulary.keys() else None,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
        }  # fmt: skip
    slow = [name for name in ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model") if name in files]
    if slow:
        raise TokenizerError(
            f"has {slow[0]} and no {FILE}. Save it once as a fast tokenizer: AutoTokenizer.from_pretrained(…).save_pretrained(…)."
        )
    return None


def added_token(content: str, place: int, *, special: bool = False) -> dict[str, Any]:
    """An entry of `added_tokens`: matched as it stands, wherever it stands."""
    return {
        "id": place, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special,
        "special": special,
    }  # fmt: skip


def _special(token: str, kind: int) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": kind}}


def _slow_added(files: Mapping[str, int], read: ReadFile) -> list[dict[str, Any]]:
    found = object_of("added_tokens.json", files, read, CONFIG_BYTES)
    vocabulary = object_of("vocab.json", files, read, MAX_BYTES)
    entries = [added_token(token, place, special=True) for token, place in found.items() if type(place) is int]
    if "<|endoftext|>" in vocabulary and "<|endoftext|>" not in found:
        entries.append(added_token("<|endoftext|>", vocabulary["<|endoftext|>"], special=True))
    return sorted(entries, key=lambda entry: entry["id"])
