"""The tasks that lm-eval brings, found among the files that it was installed with: which there are, and which columns one reads.

Nothing of lm-eval is imported or run here. Its templates are taken apart for the names in them, never filled in.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from workers.contracts.complaints import nearest
from workers.contracts.findings import Finding
from workers.contracts.paths import Path as Place
from workers.planning.wording import finding, joined

NAME = "lm_eval_task"
_NAMED = re.compile(r"^task:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9_.\-+]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_HEAD_BYTES, _FILE_BYTES, _MOST_INCLUDES = 65_536, 2**20, 8
_READ = ("doc_to_text", "doc_to_choice", "doc_to_target")
_CODE = "!function"


@cache
def task_files() -> dict[str, Path]:
    """Each task that lm-eval was installed with, and its file; {} where it is not installed. Files are searched for their names and not loaded."""
    spec = find_spec("lm_eval")
    folders = spec.submodule_search_locations if spec is not None else None
    found: dict[str, Path] = {}
    for folder in folders or ():
        for path in sorted((Path(folder) / "tasks").rglob("*.yaml")):
            with path.open("rb") as file:
                text = file.read(_HEAD_BYTES).decode("utf-8", "replace")
            for name in _NAMED.findall(text):
                found.setdefault(name, path)
    return found


def unknown_words(name: str) -> str:
    meant = nearest(name, task_files())
    hint = f" Did you mean {meant}?" if meant else " Groups of tasks are not measured as one: name their tasks."
    return f"lm-eval brings no task {name}.{hint}"


def row_findings(options: Mapping[str, Any], columns: Mapping[str, str], path: Place) -> list[Finding]:
    """What is known of `lm_eval_task` before anything runs: no such task, or rows without the columns that it reads."""
    name = options.get(NAME)
    if not isinstance(name, str) or not task_files():
        return []
    place = (*path, NAME)
    if name not in task_files():
        return [finding("harness_unknown", "error", place, unknown_words(name))]
    missing = sorted(_columns_read(name) - set(columns)) if columns else []
    if not missing:
        return []
    message = f"lm-eval's {name} reads {joined(missing[:6])}, which the data does not have. It has {joined(sorted(columns)[:12])}."
    consequence = f"Give the data the columns of its original, or leave {NAME} out."
    return [finding("harness_misfit", "error", place, message, consequence)]


def _columns_read(name: str) -> set[str]:
    """Columns that its templates name; none where code prepares the rows, or a template asks whether a column is there."""
    from jinja2 import Environment, TemplateSyntaxError, meta

    config = _config(task_files()[name], _MOST_INCLUDES)
    texts = [config.get(key) for key in _READ]
    if config.get("process_docs") or any(
        isinstance(text, str) and ("defined" in text or "default" in text) for text in texts
    ):
        return set()
    environment = Environment()  # noqa: S701  nothing is rendered
    found: set[str] = set()
    for text in texts:
        if not isinstance(text, str) or text == _CODE:
            continue
        if "{" not in text:
            continue  # a column of this name, or words that stand for themselves
        try:
            found |= meta.find_undeclared_variables(environment.parse(text))
        except TemplateSyntaxError:
            return set()
    return found


def _config(path: Path, left: int) -> dict[str, Any]:
    """The file with those that it includes under it."""
    if not path.is_file() or path.stat().st_size > _FILE_BYTES or not left:
        return {}
    try:
        loaded = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506  a safe loader, functions left unread
    except (yaml.YAMLError, ValueError, RecursionError):
        return {"process_docs": _CODE}
    config = loaded if isinstance(loaded, dict) else {}
    included = config.get("include")
    before: dict[str, Any] = {}
    for name in included if isinstance(included, list) else [included]:
        if isinstance(name, str):
            before |= _config(path.parent / name, left - 1)
    return before | config


class _Loader(yaml.SafeLoader):
    """Plain values alone; what is a function of lm-eval stays a word."""


_Loader.add_constructor(_CODE, lambda loader, node: _CODE)
