"""Whether a model is the one that an adapter was made on, as far as names and commits tell."""

from pathlib import PurePath

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.planning.bases import base_text
from workers.planning.wording import finding, short_name

_CONSEQUENCE = "Names and shapes agree. What it learned on one base may mean less on another."


def another_base(adapter: RepoFacts, name: str, model: RepoFacts, text: str, path: Path) -> Finding | None:
    """A warning where the adapter says it was made on something else, or where a folder cannot be told to be what it was made on.

    `text` is how the recipe names the model. None where the adapter names no base.
    """
    declared = base_text(adapter)
    wanted, _, revision = declared.partition("@")
    if not declared:
        return None
    if not model.repo:
        if _is_called(text, wanted):
            return None
        message = f"{name} was made on {wanted}; nothing says that the folder {short_name(text)} holds that model."
        return finding("other_base", "warning", path, message, _CONSEQUENCE)
    if wanted.casefold() != model.repo.casefold():
        message = f"{name} was made on {declared}; it goes on {model.repo} here."
        return finding("other_base", "warning", path, message, _CONSEQUENCE)
    if revision and model.commit and not model.commit.startswith(revision):
        message = f"{name} was made on {declared[: len(model.repo) + 13]}; it goes on {model.commit[:12]} of it here."
        consequence = "Where the weights changed in between, it fits less well."
        return finding("other_base", "warning", path, message, consequence)
    return None


def _is_called(folder: str, wanted: str) -> bool:
    """Whether the folder bears the model's name, by itself or as caches of repos do: `models--ns--name/snapshots/…`."""
    parts = [part.casefold() for part in PurePath(folder).parts]
    last = PurePath(wanted).name.casefold()
    cached = f"models--{wanted.replace('/', '--')}".casefold()
    return bool(parts) and (parts[-1] == last or cached in parts)
