"""Applies a finding's repair the way a form does: RFC 6902, as far as repairs use it."""

import copy
from typing import Any

from workers.contracts.findings import Repair
from workers.contracts.paths import path_of_pointer


def patched(document: Any, repair: Repair) -> Any:
    document = copy.deepcopy(document)
    for operation in repair.patch:
        value = operation.get("value")
        if operation["op"] == "move":
            value = _take(document, operation["from"])
        if operation["op"] == "remove":
            _take(document, operation["path"])
            continue
        parent, key = _parent(document, operation["path"])
        if operation["op"] == "replace":
            assert key in (parent if isinstance(parent, dict) else range(len(parent)))
        if isinstance(parent, list) and operation["op"] != "replace":
            parent.insert(len(parent) if key == "-" else key, value)
        else:
            parent[key] = value
    return document


def _parent(document: Any, pointer: str) -> tuple[Any, Any]:
    *path, key = path_of_pointer(pointer)
    for part in path:
        document = document[part]
    return document, key


def _take(document: Any, pointer: str) -> Any:
    parent, key = _parent(document, pointer)
    value = parent[key]
    del parent[key]
    return value
