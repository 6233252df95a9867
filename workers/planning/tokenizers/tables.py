"""TABLES: the tensors that have a row for each token. By their shape and name, because no header says what an axis means."""

import re
from collections.abc import Mapping
from typing import Any

from workers.contracts.facts import TensorFact

_NAMES = re.compile(
    r"embed|wte|lm_head|shared|predictions|logits|(^|\.)output\.|decoder\.(weight|bias)$", re.IGNORECASE
)
_HEADS = re.compile(r"lm_head|embed_out|predictions|logits|(^|\.)output\.|decoder\.(weight|bias)$", re.IGNORECASE)
# Places, segments and the square layers of a head are as long by chance only.
_OTHERS = re.compile(r"posit|wpe|token_type|segment|transform|dense|norm|\.(layers?|h|block)\.\d", re.IGNORECASE)


def table_axis(name: str, fact: TensorFact, vocabulary: int | None, config: Mapping[str, Any]) -> int | None:
    """The axis that counts tokens; None where there is none.

    A tensor of an unknown name is one where the length of its axis stands for nothing else in the config.
    """
    if vocabulary is None or vocabulary not in fact.shape or _OTHERS.search(name):
        return None
    if not _NAMES.search(name) and vocabulary in _numbers(config):
        return None
    return fact.shape.index(vocabulary)


def _numbers(config: Mapping[str, Any]) -> set[int]:
    """Every whole number of a config, the vocabulary's own apart."""
    found: set[int] = set()
    for key, value in config.items():
        if isinstance(value, dict):
            found |= _numbers(value)
        elif type(value) is int and key != "vocab_size":
            found.add(value)
    return found


def vocabulary_key(config: Mapping[str, Any], vocabulary: int | None) -> str:
    """Where in config.json the size of the vocabulary stands, by dotted key; "" where it does not."""
    if config.get("vocab_size") == vocabulary:
        return "vocab_size"
    for key, value in config.items():
        if isinstance(value, dict) and "vocab_size" in value and value["vocab_size"] == vocabulary:
            return f"{key}.vocab_size"
    return ""


def is_head(name: str) -> bool:
    """Whether a table gives scores over the vocabulary, in place of reading tokens in."""
    return _HEADS.search(name) is not None
