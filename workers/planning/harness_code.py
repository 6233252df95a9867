"""What the functions of lm-eval's tasks would fetch, read from their source. Nothing of it is imported or run."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

# (who is asked, what for); None: whoever it is.
_FETCHES: tuple[tuple[frozenset[str] | None, str], ...] = (
    (frozenset({"evaluate", "hf_evaluate"}), "load"),
    (frozenset({"nltk"}), "download"),
    (None, "load_dataset"),
    (None, "hf_hub_download"),
    (None, "snapshot_download"),
    (None, "from_pretrained"),
)
_SOURCE_BYTES = 2**20


def fetches(folder: Path, function: str) -> bool:
    """Would `module.name`, as a task file in `folder` names it, fetch something: when it is loaded, or when it is called?"""
    module, _, name = function.rpartition(".")
    path = folder / f"{module.replace('.', '/')}.py"
    return bool(module) and path.is_file() and _fetches(path, name)


@cache
def _fetches(path: Path, name: str) -> bool:
    if path.stat().st_size > _SOURCE_BYTES:
        return False
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, ValueError, RecursionError):
        return False
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    looked: set[str] = set()
    left: list[Iterable[ast.AST]] = [_loaded(statement) for statement in tree.body]
    left += [ast.walk(functions[name])] if name in functions else []
    while left:
        for node in left.pop():
            if not isinstance(node, ast.Call):
                continue
            asked, called = _called(node.func)
            if any(called == what and (who is None or asked in who) for who, what in _FETCHES):
                return True
            if not asked and called in functions and called not in looked:
                looked.add(called)
                left.append(ast.walk(functions[called]))
    return False


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what runs with it when its module is loaded: not the bodies of functions and classes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    yield node
    for inner in ast.iter_child_nodes(node):
        yield from _loaded(inner)


def _called(function: ast.AST) -> tuple[str, str]:
    """("evaluate", "load") of `evaluate.load`, ("", "score") of `score`."""
    if isinstance(function, ast.Attribute):
        return (function.value.id if isinstance(function.value, ast.Name) else "?"), function.attr
    return "", function.id if isinstance(function, ast.Name) else "?"
