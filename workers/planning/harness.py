"""Options of multiple choice and generation, which lm-eval measures: what they may be, said before anything runs."""

import re
from collections.abc import Mapping
from typing import Any

from workers.contracts.complaints import nearest, quoted
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.planning.wording import finding, joined, remove

HARNESS_TASKS = ("multiple-choice", "generation")
# How a question with choices is written down. Fixed: nobody's template is ever run.
STYLES = ("plain", "letters")
MAX_SHOTS = 32
MAX_NEW_TOKENS = 1024
NEW_TOKENS = 64
MAX_STOPS = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-+]{0,120}")
_LONGEST = 200


def harness_findings(task: str, options: Mapping[str, Any], path: Path = ("options",)) -> list[Finding]:
    """Everything that is wrong with `options` of `task`, at `path` in the recipe."""
    checks = {"fewshot": _shots, "style": _style, "lm_eval_task": _named}
    if task == "generation":
        checks = {"fewshot": _shots, "max_new_tokens": _tokens, "stop": _stops, "lm_eval_task": _named}
    findings = []
    for name, value in options.items():
        place = (*path, name)
        check = checks.get(name)
        message = check(value) if check is not None else _unknown(name, task, sorted(checks))
        if message:
            findings.append(finding("option_invalid", "error", place, message, repair=[remove(place, "Leave it out")]))
    if "lm_eval_task" in options and "style" in options:
        message = "A task of lm-eval brings its own way of writing questions. Leave style out."
        findings.append(finding("option_invalid", "error", (*path, "style"), message))
    return findings


def _unknown(name: str, task: str, known: list[str]) -> str:
    meant = nearest(name, known)
    hint = f" Did you mean {meant}?" if meant else ""
    return f"{quoted(name)} is no option of {task}, which has {joined(known)}.{hint}"


def _shots(value: Any) -> str:
    return (
        ""
        if _is_whole(value, 0, MAX_SHOTS)
        else f"fewshot is {quoted(value)}. Give a whole number from 0 to {MAX_SHOTS}."
    )


def _tokens(value: Any) -> str:
    if _is_whole(value, 1, MAX_NEW_TOKENS):
        return ""
    return f"max_new_tokens is {quoted(value)}. Give a whole number from 1 to {MAX_NEW_TOKENS}."


def _style(value: Any) -> str:
    return "" if value in STYLES else f"style is {quoted(value)}. It must be {joined(STYLES).replace(' and ', ' or ')}."


def _stops(value: Any) -> str:
    texts = value if isinstance(value, list | tuple) else []
    if 1 <= len(texts) <= MAX_STOPS and all(isinstance(text, str) and 0 < len(text) <= _LONGEST for text in texts):
        return ""
    return f"stop must be a list of 1 to {MAX_STOPS} texts of at most {_LONGEST} characters."


def _named(value: Any) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return ""
    return f"lm_eval_task is {quoted(value)}. Give the name of a task that lm-eval brings; files and addresses are not read."


def _is_whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
