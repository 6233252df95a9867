"""Where trained folders lie, by a key of all that decides their content. What is there is not made again.

`<cache>/<key>/out` holds the entry, `<cache>/<key>/made.json` is written last and says that it is complete.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workers.demo.zoo import REVISION, Entry, entry_get

MADE = "made.json"
_DECIDING = ("torch", "transformers", "peft", "scipy", "scikit-learn", "numpy")


def key_of(entry: Entry) -> str:
    parent = key_of(entry_get(entry.parent_key)) if entry.parent else ""
    return content_key([entry.name, entry.recipe, parent])


def content_key(document: Any) -> str:
    """Sixteen characters over `document`, the zoo's revision and the releases of the libraries that do the sums."""
    parts = [REVISION, {name: version(name) for name in _DECIDING}, document]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def folder_of(cache: Path, entry: Entry) -> Path:
    return cache / key_of(entry)


def made_get(folder: Path) -> dict[str, Any] | None:
    """What `made.json` says, or None while the folder is not complete."""
    path = folder / MADE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def made_put(folder: Path, document: dict[str, Any]) -> None:
    draft = folder / f"{MADE}.part"
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / MADE)


@contextmanager
def held(cache: Path) -> Iterator[None]:
    """One process at a time works on a cache; the others wait and then find the work done."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
