"""The tensor inventory of a repo, from the headers of its safetensors files."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.planning.headers import LENGTH_BYTES, Header, HeaderError, header_length, parse_header
from workers.planning.wording import counted

Read = Callable[[str, int, int], bytes]
STEM, ENDING, INDEX_ENDING = "model", ".safetensors", ".safetensors.index.json"
ADAPTER_FILE = "adapter_model.safetensors"
_INDEX_BYTES = 32 * 2**20
FLOATING = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
DTYPE_NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool", "F8_E4M3": "float8_e4m3",
    "F8_E5M2": "float8_e5m2",
}  # fmt: skip
STORED_NAMES = {name: stored for stored, name in DTYPE_NAMES.items()}


def read_headers(files: Mapping[str, int], read: Read) -> tuple[dict[str, Header], list[Finding]]:
    """The header of every safetensors file, wherever it lies; a bad one is an error finding that names its file."""
    headers: dict[str, Header] = {}
    findings = []
    for path, size in files.items():
        if not path.lower().endswith(".safetensors"):
            continue
        try:
            length = header_length(read(path, 0, LENGTH_BYTES) if size >= LENGTH_BYTES else b"", size)
            raw = read(path, LENGTH_BYTES, length)
            if len(raw) != length:
                raise HeaderError(
                    "header_truncated", f"{len(raw)} of {length} bytes of the header are there. It was cut off."
                )
            headers[path] = parse_header(raw, size)
        except HeaderError as error:
            findings.append(
                Finding(
                    code=error.code, severity="error", where=path, message=f"{path} is not a valid safetensors file. {error.message}",
                    consequence="Nothing of this upload is kept.",
                )
            )  # fmt: skip
    return headers, findings


def inventory(
    headers: Mapping[str, Header], files: Mapping[str, int], read: Read, *, stem: str = STEM
) -> tuple[dict[str, TensorFact], list[Finding]]:
    """The tensors of one model: of the files an index names, else of the one model or adapter file, else of all at the top.

    `stem` is how its weight files are called.
    """
    single, index = f"{stem}{ENDING}", f"{stem}{INDEX_ENDING}"
    chosen, places, findings = _weight_files(headers, files, read, single, index)
    tensors: dict[str, TensorFact] = {}
    for path in chosen:
        facts = headers[path].facts(path)
        twice = next((name for name in facts if name in tensors), None)
        if twice is None:
            tensors |= facts
            continue
        if places:
            # One model in parts that overlap: the index says whose copy is meant.
            tensors |= {name: fact for name, fact in facts.items() if name not in tensors or places.get(name) == path}
            rule = f"The one in {tensors[twice].file} counts, as {index} says."
        else:
            # Two variants of one model side by side, as people keep them: the first is the model.
            rule = "Only the first file counts as the model."
        others = [other for other in chosen if other != path and twice in headers[other].tensors]
        message = f"{twice} is in {others[0]} and in {path}. {rule}"
        findings.append(Finding(code="duplicate_tensor", severity="warning", where=path, message=message))
    return tensors, findings


def main_dtype(tensors: Iterable[TensorFact]) -> str:
    """The number format most elements are in, by the name a recipe uses."""
    counts: dict[str, int] = {}
    for tensor in tensors:
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.elements
    if not counts:
        return ""
    most = max(sorted(counts), key=lambda dtype: counts[dtype])
    return DTYPE_NAMES.get(most, most.lower())


def _weight_files(
    headers: Mapping[str, Header], files: Mapping[str, int], read: Read, single: str, index: str
) -> tuple[list[str], Mapping[str, str], list[Finding]]:
    """The files that hold the model, where the index says that each tensor is, and what was noticed."""
    top = sorted(path for path in headers if "/" not in path)
    if single in top:
        return [single], {}, _beside(files, single, index)
    if index in files:
        return _indexed(headers, files, read, index)
    if ADAPTER_FILE in top:
        return [ADAPTER_FILE], {}, []
    return top, {}, []


def _beside(files: Mapping[str, int], single: str, index: str) -> list[Finding]:
    if index not in files:
        return []
    message = f"The weights are there twice: {single} is read, the files that {index} names are not."
    return [Finding(code="weights_twice", severity="warning", where=index, message=message)]


def _indexed(
    headers: Mapping[str, Header], files: Mapping[str, int], read: Read, index: str
) -> tuple[list[str], Mapping[str, str], list[Finding]]:
    weights = _weight_map(files, read, index)
    if weights is None:
        message = f"{index} cannot be read. The tensors are taken from all safetensors files at the top."
        return (
            sorted(path for path in headers if "/" not in path),
            {},
            [Finding(code="index_unreadable", severity="warning", where=index, message=message)],
        )
    named = sorted(set(weights.values()))
    findings = []
    missing = [path for path in named if path not in headers]
    if missing:
        message = f"{len(missing)} of {len(named)} weight files are missing, first {missing[0]}."
        consequence = "The entry cannot be loaded or merged until they are there."
        findings.append(
            Finding(code="shard_missing", severity="warning", where=index, message=message, consequence=consequence)
        )  # fmt: skip
    present = [path for path in named if path in headers]
    stored = {name for path in present for name in headers[path].tensors}
    held = {name: path for name, path in weights.items() if path in headers}
    lost = sorted(name for name in held if name not in stored)
    if lost:
        message = f"{index} names {counted(len(lost), 'tensor')} that no file holds, first {lost[0]}."
        consequence = "The model is not whole, or its index is that of another one."
        findings.append(
            Finding(code="index_tensor_lost", severity="warning", where=index, message=message, consequence=consequence)
        )  # fmt: skip
    wrong = sorted(name for name, path in held.items() if name in stored and name not in headers[path].tensors)
    wrong += sorted(stored - set(weights))
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        message = f"{counted(len(wrong), 'tensor')} {verb} not where {index} says, first {wrong[0]}."
        consequence = "The tensors are read from the files that hold them. Other libraries go by the index: write it anew, as saving the model again does."
        findings.append(
            Finding(code="index_mismatch", severity="warning", where=index, message=message, consequence=consequence)
        )
    return present, weights, findings


def _weight_map(files: Mapping[str, int], read: Read, name: str) -> dict[str, str] | None:
    size = files[name]
    if size > _INDEX_BYTES:
        return None
    try:
        index: Any = json.loads(read(name, 0, size))
    except (ValueError, RecursionError):
        return None
    weights = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(path, str) for path in weights.values()):
        return None
    return weights
