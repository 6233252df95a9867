"""What is refused at the door: names that traverse or cannot be kept, and pickles in any clothing.

Content decides, not the ending alone: a pickle renamed to `.safetensors` is as refused as one called `.pkl`.
"""

import re
import unicodedata
from pathlib import PurePosixPath

from workers.contracts.findings import Finding, Repair
from workers.planning.pickles import pickle_form

MAX_PATH_BYTES = 1024
MAX_SEGMENT_BYTES = 255
MAX_DEPTH = 32
PICKLE_ENDINGS = {
    ".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npz", ".mar", ".h5", ".hdf5", ".keras",
}  # fmt: skip
_DRIVE = re.compile(r"^[A-Za-z]:")
# Characters that turn the direction of text around: a name that reads `model.safetensors` may end otherwise.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SAFE = Repair(label="Save the weights as safetensors")


def path_finding(path: str) -> Finding | None:
    """Why a file may not have this name, or None."""
    reason = _path_reason(path)
    if reason is not None:
        return _finding(
            "path_refused", f"The name {_shown(path)} {reason}.", path, "Give the file a plain relative name."
        )
    ending = PurePosixPath(path).suffix.lower()
    if ending in PICKLE_ENDINGS:
        return _finding(
            "pickle_refused", f"{_shown(path)} is of a kind ({ending}) that can run code when it is opened.", path,
            "Nothing of this upload is kept.", (_SAFE,),
        )  # fmt: skip
    return None


def content_finding(path: str, head: bytes, size: int, tail: bytes = b"") -> Finding | None:
    """Why a file may not have this content, or None.

    `head` is its beginning (64 KiB are enough), `size` its whole length, `tail` its end where the caller has it: the
    list of an archive's members stands there.
    """
    form = pickle_form(head, size, tail)
    if form is None:
        return None
    return _finding(
        "pickle_refused", f"{_shown(path)} holds {form}, which can run code when it is opened.", path,
        "Nothing of this upload is kept.", (_SAFE,),
    )  # fmt: skip


def _path_reason(path: str) -> str | None:
    if not path:
        return "is empty"
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    if size > MAX_PATH_BYTES:
        return f"has {size} bytes, more than {MAX_PATH_BYTES}"
    if any(unicodedata.category(character) == "Cc" or character in _BIDI for character in path):
        return "holds control characters"
    if "\\" in path:
        return "holds a backslash"
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute"
    if unicodedata.normalize("NFC", path) != path:
        return "is not in Unicode's composed form (NFC), so that two names could look the same"
    if path.count("/") >= MAX_DEPTH:
        return f"lies {path.count('/')} folders deep, more than {MAX_DEPTH - 1}"
    return next((reason for segment in path.split("/") if (reason := _segment_reason(segment)) is not None), None)


def _segment_reason(segment: str) -> str | None:
    if segment == "":
        return "has an empty part between slashes"
    if segment in {".", ".."}:
        return "leaves its folder"
    # SECURITY: git reads `.GIT`, `.git.` and `git~1` as its own folder on file systems that ignore case or trailing dots.
    if segment.rstrip(" .").casefold() in {".git", "git~1"}:
        return "lies in .git"
    if len(segment.encode("utf-8")) > MAX_SEGMENT_BYTES:
        return f"has a part longer than {MAX_SEGMENT_BYTES} bytes"
    return None


def _finding(code: str, message: str, path: str, consequence: str, repair: tuple[Repair, ...] = ()) -> Finding:
    return Finding(
        code=code, severity="error", message=message, where=_shown(path), consequence=consequence, repair=repair
    )


def _shown(path: str) -> str:
    text = "".join(character if character.isprintable() and character not in _BIDI else "?" for character in path[:120])
    return text + ("…" if len(path) > 120 else "") if text else "(empty)"
