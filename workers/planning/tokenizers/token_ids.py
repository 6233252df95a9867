"""Ids of special tokens in config.json and generation_config.json, after the tokens have changed places."""

from collections.abc import Mapping
from typing import Any

_IDS = ("_token_id", "_token_ids", "_token_index")
_LISTS = ("suppress_tokens", "begin_suppress_tokens", "bad_words_ids")


def token_ids_moved(
    config: Mapping[str, Any], before: Mapping[str, int], after: Mapping[str, int], donor: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The config with every id of a token made that of the same token in the result.

    Args:
        config: of the model whose config the result gets, with nested parts.
        before, after: ids by token, of that model and of the result.
        donor: the same file of the model whose tokenizer the result has, where that is another one as it stands: what it says
            of a token goes first, for its tokenizer ends and pads texts so. None otherwise.

    Returns:
        A new mapping. An id whose token is gone, or that never had one, is None where the donor says nothing.
    """
    names = {place: token for token, place in before.items()}

    def moved(value: Any) -> Any:
        if isinstance(value, list):
            return [found for item in value if (found := moved(item)) is not None]
        # What is no place of a token, such as -1 for none, stays as it is.
        return after.get(names[value]) if type(value) is int and value in names else value if _is_none(value) else None

    def walk(part: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in part.items():
            inner = given.get(key) if given is not None else None
            if isinstance(value, dict):
                result[key] = walk(value, inner if isinstance(inner, dict) else None)
            elif key in _LISTS or (key.endswith(_IDS) and isinstance(value, int | list | None)):
                result[key] = inner if given is not None and key in given else moved(value)
            else:
                result[key] = value
        return result

    made = walk(config, donor)
    for key, value in (donor or {}).items():
        if key.endswith(_IDS) and key not in made:
            made[key] = value
    return made


def _is_none(value: Any) -> bool:
    return value is None or (type(value) is int and value < 0)
