"""Places in a recipe document: as a person reads them (`sources[2].density`) and as a JSON patch names them."""

from typing import Any

Path = tuple[str | int, ...]


def where_of(path: Path) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text[:300]


def pointer_of(path: Path) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


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
