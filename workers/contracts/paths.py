"""Places in a recipe document: as a person reads them (`sources[2].density`) and as a JSON patch names them."""

import re
from typing import Any

Path = tuple[str | int, ...]
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def where_of(path: Path) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text[:300]


def path_of(where: str) -> Path:
    """The way back from `where_of`."""
    return tuple(int(index) if index else name for name, index in _PART.findall(where))


def pointer_of(path: Path) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def path_of_pointer(pointer: str) -> Path:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def value_at(document: Any, path: Path) -> Any:
    """What stands at `path`, or None."""
    for part in path:
        if isinstance(part, int) and isinstance(document, list | tuple) and part < len(document):
            document = document[part]
        elif isinstance(document, dict):
            document = document.get(part)
        else:
            return None
    return document
