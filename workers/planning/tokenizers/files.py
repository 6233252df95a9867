"""A model's tokenizer files as plain data, read with care: they are somebody's upload."""

import json
from collections.abc import Callable, Mapping
from typing import Any

FILE, CONFIG = "tokenizer.json", "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
MAX_BYTES = 96 << 20
CONFIG_BYTES = 8 << 20

ReadFile = Callable[[str], bytes]


class TokenizerError(Exception):
    """Why a model's tokenizer cannot be read, as a sentence without the model's name."""


def object_of(name: str, files: Mapping[str, int], read: ReadFile, limit: int) -> dict[str, Any]:
    if name not in files:
        return {}
    try:
        found = json.loads(text_of(name, files, read, limit))
    except (ValueError, RecursionError):
        raise TokenizerError(f"has a {name} that is no JSON.") from None
    if not isinstance(found, dict):
        raise TokenizerError(f"has a {name} that holds no keys and values.")
    return found


def text_of(name: str, files: Mapping[str, int], read: ReadFile, limit: int = MAX_BYTES) -> str:
    if files[name] > limit:
        raise TokenizerError(f"has a {name} of more than {limit >> 20} MiB, which is not read.")
    try:
        return read(name).decode("utf-8")
    except UnicodeDecodeError:
        raise TokenizerError(f"has a {name} that is not text in UTF-8.") from None
