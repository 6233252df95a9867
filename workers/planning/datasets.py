"""Where the splits of a dataset lie: the one place that reads them from the names of its files. Hub, command line and child agree by it.

A split is tensors (`data/test.safetensors`), tables (`data/test-00000.parquet`, `test.jsonl`, `test.csv`) or a folder of
pictures (`test/cat/7.png`: the folder below the split is the class).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Format = Literal["safetensors", "parquet", "jsonl", "csv", "images"]

ENDINGS: dict[str, Format] = {
    ".safetensors": "safetensors", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv",
    ".png": "images", ".jpg": "images", ".jpeg": "images", ".webp": "images",
}  # fmt: skip
# Where one split lies there in two formats, the first of these counts: a table beside pictures describes them.
FORMATS: tuple[Format, ...] = ("safetensors", "parquet", "jsonl", "csv", "images")
SPLITS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval"),
}


@dataclass(frozen=True)
class SplitFiles:
    """`files` are paths in the repo, in the order in which their rows count."""

    format: Format
    files: tuple[str, ...]


def files_by_split(paths: Iterable[str]) -> dict[str, SplitFiles]:
    """The splits that `paths` hold, in the order train, validation, test. Files that are no data are passed over.

    Without a word for a split in any name, everything is train. With one in some names, the others belong to no split.
    """
    listed: dict[str, list[str]] = {}
    for path in sorted(paths):
        kept = format_of(path)
        if kept is not None and not any(part.startswith(".") for part in PurePosixPath(path).parts):
            listed.setdefault(kept, []).append(path)
    found: dict[str, SplitFiles] = {}
    for kept in FORMATS:
        for split, files in _split_up(kept, listed.get(kept, [])).items():
            found.setdefault(split, SplitFiles(kept, tuple(files)))
    return {split: found[split] for split in SPLITS if split in found}


def format_of(path: str) -> Format | None:
    return ENDINGS.get(PurePosixPath(path).suffix.lower())


def split_of(path: str) -> str | None:
    """The split that a file belongs to, by a word of its name, else of its folders from the inside out; None without one."""
    for part in reversed(PurePosixPath(path.lower()).parts):
        for word in _words(part):
            for split, spellings in SPLITS.items():
                if word in spellings:
                    return split
    return None


def classes_of(files: Iterable[str]) -> list[str]:
    """The class of each picture of one split: the innermost folder below the split's own. "" for a picture that lies in none."""
    folders = [PurePosixPath(path).parts[:-1] for path in files]
    places = [next((place for place, part in enumerate(parts) if _whole(part)), None) for parts in folders]
    if any(place is None for place in places):
        places = [0 if parts[:1] and parts[0].lower() in _HOLDERS else -1 for parts in folders]
    return [
        parts[-1] if len(parts) > place + 1 else ""
        for parts, place in zip(folders, places, strict=True) if place is not None
    ]  # fmt: skip


_HOLDERS = ("data", "images")
# A table that describes the pictures beside it (`test/metadata.csv`), and its column that names them.
_DESCRIPTION, FILE_NAME = "metadata", "file_name"


def described_folder(files: SplitFiles) -> str | None:
    """The folder whose pictures a split's one table describes, as the `datasets` library reads it ("" is the top); None for other splits."""
    if files.format not in ("jsonl", "csv") or len(files.files) != 1:
        return None
    path = PurePosixPath(files.files[0])
    return str(path.parent).removeprefix(".") if path.stem.lower() == _DESCRIPTION else None


def picture_path(folder: str, name: str) -> str | None:
    """Where a picture that a table calls `name` lies in the repo. SECURITY: None for a name that leads out of the table's folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or format_of(name) != "images":
        return None
    return str(PurePosixPath(folder, path))


def _split_up(kept: Format, paths: list[str]) -> dict[str, list[str]]:
    if kept == "images":
        return _split_pictures(paths)
    named = {path: split for path in paths if (split := split_of(path)) is not None}
    if not named:
        # Weights at the top of a repo are a model's, not a dataset's.
        alone = [path for path in paths if kept != "safetensors" or path.startswith("data/")]
        return {"train": alone} if alone else {}
    found: dict[str, list[str]] = {}
    for path, split in named.items():
        found.setdefault(split, []).append(path)
    return found


def _split_pictures(paths: list[str]) -> dict[str, list[str]]:
    """By the first folder that is a split's name as a whole. Only when every picture lies in one: a class may be called train."""
    found: dict[str, list[str]] = {}
    for path in paths:
        named = next((split for part in PurePosixPath(path).parts[:-1] if (split := _whole(part)) is not None), None)
        if named is None:
            return {"train": paths}
        found.setdefault(named, []).append(path)
    return found


def _whole(folder: str) -> str | None:
    return next((split for split, spellings in SPLITS.items() if folder.lower() in spellings), None)


def _words(part: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in part).split()
