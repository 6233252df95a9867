"""A folder on this machine, seen as a repo: for `genepool check` and `genepool run`, never for the server."""

import os
from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import has_errors
from workers.planning.extract import extract_facts

MAX_FILES = 20_000


def facts_of_folder(path: str | Path) -> RepoFacts:
    """Raises UserError, with findings where there are any, for a folder that cannot be read as a repo."""
    root = Path(path)
    if not root.is_dir():
        raise UserError(f"{path} is not a folder.")
    files = folder_files(root)

    def read(name: str, start: int, length: int) -> bytes:
        with (root / name).open("rb") as file:
            file.seek(start)
            return file.read(length)

    facts, findings = extract_facts(((name, size, "") for name, size in files), read)
    if has_errors(findings):
        raise UserError(f"{path} holds files that cannot be used.", tuple(findings))
    return facts.model_copy(update={"reference": str(path)})


def folder_files(root: Path) -> list[tuple[str, int]]:
    """(path, size) of the files below `root`, without hidden ones. Links to files count: caches are made of them."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder) / name
            if not name.startswith(".") and file.is_file():
                found.append((file.relative_to(root).as_posix(), file.stat().st_size))
        if len(found) > MAX_FILES:
            raise UserError(f"{root} holds more than {MAX_FILES} files.")
    return found
