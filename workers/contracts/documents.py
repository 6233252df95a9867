"""Untrusted text to plain data: YAML (and JSON, which is read as YAML) with caps, without aliases, anchors and tags.

Scalars follow YAML 1.2's core schema: `no`, `1:30` and dates stay text, `1e-3` is a number. Lines are kept, so that a
finding can point at one.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from workers.contracts.findings import Finding
from workers.contracts.paths import Path, where_of

MAX_BYTES = 2**20
MAX_INPUT_BYTES = 7 * 2**20  # of a document that holds a picture to try
MAX_DEPTH = 20
MAX_NODES = 20_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_BASED = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,6})?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Document(dict[str, Any]):
    """A mapping that remembers on which line each of its parts stood."""

    lines: dict[Path, int]


def load_document(text: str | bytes) -> tuple[Any, list[Finding]]:
    """The data in `text`, or None and why not. Never raises, whatever the text."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            return None, [_error("yaml_invalid", "The document is not UTF-8 text.")]
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        return None, [_error("document_too_large", f"The document is larger than {MAX_BYTES // 2**20} MiB.")]
    builder = _Builder()
    try:
        for event in yaml.parse(text.removeprefix("\ufeff"), Loader=_LOADER):
            builder.take(event)
    except _Stop as stop:
        return None, [*builder.findings, stop.finding]
    except (yaml.YAMLError, ValueError) as error:
        # JSON that YAML cannot read: surrogate pairs and tabs.
        loaded = _load_json(text) if text.lstrip().startswith("{") else None
        return (loaded, []) if loaded is not None else (None, [*builder.findings, _syntax(error)])
    if any(finding.severity == "error" for finding in builder.findings):
        return None, builder.findings
    root = builder.root
    if isinstance(root, dict):
        document = Document(root)
        document.lines = builder.lines
        return document, builder.findings
    return root, builder.findings


def scalar_of(text: str) -> Any:
    """The value of a plain, unquoted scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return float("nan") if text in {".nan", ".NaN", ".NAN"} else text


class _Stop(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass
class _Frame:
    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


@dataclass
class _Builder:
    """Builds data from parser events, one at a time, so that nothing grows beyond a cap before it is noticed."""

    root: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else None
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise _Stop(_error("yaml_invalid", "There is more than one document in the text.", line))
            case yaml.AliasEvent():
                raise _Stop(_error("alias_refused", "Aliases (*name) are not read. Write the value out.", line))
            case yaml.ScalarEvent() | yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._node(event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()

    def _node(self, event: Any, line: int | None) -> None:
        if event.anchor is not None:
            raise _Stop(_error("alias_refused", "Anchors (&name) are not read. Write the value out.", line))
        if event.tag is not None:
            raise _Stop(_error("tag_refused", "Tags (!name) are not read. Leave the tag out.", line))
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Stop(_too_many(self.stack[1].path[0] if len(self.stack) > 1 else None, line))
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            self._key(frame, event, line)
            return
        value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        is_scalar = isinstance(event, yaml.ScalarEvent)
        if is_scalar:
            value = scalar_of(event.value) if event.implicit[0] else event.value
        path = self._put(frame, value, line)
        if not is_scalar:
            if len(self.stack) >= MAX_DEPTH:
                raise _Stop(
                    _error("document_too_deep", f"The document is nested deeper than {MAX_DEPTH} levels.", line)
                )
            self.stack.append(_Frame(value, path))

    def _key(self, frame: _Frame, event: Any, line: int | None) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Stop(_error("yaml_invalid", "A key is a list or a mapping. Keys are plain words.", line))
        frame.key = event.value
        if line is not None:
            self.lines.setdefault((*frame.path, event.value), line)

    def _put(self, frame: _Frame | None, value: Any, line: int | None) -> Path:
        if frame is None:
            self.root = value
            return ()
        if isinstance(frame.container, list):
            path: Path = (*frame.path, len(frame.container))
            frame.container.append(value)
        else:
            key = str(frame.key)
            path = (*frame.path, key)
            if key in frame.container:
                self.findings.append(_error("duplicate_key", f"{where_of(path)} is given twice. Keep one.", line, path))
            else:
                frame.container[key] = value
            frame.key = None
        if line is not None:
            self.lines.setdefault(path, line)
        return path


def measure(document: Any, limit: int = MAX_BYTES) -> list[Finding]:
    """The caps for data that did not come through `load_document`: a JSON body. `limit` is in characters."""
    nodes, size = 0, 0
    stack: list[tuple[Any, Path]] = [(document, ())]
    while stack:
        value, path = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            return [_too_many(path[0] if path else None, None)]
        if len(path) > MAX_DEPTH:
            return [_error("document_too_deep", f"The document is nested deeper than {MAX_DEPTH} levels.")]
        match value:
            case dict():
                if not all(isinstance(key, str) for key in value):
                    return [_error("yaml_invalid", "A key is not text.", None, path)]
                size += sum(len(key) for key in value)
                stack.extend((item, (*path, key)) for key, item in value.items())
            case list() | tuple():
                stack.extend((item, (*path, index)) for index, item in enumerate(value))
            case str():
                size += len(value)
            case None | bool() | int() | float():
                pass
            case _:
                return [_error("yaml_invalid", f"{where_of(path)} is of a type that no recipe holds.", None, path)]
        if size > limit:
            return [_error("document_too_large", f"The document is larger than {limit // 2**20} MiB.")]
    return []


def _load_json(text: str) -> Any:
    try:
        loaded = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) and not measure(loaded) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is given twice")
    return result


def _too_many(first: object, line: int | None) -> Finding:
    if first == "sources":
        return _error(
            "too_many_sources", "There are far more sources than the 256 that a recipe may have.", line, ("sources",)
        )
    return _error("document_too_many_nodes", f"The document has more than {MAX_NODES} parts.", line)


def _syntax(error: Exception) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it holds characters that YAML does not allow"
    line = mark.line + 1 if mark is not None else None
    place = f"Line {line}" if line is not None else "The document"
    return _error("yaml_invalid", f"{place} is not YAML: {problem}.", line)


def _error(code: str, message: str, line: int | None = None, path: Path = ()) -> Finding:
    return Finding(code=code, severity="error", message=message, where=where_of(path), line=line)
