"""Hostile files, written when a test asks for them. Nothing of this kind lies in the repository."""

import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Header = dict[str, Any]


class Payload:
    """Would run a command when unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return (os.system, ("echo this must never run",))


def safetensors_bytes(header: Header | str | bytes, data: bytes = b"", *, length: int | None = None) -> bytes:
    """A file with this header, claiming `length` bytes of it where that is given."""
    raw = (
        header
        if isinstance(header, bytes)
        else header.encode()
        if isinstance(header, str)
        else json.dumps(header).encode()
    )
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(begin: int, end: int, *, dtype: str = "F32", shape: list[int] | None = None) -> Header:
    return {"dtype": dtype, "shape": [(end - begin) // 4] if shape is None else shape, "data_offsets": [begin, end]}


def yaml_bomb() -> str:
    """Nine levels of ten aliases: a billion strings for a reader that follows them."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
    return "\n".join(lines)


def pickle_zip(member: str = "archive/data.pkl", *, padding: int = 0) -> bytes:
    """A zip as torch writes it, with `padding` bytes of another member before the pickle."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if padding:
            archive.writestr("archive/readme.txt", b"x" * padding)
        archive.writestr(member, pickle.dumps(Payload()))
    return target.getvalue()


def object_array() -> bytes:
    """A NumPy file whose elements are Python objects, that is a pickle."""
    header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + pickle.dumps([Payload()])


SAFETENSORS: dict[str, tuple[str, bytes]] = {
    "empty file": ("header_truncated", b""),
    "seven bytes": ("header_truncated", b"\0" * 7),
    "header of one GiB": ("header_too_large", safetensors_bytes({}, length=2**30)),
    "header of the largest length": ("header_too_large", safetensors_bytes({}, length=2**64 - 1)),
    "header longer than the file": ("header_truncated", safetensors_bytes({}, length=1000)),
    "empty header": ("header_not_json", safetensors_bytes(b"")),
    "header not UTF-8": ("header_not_utf8", safetensors_bytes(b'{"\xff":1}')),
    "header not JSON": ("header_not_json", safetensors_bytes(b'{"a":')),
    "header with NaN": ("header_not_json", safetensors_bytes(b'{"a": NaN}')),
    "header is a list": ("header_not_json", safetensors_bytes(b"[]")),
    "header before a space": ("header_not_json", safetensors_bytes(b" {}")),
    "header nested deeply": ("header_too_deep", safetensors_bytes(b'{"a":' + b"[" * 500_000)),
    "numbers of ten thousand digits": ("header_not_json", safetensors_bytes(b'{"a":' + b"9" * 10_000 + b"}")),
    "name twice": ("header_duplicate_name", safetensors_bytes(
        f'{{"a":{json.dumps(entry(0, 4))},"a":{json.dumps(entry(0, 4))}}}', b"\0" * 4)),
    "field twice": ("header_duplicate_name", safetensors_bytes(
        '{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4)),
    "metadata not texts": ("header_metadata", safetensors_bytes({"__metadata__": {"a": 1}})),
    "metadata a list": ("header_metadata", safetensors_bytes({"__metadata__": []})),
    "entry a number": ("header_entry", safetensors_bytes({"a": 1})),
    "entry with more fields": ("header_entry", safetensors_bytes({"a": entry(0, 4) | {"code": "x"}}, b"\0" * 4)),
    "name too long": ("header_name", safetensors_bytes({"a" * 513: entry(0, 4)}, b"\0" * 4)),
    "name empty": ("header_name", safetensors_bytes({"": entry(0, 4)}, b"\0" * 4)),
    "name with control characters": ("header_name", safetensors_bytes({"a\u001b[2J": entry(0, 4)}, b"\0" * 4)),
    "unknown number format": ("header_dtype", safetensors_bytes({"a": entry(0, 4, dtype="OBJECT")}, b"\0" * 4)),
    "number format a list": ("header_dtype", safetensors_bytes({"a": entry(0, 4) | {"dtype": []}}, b"\0" * 4)),
    "nine axes": ("header_rank", safetensors_bytes({"a": entry(0, 4, shape=[1] * 9)}, b"\0" * 4)),
    "negative axis": ("header_shape", safetensors_bytes({"a": entry(0, 4, shape=[-1])}, b"\0" * 4)),
    "axis true": ("header_shape", safetensors_bytes({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, b"\0" * 4)),
    "axis a fraction": ("header_shape", safetensors_bytes(b'{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', b"\0" * 4)),
    "shape that overflows": ("header_overflow", safetensors_bytes({"a": entry(0, 4, shape=[2**40, 2**40])}, b"\0" * 4)),
    "shape that overflows around zero": ("header_overflow", safetensors_bytes({"a": entry(0, 0, shape=[2**40, 0, 2**40])})),
    "offsets reversed": ("header_offsets", safetensors_bytes({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, b"\0" * 4)),
    "three offsets": ("header_offsets", safetensors_bytes({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}, b"\0" * 4)),
    "offset beyond addresses": ("header_offsets", safetensors_bytes({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**70]}})),
    "size against shape": ("header_size", safetensors_bytes({"a": entry(0, 4, shape=[2])}, b"\0" * 4)),
    "tensors overlap": ("header_overlap", safetensors_bytes({"a": entry(0, 8), "b": entry(4, 12)}, b"\0" * 12)),
    "same bytes twice": ("header_overlap", safetensors_bytes({"a": entry(0, 8), "b": entry(0, 8)}, b"\0" * 8)),
    "gap at the start": ("header_gap", safetensors_bytes({"a": entry(4, 8)}, b"\0" * 8)),
    "gap between": ("header_gap", safetensors_bytes({"a": entry(0, 4), "b": entry(8, 12)}, b"\0" * 12)),
    "data cut off": ("header_truncated", safetensors_bytes({"a": entry(0, 8)}, b"\0" * 4)),
    "bytes after the end": ("header_trailing", safetensors_bytes({"a": entry(0, 4)}, b"\0" * 5)),
    "too many tensors": ("header_too_many_tensors", safetensors_bytes(
        "{" + ",".join(f'"{index}":{{}}' for index in range(100_010)) + "}")),
    "too many commas": ("header_too_many_tensors", safetensors_bytes('{"a":[' + "0," * 1_700_000 + "0]}")),
}  # fmt: skip

PICKLES: dict[str, bytes] = {
    **{f"protocol {protocol}": pickle.dumps(Payload(), protocol) for protocol in range(6)},
    **{f"data, protocol {protocol}": pickle.dumps({"a": [1, 2, {"b": "c"}]}, protocol) for protocol in range(6)},
    "gzipped": gzip.compress(pickle.dumps(Payload())),
    "gzipped text protocol": gzip.compress(pickle.dumps(Payload(), 0)),
    "torch zip": pickle_zip(),
    "torch zip, pickle last": pickle_zip(padding=200_000),
    "zip with arrays": pickle_zip("weights.npy"),
    "array of objects": object_array(),
    "HDF5": b"\x89HDF\r\n\x1a\n" + b"\0" * 64,
    "large text protocol": pickle.dumps([Payload(), "x" * 200_000], 0),
}

DOCUMENTS: dict[str, tuple[str, str]] = {
    "yaml bomb": ("alias_refused", yaml_bomb()),
    "anchor alone": ("alias_refused", "kind: &k merge"),
    "python tag": ("tag_refused", "kind: !!python/object/apply:os.system [echo]"),
    "custom tag": ("tag_refused", "kind: !include /etc/passwd"),
    "deep lists": ("document_too_deep", "a: " + "[" * 5000),
    "deep mappings": ("document_too_deep", "\n".join(" " * level + f"k{level}:" for level in range(60))),
    "many nodes": ("document_too_many_nodes", "a: [" + "1," * 30_000 + "]"),
    "two MiB": ("document_too_large", "a: " + "x" * 2**21),
    "two documents": ("yaml_invalid", "a: 1\n---\nb: 2"),
    "not YAML": ("yaml_invalid", "a: b: c: d"),
    "tabs": ("yaml_invalid", "a:\n\t- b"),
    "NUL": ("yaml_invalid", "a: \0"),
    "list as a key": ("yaml_invalid", "? [a]\n: b"),
    "key twice": ("duplicate_key", "kind: merge\nkind: train"),
    "many sources": ("too_many_sources", "kind: merge\nmethod: linear\nsources:\n" + "- {model: a/b}\n" * 10_000),
}  # fmt: skip


def _pickle_as_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Payload()))


def _overlapping(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(SAFETENSORS["tensors overlap"][1])


def _deep_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"a":' * 100_000)


def _bomb_card(folder: Path) -> None:
    (folder / "README.md").write_text(f"---\n{yaml_bomb()}\n---\n# Bomb\n")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "pickle renamed": _pickle_as_safetensors, "overlapping tensors": _overlapping, "deep config": _deep_config, "bomb in the card": _bomb_card,
}  # fmt: skip


def hostile_folder(root: Path, name: str) -> Path:
    """Writes one of FOLDERS below `root`."""
    folder = root / name.replace(" ", "-")
    folder.mkdir(parents=True)
    FOLDERS[name](folder)
    return folder
