"""What the page of a commit shows of each changed file, within a budget of bytes read."""

from dataclasses import dataclass

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.changes import Change
from hub.catalog.states import FileState
from hub.pages.diffs.tensors import TensorDiff, tensor_diff
from hub.pages.diffs.texts import TextDiff, text_diff

TEXT_BYTES = 256 * 1024
PAGE_BYTES = 1024 * 1024
MOST_SHOWN = 50
MOST_TENSOR_FILES = 8
OPEN_LINES = 200
_NEVER_TEXT = (".safetensors", ".parquet", ".onnx", ".gguf", ".zip", ".gz", ".png", ".jpg", ".jpeg", ".webp", ".gif")


@dataclass(frozen=True)
class FileDiff:
    change: Change
    text: TextDiff | None = None
    tensors: TensorDiff | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Big ones are collapsed."""
        return self.text is None or len(self.text.lines) <= OPEN_LINES


def file_diffs(changes: list[Change]) -> list[FileDiff]:
    left, tensor_files = PAGE_BYTES, MOST_TENSOR_FILES
    result = []
    for change in changes[:MOST_SHOWN]:
        if change.path.endswith(".safetensors") and change.kind != "renamed" and tensor_files:
            tensor_files -= 1
            result.append(FileDiff(change, tensors=tensor_diff(change.before, change.after)))
            continue
        cost = sum(file.size_bytes for file in (change.before, change.after) if file is not None)
        if change.kind == "renamed" or change.path.lower().endswith(_NEVER_TEXT):
            result.append(FileDiff(change))
        elif cost > TEXT_BYTES:
            result.append(FileDiff(change, note="Too long to compare here."))
        elif cost > left:
            result.append(FileDiff(change, note="Not compared: the files before it fill this page."))
        else:
            left -= cost
            result.append(_text(change))
    return result


def _text(change: Change) -> FileDiff:
    before, after = _read(change.before), _read(change.after)
    if before is None or after is None:
        return FileDiff(change)
    found = text_diff(before, after)
    note = "" if found.lines or before == after else "Only line ends differ."
    return FileDiff(change, text=found, note=note)


def _read(file: FileState | None) -> str | None:
    """None for what is not UTF-8 text."""
    if file is None or not file.size_bytes:
        return ""
    data = blob_bytes(blob=Blob(sha256=file.sha256, size_bytes=file.size_bytes))
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
