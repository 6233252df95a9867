"""What a split holds, from headers, footers and first lines: rows where they can be told without reading everything, columns, class names."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workers.contracts.facts import Seen, TensorFact
from workers.contracts.findings import Finding
from workers.planning.datasets import FILE_NAME, SplitFiles, classes_of, described_folder
from workers.planning.headers import Header
from workers.planning.kinds import ARROW_NAMES
from workers.planning.parquet import ParquetError, read_footer
from workers.planning.pictures import HEADER_BYTES, picture_shape
from workers.planning.seen import bounded, seen_of_tensor
from workers.planning.texts import Table, read_csv, read_jsonl
from workers.planning.weights import DTYPE_NAMES, Read

NOT_COUNTED = -1
# Tables of text are read whole up to this size, and beyond it as far as this.
READ_BYTES = 2**20
_MAX_FOOTERS = 64
_PICTURES = 4
_MAX_COLUMNS = 1000
_ARROW_FLOATS = {"float64": "double", "float32": "float", "float16": "halffloat"}


@dataclass(frozen=True)
class SplitPreview:
    """`seen` is what was seen of the columns; `problem` why models cannot be measured on the split, where this much of it tells.

    `picture` is (channels, height, width) where the pictures that were looked at have one shape.
    """

    rows: int = NOT_COUNTED
    columns: dict[str, str] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    problem: str = ""
    picture: tuple[int, int, int] | None = None


def preview_of(
    files: SplitFiles, sizes: Mapping[str, int], headers: Mapping[str, Header], read: Read
) -> tuple[SplitPreview, list[Finding]]:
    """Never raises for any content: what cannot be read is a warning, and the split has no columns."""
    if files.format == "images":
        return _pictures(files, sizes, read), []
    if files.format == "safetensors":
        return _tensors(files, headers, read)
    try:
        preview = _parquet(files, sizes, read) if files.format == "parquet" else _text(files, sizes, read)
    except (ParquetError, UnicodeDecodeError, ValueError, RecursionError, csv.Error) as error:
        reason = str(error) if isinstance(error, ParquetError) else "its first lines are no table in UTF-8"
        # A cell that is longer than is read here may be read all the same when the split is measured.
        is_sure = not isinstance(error, csv.Error) and (not isinstance(error, ParquetError) or error.is_sure)
        preview = SplitPreview(problem=f"{files.files[0]} cannot be read: {reason}." if is_sure else "")
        return preview, [_unreadable(files.files[0], f"{files.files[0]} cannot be read: {reason}.")]
    return preview, [_unreadable(files.files[0], preview.problem)] if preview.problem else []


def _unreadable(path: str, message: str) -> Finding:
    consequence = "Models cannot be measured on this split."
    return Finding(code="data_unreadable", severity="warning", where=path, message=message, consequence=consequence)


def _pictures(files: SplitFiles, sizes: Mapping[str, int], read: Read) -> SplitPreview:
    classes = classes_of(files.files)
    columns = {"image": "image"} | ({"label": "string"} if all(classes) else {}) | {"file": "string"}
    names = {"label": tuple(sorted(set(classes)))} if all(classes) else {}
    seen = {"label": Seen(rows=len(classes), is_whole=True, counts=dict(Counter(classes)))} if names else {}
    lost = next((file for file, name in zip(files.files, classes, strict=True) if not name), "")
    problem = f"{lost} lies in no class folder, other pictures do." if lost and any(classes) else ""
    return SplitPreview(len(files.files), columns, names, bounded(seen), problem, _shape(files.files, sizes, read))


def _shape(paths: Sequence[str], sizes: Mapping[str, int], read: Read) -> tuple[int, int, int] | None:
    """Of a few pictures from all over the split, by their headers; None where they differ or do not say."""
    looked_at = sorted({place * (len(paths) - 1) // max(_PICTURES - 1, 1) for place in range(_PICTURES)})
    shapes = [picture_shape(read(path, 0, min(sizes[path], HEADER_BYTES))) for path in (paths[at] for at in looked_at)]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or len({shape[1:] for shape in known}) != 1:
        return None
    return max(known)


def _tensors(files: SplitFiles, headers: Mapping[str, Header], read: Read) -> tuple[SplitPreview, list[Finding]]:
    """The first axis of every tensor counts the rows."""
    path = files.files[0]
    if path not in headers:
        return SplitPreview(), []  # a bad header is a finding already
    tensors = headers[path].facts(path)
    columns = {name: _tensor_column(tensor) for name, tensor in sorted(tensors.items())}
    lengths = {tensor.shape[0] for tensor in tensors.values() if tensor.shape}
    if len(lengths) != 1 or not all(columns.values()):
        message = f"{path} holds tensors that are no columns of one table: each needs one row for each example."
        return SplitPreview(), [Finding(code="data_shape", severity="warning", where=path, message=message)]
    seen = _numbers_seen(tensors, path, read)
    return SplitPreview(lengths.pop(), columns, names_in(headers[path].metadata), bounded(seen)), []


def _numbers_seen(tensors: Mapping[str, TensorFact], path: str, read: Read) -> dict[str, Seen]:
    """Labels and targets: tensors of one number a row, the smallest first, as far as the budget of bytes goes."""
    left = READ_BYTES
    found: dict[str, Seen] = {}
    for name, tensor in sorted(tensors.items(), key=lambda pair: pair[1].size_bytes):
        if len(tensor.shape) != 1 or not 0 < tensor.size_bytes <= left:
            continue
        left -= tensor.size_bytes
        seen = seen_of_tensor(tensor, read(path, tensor.begin, tensor.size_bytes))
        if seen is not None:
            found[name] = seen
    return found


def _tensor_column(tensor: TensorFact) -> str:
    """The Arrow type, empty for a shape that no column has."""
    kind = DTYPE_NAMES.get(tensor.dtype, "")
    item = _ARROW_FLOATS.get(kind, kind)
    if len(tensor.shape) == 2:
        return f"fixed_size_list<item: {item}>[{tensor.shape[1]}]"
    return {1: item, 4: "image"}.get(len(tensor.shape), "")


def names_in(metadata: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Class names by column, from a safetensors header's metadata `names` (JSON); what is no list of texts is passed over."""
    try:
        named = json.loads(metadata.get("names", "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(named, dict):
        return {}
    return {
        column: tuple(names) for column, names in named.items()
        if isinstance(names, list) and all(isinstance(name, str) for name in names)
    }  # fmt: skip


def _parquet(files: SplitFiles, sizes: Mapping[str, int], read: Read) -> SplitPreview:
    footers = [
        read_footer(_reader(path, read), sizes[path], brief=place > 0)
        for place, path in enumerate(files.files[:_MAX_FOOTERS])
    ]
    rows = sum(footer.rows for footer in footers) if len(files.files) <= _MAX_FOOTERS else NOT_COUNTED
    columns = dict(list(footers[0].columns.items())[:_MAX_COLUMNS])
    return SplitPreview(
        rows, columns, footers[0].names, bounded(footers[0].seen) if len(files.files) == 1 else {}
    )  # fmt: skip


def _reader(path: str, read: Read) -> Callable[[int, int], bytes]:
    return lambda start, length: read(path, start, length)


def _text(files: SplitFiles, sizes: Mapping[str, int], read: Read) -> SplitPreview:
    """Columns from the first file, rows only where all files are small enough to be read whole."""
    is_whole = sum(sizes[path] for path in files.files) <= READ_BYTES
    table = Table()
    for path in files.files if is_whole else files.files[:1]:
        wanted = min(sizes[path], READ_BYTES)
        raw = read(path, 0, wanted)
        if len(raw) != wanted:  # who reads from afar may have a budget
            return SplitPreview()
        text = _lines(raw, is_cut=sizes[path] > READ_BYTES)
        if files.format == "jsonl":
            read_jsonl(table, text, path)
        else:
            read_csv(table, text, path, "\t" if path.lower().endswith(".tsv") else ",", is_cut=sizes[path] > READ_BYTES)
    columns = {name: ARROW_NAMES[kind] for name, kind in table.kinds.items() if kind != "other"}
    if described_folder(files) is not None and columns.get(FILE_NAME) == "string":
        columns = {"image": "image"} | columns
    return SplitPreview(
        table.rows if is_whole else NOT_COUNTED, dict(list(columns.items())[:_MAX_COLUMNS]),
        seen=bounded(table.seen(is_whole=is_whole)), problem=table.problem,
    )  # fmt: skip


def _lines(raw: bytes, *, is_cut: bool) -> str:
    if is_cut:
        raw = raw[: raw.rfind(b"\n") + 1]
    return raw.decode("utf-8-sig")
