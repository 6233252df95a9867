"""Tables in jsonl: one JSON object on each line, UTF-8."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from workers.engine.data.inference import Inferred, batches_of
from workers.engine.data.refusals import refused

MAX_LINE_BYTES = 16 * 2**20


def read_jsonl(paths: list[Path], files: list[str], what: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Two passes: the first refuses what is wrong and finds the types, the second gives the rows."""
    inferred = Inferred(what)
    for row, place in _rows(paths, files, what):
        inferred.see(row, place)
    return inferred.schema, batches_of((row for row, _ in _rows(paths, files, what)), inferred.schema)


def _rows(paths: list[Path], files: list[str], what: str) -> Iterator[tuple[dict[str, Any], str]]:
    for path, file in zip(paths, files, strict=True):
        with path.open("rb") as opened:
            number = 0
            while line := opened.readline(MAX_LINE_BYTES + 1):
                number += 1
                place = f"Line {number} of {file}"
                if len(line) > MAX_LINE_BYTES:
                    raise refused("data_unreadable", f"{place} of {what} is longer than {MAX_LINE_BYTES // 2**20} MiB.")
                if line.strip():
                    yield _row(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, f"{place} of {what}"), place


def _row(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = _DECODER.decode(line.decode("utf-8"))
        if b"\\u" in line:  # only an escape can hold half of a pair
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise refused("data_not_utf8", f"{place} is not UTF-8 text. Save the file as UTF-8.") from None
    except UnicodeEncodeError:
        raise refused("data_not_utf8", f"{place} holds half of a surrogate pair, which is no character.") from None
    except RecursionError:
        raise refused("data_too_deep", f"{place} is nested deeper than a table is.") from None
    except ValueError as error:
        message = str(error) if type(error) is ValueError else "it is not JSON"
        raise refused(
            "data_unreadable", f"{place} cannot be read: {message}.", "Each line holds one JSON object."
        ) from None
    if not isinstance(row, dict):
        raise refused(
            "data_unreadable", f"{place} is not a JSON object.", "Each line holds one, with the columns as its keys."
        )
    return row


def _bounded(text: str) -> int | float:
    if len(text) > 400:
        raise ValueError("it holds a number of more than 400 digits")
    return int(text) if len(text) < 40 else float(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"it holds {text}, which JSON has not")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=_bounded)
