"""Checks the names in a recipe: models, data, the output repo and its branch."""

import re
from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.paths import Path, value_at, where_of
from workers.contracts.references import adapted_split, repo_reference_parse

# The names of `workers.planning.builtins`, in its order; a test keeps the two alike.
BUILTIN_DATA = (
    "builtin:digits", "builtin:breast-cancer", "builtin:wine", "builtin:iris", "builtin:diabetes", "builtin:python-text",
    "builtin:python-modules",
)  # fmt: skip
_BRANCH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,253}[A-Za-z0-9])?")


def check_names(document: dict[str, Any], kind: str, complaints: Complaints, *, local: bool) -> None:
    """Looks only at texts: what is of the wrong type has its finding already."""
    for path, name in _model_names(document, kind):
        for part in adapted_split(name) if kind == "merge" else (name,):
            if (part and not _is_model(part, local=local)) or not name:
                form = (
                    "a folder or namespace/name" if local else "a name like namespace/name or namespace/name@revision"
                )
                complaints.add("bad_reference", path, f"{where_of(path)} is {quoted(part)}, which is not {form}.")
    for path, name in _data_names(document, kind):
        if not _is_data(name, local=local):
            prefix, colon, own = name.partition(":")
            # The beginning is the same for all, so that only what follows tells which is meant.
            near = nearest(own, [known.partition(":")[2] for known in BUILTIN_DATA]) if colon else None
            meant = f"builtin:{near}" if near else None
            message = f"{where_of(path)} is {quoted(name)}, which is neither a dataset like namespace/name nor builtin:digits."
            if prefix == "builtin":
                message = (
                    f"{where_of(path)} is {quoted(name)}, which is not built in. It can be {listed(BUILTIN_DATA)}."
                )
            complaints.add("bad_reference", path, message, repair=[complaints.replace(path, meant)] if meant else ())
    _check_output(document.get("output"), complaints)


def is_branch(name: str) -> bool:
    return (
        _BRANCH.fullmatch(name) is not None
        and ".." not in name
        and "//" not in name
        and "/." not in name
        and not name.endswith(".lock")
    )


def _model_names(document: dict[str, Any], kind: str) -> list[tuple[Path, str]]:
    names: list[tuple[Path, Any]] = []
    if kind == "merge":
        names.append((("base",), document.get("base")))
        for index, source in enumerate(_items(document, "sources")):
            path: Path = ("sources", index)
            names.append(((*path, "model"), source.get("model")) if isinstance(source, dict) else (path, source))
    elif kind in ("evaluate", "rank"):
        names += [(("models", index), name) for index, name in enumerate(_items(document, "models"))]
    else:
        names.append((("model",), document.get("model")))
        names += [(("base",), document.get("base"))] if kind == "extract" else []
    return [(path, name) for path, name in names if isinstance(name, str)]


def _data_names(document: dict[str, Any], kind: str) -> list[tuple[Path, str]]:
    key = "evaluate" if kind in ("merge", "extract") else "data"
    names: list[tuple[Path, Any]] = []
    for path in ((key,), ("search", "data"), ("diagnostics", "barrier", "data")):
        holder = value_at(document, path[:-1])
        for index, item in enumerate(_items(holder, path[-1]) if isinstance(holder, dict) else []):
            if isinstance(item, dict):
                names.append(((*path, index, "data"), item.get("data")))
    return [(path, name) for path, name in names if isinstance(name, str)]


def _items(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return list(value) if isinstance(value, list | tuple) else []


def _is_model(name: str, *, local: bool) -> bool:
    return repo_reference_parse(name) is not None or (local and bool(name.strip()) and not name.startswith("hf:"))


def _is_data(name: str, *, local: bool) -> bool:
    if name.startswith("builtin:"):
        return name in BUILTIN_DATA
    return _is_model(name, local=local)


def _check_output(output: Any, complaints: Complaints) -> None:
    if not isinstance(output, dict):
        return
    repo, branch = output.get("repo"), output.get("branch", "main")
    if isinstance(repo, str):
        reference = repo_reference_parse(repo)
        if reference is None or reference.scheme or "@" in repo:
            message = f"output.repo is {quoted(repo)}, which is not a name like namespace/name."
            complaints.add("bad_reference", ("output", "repo"), message)
    if isinstance(branch, str) and not is_branch(branch):
        complaints.add(
            "bad_reference",
            ("output", "branch"),
            f"output.branch is {quoted(branch)}, which is not a branch name.",
        )
