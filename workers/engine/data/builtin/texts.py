"""Texts from the source of Python's standard library: what modules, classes and functions say of themselves.

The source is read, never run. Texts are put in order by their sha256 and cut there, so that one text that changes with
Python's version moves no other; the same version has the same texts on every machine.
"""

import ast
import hashlib
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from workers.engine.data.columns import ArrayColumn, ArrowColumn, Column
from workers.engine.data.refusals import refused
from workers.planning.builtins import MODULES, builtin_get

# Modules that Python 3.11 and its successors all have, in one file each.
_FILES = (
    "_pydecimal", "ast", "bdb", "calendar", "codecs", "configparser", "contextlib", "csv", "difflib", "doctest", "enum", "fractions",
    "ftplib", "functools", "heapq", "imaplib", "inspect", "ipaddress", "locale", "mailbox", "optparse", "pdb", "pickletools",
    "platform", "poplib", "queue", "random", "shutil", "smtplib", "socket", "socketserver", "statistics", "subprocess", "tarfile",
    "tempfile", "textwrap", "threading", "traceback", "turtle", "types", "typing", "uuid", "zipfile",
)  # fmt: skip
_LEAST_TEXT, _LEAST_CLASSIFIED = 80, 40  # characters
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def python_text(split: str) -> dict[str, Column]:
    """`text`, and the `module` that it is from."""
    rows = _cut("builtin:python-text", split, _module_texts())
    return {"text": _texts([text for text, _ in rows]), "module": _texts([module for _, module in rows])}


def python_modules(split: str) -> dict[str, Column]:
    """`text`, and as `label` which of the packages it is from; as many of each."""
    rows = sorted(
        row
        for package in MODULES
        for row in _cut("builtin:python-modules", split, _package_texts(package), len(MODULES))
    )
    labels = np.array([MODULES.index(package) for _, package in rows], dtype=np.int64)
    return {"text": _texts([text for text, _ in rows]), "label": ArrayColumn(labels, names=MODULES)}


def _cut(name: str, split: str, texts: tuple[tuple[str, str], ...], groups: int = 1) -> list[tuple[str, str]]:
    row = builtin_get(name)
    sizes = {held: rows // groups for held, rows in row.rows.items()} if row else {}
    if len(texts) < sum(sizes.values()):
        message = (
            f"{name} needs {sum(sizes.values())} texts of Python's standard library, and this Python has {len(texts)}."
        )
        raise refused(
            "data_unavailable", message, "It was installed without the source of its library. Use another Python."
        )
    start = sum(sizes[held] for held in list(sizes)[: list(sizes).index(split)])
    return list(texts[start : start + sizes[split]])


@cache
def _module_texts() -> tuple[tuple[str, str], ...]:
    found = {text: module for module in _FILES for text in _documentation(_file(module)) if len(text) >= _LEAST_TEXT}
    return tuple((text, found[text]) for text in sorted(found, key=_hash))


@cache
def _package_texts(package: str) -> tuple[tuple[str, str], ...]:
    """A text that stands in two packages belongs to neither of them alone, and is left out."""
    held = {name: _package(name) for name in MODULES}
    others = {text for name, texts in held.items() if name != package for text in texts}
    return tuple((text, package) for text in sorted(held[package] - others, key=_hash))


@cache
def _package(package: str) -> frozenset[str]:
    paths = sorted((_library() / package).rglob("*.py"))
    return frozenset(
        text for path in paths if not {"test", "tests"} & set(path.relative_to(_library()).parts)
        for text in _documentation(path) if len(text) >= _LEAST_CLASSIFIED
    )  # fmt: skip


def _documentation(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            yield text


def _file(module: str) -> Path:
    path = _library() / f"{module}.py"
    return path if path.is_file() else _library() / module / "__init__.py"


def _library() -> Path:
    return Path(sysconfig.get_paths()["stdlib"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _texts(values: list[str]) -> Column:
    return ArrowColumn([pa.array(values, pa.string())], "string")
