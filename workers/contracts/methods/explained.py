"""What a method's file says of itself: formula, source, cost. Read from its docstring as text, so that nothing of torch is imported."""

import ast
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from workers.contracts.methods.row import Method

_WORKERS = Path(__file__).resolve().parents[2]
_SECTION = re.compile(r"^(Source|Args|Returns|Raises|Cost|Determinism):[ ]*", re.MULTILINE)
# A formula is taken apart at semicolons with two spaces behind them, and at lines that end a clause or a sentence.
_BREAK = re.compile(r"(?<=;)\s{2,}|(?<=[;.])[ ]*\n|\n[ ]*\n")


@dataclass(frozen=True)
class Explained:
    """`formula` is one line per part of it; the others are single lines of prose, "" where the file says nothing."""

    summary: str = ""
    formula: tuple[str, ...] = ()
    source: str = ""
    cost: str = ""
    determinism: str = ""


@cache
def explained(method: Method) -> Explained:
    """Raises OSError where the file is not there, ValueError where it has no such function."""
    module, _, function = method.runner.partition(":")
    package, *parts = module.split(".")
    if package != _WORKERS.name:
        raise ValueError(f"{method.name}: {module} is not one of our modules.")
    tree = ast.parse(_WORKERS.joinpath(*parts).with_suffix(".py").read_text(encoding="utf-8"))
    texts = {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)}
    if function not in texts:
        raise ValueError(f"{method.name}: {module} has no function {function}.")
    found = read(texts[function])
    # A variant that changes no more than where the formula is applied leaves it to the file's first function.
    return found if found.formula else replace(found, formula=read(texts.get("merge", "")).formula)


def read(docstring: str) -> Explained:
    head, *rest = _SECTION.split(docstring)
    sections = {name: _line(text) for name, text in zip(rest[::2], rest[1::2], strict=True)}
    summary, _, body = head.partition("\n\n")
    formula = tuple(part for piece in _BREAK.split(body.strip()) if (part := _line(piece)))
    if not formula and "=" in summary:
        formula = (_line(summary),)
    return Explained(
        _line(summary), formula, sections.get("Source", ""), sections.get("Cost", ""), sections.get("Determinism", "")
    )


def _line(text: str) -> str:
    return " ".join(text.split())
