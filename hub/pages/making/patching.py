"""JSON Patch (RFC 6902), as far as repairs need it: add, remove, replace. A patch that does not fit changes nothing."""

import copy
import json
from typing import Any

from hub.core.errors import Invalid

MOST_OPERATIONS = 50
MOST_CHARACTERS = 20_000


def patch_parse(text: str) -> list[dict[str, Any]]:
    """SECURITY: the patch comes back from the browser. It is applied to the sender's own document only, and checked again after."""
    try:
        operations = json.loads(text) if len(text) <= MOST_CHARACTERS else None
    except ValueError:
        operations = None
    if (
        not isinstance(operations, list)
        or len(operations) > MOST_OPERATIONS
        or not all(isinstance(entry, dict) for entry in operations)
    ):
        raise Invalid("This repair cannot be read. Check the recipe again.")
    return operations


def patched(document: Any, operations: list[dict[str, Any]]) -> Any:
    result = copy.deepcopy(document)
    try:
        for operation in operations:
            result = _apply(result, operation)
    except (KeyError, IndexError, ValueError, TypeError):
        raise Invalid("This repair does not fit the recipe any more. Check the recipe again.") from None
    return result


def _parts(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise ValueError(pointer)
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    deed, parts = operation["op"], _parts(operation["path"])
    holder = document
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    last = parts[-1]
    if isinstance(holder, list):
        _apply_to_list(holder, deed, last, operation)
    else:
        _apply_to_mapping(holder, deed, last, operation)
    return document


def _apply_to_list(holder: list[Any], deed: str, last: str, operation: dict[str, Any]) -> None:
    if deed == "add":
        holder.insert(len(holder) if last == "-" else int(last), operation["value"])
    elif deed == "remove":
        del holder[int(last)]
    elif deed == "replace":
        holder[int(last)] = operation["value"]
    else:
        raise ValueError(deed)


def _apply_to_mapping(holder: dict[str, Any], deed: str, last: str, operation: dict[str, Any]) -> None:
    if deed == "remove":
        del holder[last]
    elif deed in ("add", "replace"):
        holder[last] = operation["value"]
    else:
        raise ValueError(deed)
