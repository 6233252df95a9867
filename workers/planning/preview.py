"""What a split holds, from headers, footers and first lines: rows where they can be told without reading everything, columns, class names."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding
from workers.planning.datasets import FILE_NAME, SplitFiles, classes_of, described_folder
from workers.planning.headers import Header
from workers.planning.kinds import ARROW_NAMES, cell_kind, joined_cells, joined_kind, kind_of
from workers.planning.parquet import ParquetError, read_footer
from workers.planning.weights import DTYPE_NAMES, Read

NOT_COUNTED = -1
# Tables of text are read whole up to this size, and beyond it as far as this.
READ_BYTES = 2**20
_MAX_FOOTERS = 64
_MAX_COLUMNS = 1000
_ARROW_FLOATS = {"float64": "double", "float32": "float", "float16": "halffloat"}


@dataclass(frozen=True)
class SplitPreview:
    rows: int = NOT_COUNTED
    columns: dict[str, str] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)


def preview_of(
    files: SplitFiles, sizes: Mapping[str, int], headers: Mapping[str, Header], read: Read
) -> tuple[SplitPreview, list[Finding]]:
    """Never raises for any content: what cannot be read is a warning, and the split has no columns."""
    if files.format == "images":
        return _pictures(files), []
    if files.format == "safetensors":
        return _tensors(files, headers)
    try:
        if files.format == "parquet":
            return _parquet(files, sizes, read), []
        return _text(files, sizes, read), []
    except (ParquetError, UnicodeDecodeError, ValueError, RecursionError, csv.Error) as error:
        reason = str(error) if isinstance(error, ParquetError) else "its first lines are no table in UTF-8"
        message = f"{files.files[0]} cannot be read: {reason}."
        consequence = "Models cannot be measured on this split."
        return SplitPreview(), [
            Finding(code="data_unreadable", severity="warning", where=files.files[0], message=message, consequence=consequence)
        ]  # fmt: skip


def _pictures(files: SplitFiles) -> SplitPreview:
    classes = classes_of(files.files)
    columns = {"image": "image"} | ({"label": "string"} if all(classes) else {}) | {"file": "string"}
    names = {"label": tuple(sorted(set(classes)))} if all(classes) else {}
    return SplitPreview(len(files.files), columns, names)


def _tensors(files: SplitFiles, headers: Mapping[str, Header]) -> tuple[SplitPreview, list[Finding]]:
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
    return SplitPreview(lengths.pop(), columns, names_in(headers[path].metadata)), []


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
    return SplitPreview(rows, dict(list(footers[0].columns.items())[:_MAX_COLUMNS]), footers[0].names)


def _reader(path: str, read: Read) -> Callable[[int, int], bytes]:
    return lambda start, length: read(path, start, length)


def _text(files: SplitFiles, sizes: Mapping[str, int], read: Read) -> SplitPreview:
    """Columns from the first file, rows only where all files are small enough to be read whole."""
    is_whole = sum(sizes[path] for path in files.files) <= READ_BYTES
    rows = 0
    columns: dict[str, str] = {}
    for path in files.files if is_whole else files.files[:1]:
        wanted = min(sizes[path], READ_BYTES)
        raw = read(path, 0, wanted)
        if len(raw) != wanted:  # who reads from afar may have a budget
            return SplitPreview()
        text = _lines(raw, is_cut=sizes[path] > READ_BYTES)
        count, found = (
            _jsonl(text) if files.format == "jsonl" else _csv(text, "\t" if path.lower().endswith(".tsv") else ",")
        )
        rows, columns = rows + count, columns or found
    if described_folder(files) is not None and columns.get(FILE_NAME) == "string":
        columns = {"image": "image"} | columns
    return SplitPreview(rows if is_whole else NOT_COUNTED, dict(list(columns.items())[:_MAX_COLUMNS]))


def _lines(raw: bytes, *, is_cut: bool) -> str:
    if is_cut:
        raw = raw[: raw.rfind(b"\n") + 1]
    return raw.decode("utf-8-sig")


def _jsonl(text: str) -> tuple[int, dict[str, str]]:
    rows, kinds = 0, dict[str, str]()
    for line in text.split("\n"):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not an object")
            rows += 1
            for name, value in row.items():
                kinds[name] = joined_kind(kinds.get(name, "null"), kind_of(value)) or "other"
    return rows, {name: ARROW_NAMES[kind] for name, kind in kinds.items() if kind != "other"}


def _csv(text: str, delimiter: str) -> tuple[int, dict[str, str]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    header = [cell.strip() for cell in next(lines, [])]
    kinds = dict.fromkeys(header, "null")
    rows = 0
    try:
        for cells in lines:
            if len(cells) == len(header):
                rows += 1
                for name, cell in zip(header, cells, strict=True):
                    kinds[name] = joined_cells(kinds[name], cell_kind(cell))
    except csv.Error:
        # The last cell of a file that was read in part may stand open.
        if not rows:
            raise
    return rows, {name: ARROW_NAMES[kind] for name, kind in kinds.items()}
