"""The tasks that lm-eval brings, found among the files that it was installed with: which there are, what would be fetched, which columns one reads.

Nothing of lm-eval is imported or run here. Its templates are taken apart for the names in them, never filled in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from workers.contracts.complaints import nearest
from workers.contracts.findings import Finding
from workers.contracts.paths import Path as Place
from workers.planning.harness_code import fetches
from workers.planning.wording import finding, joined

NAME = "lm_eval_task"
_NAMED = re.compile(r"^task:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9_.\-+]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_HEAD_BYTES, _FILE_BYTES, _MOST_INCLUDES = 65_536, 2**20, 8
_READ = ("doc_to_text", "doc_to_choice", "doc_to_target")
OUTPUTS = {"multiple-choice": "multiple_choice", "generation": "generate_until"}
INSTEAD = f"Push its rows as a dataset and measure them as multiple-choice or generation, without {NAME}."


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


def named_findings(options: Mapping[str, Any], task: str, path: Place) -> list[Finding]:
    """What is known of `lm_eval_task` before anything runs: no such task, one that is not measured here, or nothing to look it up in."""
    name = options.get(NAME)
    if not isinstance(name, str):
        return []
    place = (*path, NAME)
    if not task_files():
        message = f"lm-eval is not installed here, so nobody looked whether it brings {name} and what that would fetch."
        consequence = "The worker looks before it measures anything, and ends the job if the task cannot be used."
        return [finding("harness_unseen", "warning", place, message, consequence)]
    if name not in task_files():
        return [finding("harness_unknown", "error", place, unknown_words(name))]
    return [finding(code, "error", place, message) for code, message in [refusal(name, task)] if code]


def refusal(name: str, task: str) -> tuple[str, str]:
    """Code and message of why lm-eval's `name` is not run here as `task`; two empty texts for nothing."""
    config = _config(task_files()[name], _MOST_INCLUDES)
    if "class" in config:
        return "harness_download", f"lm-eval's {name} is a program that fetches its own data. {INSTEAD}"
    metrics = config.get("metric_list") or []
    if any(isinstance(metric, dict) and metric.get("hf_evaluate") for metric in metrics):
        return "harness_download", f"lm-eval's {name} would fetch its metric. {INSTEAD}"
    if config.get("unsafe_code") or config.get("doc_to_image") or config.get("doc_to_audio"):
        return (
            "harness_unsafe",
            f"lm-eval's {name} runs code or looks at pictures or sound. Such tasks are not run here.",
        )
    held = config.get("output_type", "generate_until")
    if held != OUTPUTS.get(task, held):
        return "harness_kind", f"lm-eval's {name} is of the kind {held}; {task} needs {OUTPUTS[task]}."
    # What it makes of its own data is never asked: the rows are ours.
    used = {key: value for key, value in config.items() if key != "custom_dataset"}
    if any(fetches(code.folder, code.name) for code in _functions(used)):
        return "harness_download", needs_words(name)
    return "", ""


def needs_words(name: str) -> str:
    return f"lm-eval's {name} needs things that are not on this machine. {INSTEAD}"


def row_findings(options: Mapping[str, Any], columns: Mapping[str, str], path: Place) -> list[Finding]:
    """Rows without the columns that the task named by `lm_eval_task` reads."""
    name = options.get(NAME)
    if not isinstance(name, str) or name not in task_files():
        return []
    missing = sorted(_columns_read(name) - set(columns)) if columns else []
    if not missing:
        return []
    message = f"lm-eval's {name} reads {joined(missing[:6])}, which the data does not have. It has {joined(sorted(columns)[:12])}."
    consequence = f"Give the data the columns of its original, or leave {NAME} out."
    return [finding("harness_misfit", "error", (*path, NAME), message, consequence)]


def _functions(value: Any) -> Iterator["_Function"]:
    if isinstance(value, _Function):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _functions(inner)


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
        if not isinstance(text, str) or "{" not in text:
            continue  # a column of this name, or words that stand for themselves
        try:
            found |= meta.find_undeclared_variables(environment.parse(text))
        except TemplateSyntaxError:
            return set()
    return found


@cache
def _config(path: Path, left: int) -> dict[str, Any]:
    """The file with those that it includes under it."""
    if not path.is_file() or path.stat().st_size > _FILE_BYTES or not left:
        return {}
    try:
        loaded = yaml.load(path.read_text("utf-8"), Loader=_loader(path.parent))  # noqa: S506  a safe loader, functions left unread
    except (yaml.YAMLError, ValueError, RecursionError):
        return {"process_docs": "unread"}
    config = loaded if isinstance(loaded, dict) else {}
    included = config.get("include")
    before: dict[str, Any] = {}
    for name in included if isinstance(included, list) else [included]:
        if isinstance(name, str):
            before |= _config(path.parent / name, left - 1)
    return before | config


@dataclass(frozen=True)
class _Function:
    """A function of lm-eval that a task file names: `name` as written there, looked up in `folder`."""

    folder: Path
    name: str


def _loader(folder: Path) -> type[yaml.SafeLoader]:
    """Plain values alone; what is a function of lm-eval stays a name."""
    made = type("_Loader", (yaml.SafeLoader,), {})
    made.add_constructor("!function", lambda loader, node: _Function(folder, str(node.value)))  # type: ignore[attr-defined]
    return made
