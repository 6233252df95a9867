"""PICTURES in PNG, JPEG and WebP, and splits that are folders of them: `test/cat/7.png`.

SECURITY: pictures are somebody else's. Only these three decoders are ever tried, and the size that a header claims is
looked at before anything of that size is unpacked.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workers.engine.data.columns import ArrowColumn, Column, PictureColumn
from workers.engine.data.refusals import refused
from workers.planning.datasets import classes_of, picture_path
from workers.planning.pictures import MAX_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 256 * 2**20
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
Decode = Callable[[Any], NDArray[np.float32]]


def open_pictures(folder: Path, files: tuple[str, ...], what: str) -> dict[str, Column]:
    """Columns `image`, `label` (the folder below the split) and `file`. Every picture's header is read here, its pixels when it is taken."""
    channels = max(check_picture(folder / file, f"{file} of {what}") for file in files)
    classes = classes_of(files)
    paths = ArrowColumn([pa.array(list(files), pa.string())], "string")
    columns: dict[str, Column] = {"image": PictureColumn(paths, _decode_file(folder, channels, what))}
    if all(classes):
        columns["label"] = ArrowColumn([pa.array(classes, pa.string())], "string")
    elif any(classes):
        lost = next(file for file, name in zip(files, classes, strict=True) if not name)
        raise refused(
            "data_incomplete",
            f"{lost} of {what} lies in no class folder. Others do: put each picture in the folder of its class.",
        )
    return columns | {"file": paths}


def open_described(folder: Path, described: str, names: Column, what: str) -> Column:
    """The pictures that a table names, one for each row, looked at as those of a folder are."""
    channels = 1
    for row in range(len(names)):
        name = names.take(np.array([row]))[0]
        path = picture_path(described, name) if isinstance(name, str) else None
        if path is None or not (folder / path).is_file():
            raise refused(
                "data_incomplete", f"Row {row} of {what} names the picture {name}, which does not lie beside the table."
            )
        channels = max(channels, check_picture(folder / path, f"{path} of {what}"))
    return PictureColumn(
        names, lambda name: decode(folder / str(picture_path(described, name)), channels, f"{name} of {what}")
    )


def check_picture(source: Path | bytes | None, what: str) -> int:
    """1 for a grey picture, 3 for one in colour, from its header alone. `what` names it in a refusal."""
    opened = _open(source, what)
    with opened:
        return 1 if opened.mode in _GREY else 3


def decode(source: Path | bytes | None, channels: int, what: str) -> NDArray[np.float32]:
    """float32 `[channels, height, width]` in 0-1: of eight bits value/255, of sixteen value/65535. Transparency is left out."""
    opened = _open(source, what)
    try:
        with opened:
            if opened.mode.startswith("I;16") or opened.mode == "I":
                deep = np.asarray(opened, dtype=np.float32) / np.float32(65535)
                return np.ascontiguousarray(np.broadcast_to(deep, (channels, *deep.shape)))
            pixels = np.asarray(opened.convert("L" if channels == 1 else "RGB"), dtype=np.float32) / np.float32(255)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise _unreadable(what) from error
    return np.ascontiguousarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))


def decode_bytes(channels: int, what: str) -> Decode:
    return lambda value: decode(value, channels, f"A picture in {what}")


def _decode_file(folder: Path, channels: int, what: str) -> Decode:
    return lambda file: decode(folder / file, channels, f"{file} of {what}")


def _open(source: Path | bytes | None, what: str) -> Any:
    """An image whose header is read. Refuses what is no picture, and what would unpack to more than MAX_PIXELS."""
    from PIL import Image

    if source is None:
        raise refused("data_null", f"{what} holds no picture.")
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_BYTES:
        raise refused("picture_too_large", f"{what} has {size} bytes, at most {MAX_BYTES} are read as a picture.")
    try:
        opened = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _bomb(what) from error
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        raise _unreadable(what) from error
    if opened.width * opened.height > MAX_PIXELS:
        opened.close()
        raise _bomb(what)
    return opened


def _bomb(what: str) -> Exception:
    message = f"{what} claims more than {MAX_PIXELS // 2**20} million pixels."
    return refused(
        "picture_bomb", message, "A small file that unpacks to gigabytes is not read. Scale the picture down."
    )


def _unreadable(what: str) -> Exception:
    return refused("data_unreadable", f"{what} is not a picture that can be read. PNG, JPEG and WebP can.")
