"""Splits as a dataset's card lays them out: `configs`, as the `datasets` library reads it. Where the card says nothing of use, names decide."""

from collections.abc import Iterable, Mapping
from fnmatch import filter as matching
from typing import Any

from workers.contracts.facts import RepoFacts
from workers.planning.datasets import FORMATS, SPLITS, SplitFiles, files_by_split, format_of

_MAX_CONFIGS, _MAX_PATTERNS, _MAX_STARS, _MAX_LENGTH = 64, 64, 8, 300
_SPELLINGS = {spelling: split for split, spellings in SPLITS.items() for spelling in spellings}


def splits_of(paths: Iterable[str], card: Mapping[str, Any]) -> dict[str, SplitFiles]:
    """The splits of a dataset whose card has the front matter `card`: by its one default config, else by the names of the files."""
    listed = list(paths)
    return configured(listed, card) or files_by_split(listed)


def splits_in(facts: RepoFacts) -> dict[str, SplitFiles]:
    """As `splits_of`, of what was read at the commit."""
    found = {split: _split(files) for split, files in facts.split_files.items()}
    if found and all(found.values()):
        return {split: files for split, files in found.items() if files is not None}
    return files_by_split(file.path for file in facts.files)


def configured(paths: list[str], card: Mapping[str, Any]) -> dict[str, SplitFiles]:
    """{} where the card has no config, or several without a default, or one that leads nowhere or out of the repo."""
    config = _default(card.get("configs"))
    patterns = _patterns(config.get("data_files")) if config is not None else None
    if not patterns:
        return {}
    visible = sorted(path for path in paths if not any(part.startswith(".") for part in path.split("/")))
    found: dict[str, SplitFiles] = {}
    for split, wanted in patterns.items():
        files = _split({path for pattern in wanted for path in _matched(pattern, visible)})
        if files is not None:
            found[split] = files
    return {split: found[split] for split in SPLITS if split in found}


def _default(configs: Any) -> dict[str, Any] | None:
    rows = [row for row in configs[:_MAX_CONFIGS] if isinstance(row, dict)] if isinstance(configs, list) else []
    named = [row for row in rows if row.get("default") is True] or [
        row for row in rows if row.get("config_name") == "default"
    ]
    return named[0] if len(named) == 1 else rows[0] if len(rows) == 1 else None


def _patterns(data_files: Any) -> dict[str, list[str]]:
    """Split → patterns. SECURITY: somebody's card: few of them, short, and none that leads out of the repo; else {}."""
    if isinstance(data_files, str) or (
        isinstance(data_files, list) and all(isinstance(row, str) for row in data_files)
    ):
        data_files = [{"split": "train", "path": data_files}]
    found: dict[str, list[str]] = {}
    for row in data_files if isinstance(data_files, list) else ():
        split = _SPELLINGS.get(str(row.get("split", "")).lower()) if isinstance(row, dict) else None
        given = row.get("path") if split is not None else None
        texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        if split is None or not all(isinstance(text, str) and _is_safe(text) for text in texts):
            if split is not None:
                return {}
            continue
        found.setdefault(split, []).extend(texts)
    return found if sum(map(len, found.values())) <= _MAX_PATTERNS else {}


def _is_safe(pattern: str) -> bool:
    parts = pattern.split("/")
    return 0 < len(pattern) <= _MAX_LENGTH and pattern.count("*") <= _MAX_STARS and ".." not in parts and not pattern.startswith("/") and "\0" not in pattern  # fmt: skip


def _matched(pattern: str, paths: list[str]) -> list[str]:
    """A file's own name, whatever it looks like; else a star stays within its folder, and two go through all folders."""
    plain = pattern.removeprefix("./").rstrip("/")
    if plain in paths:
        return [plain]
    if "**" in plain:
        return matching(paths, plain.replace("**/", "*").replace("**", "*"))
    depth = plain.count("/")
    return [path for path in matching(paths, plain) if path.count("/") == depth]


def _split(files: Iterable[str]) -> SplitFiles | None:
    """In the order of their names, of the first format that is among them; None without any data."""
    listed = sorted(files)
    kept = next((kept for kept in FORMATS if any(format_of(path) == kept for path in listed)), None)
    return SplitFiles(kept, tuple(path for path in listed if format_of(path) == kept)) if kept is not None else None
