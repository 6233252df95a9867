"""Genuine git ids, so that `git` itself would give the same. Nothing here touches the database.

sha1 is git's format; our own protection is the sha256 of each blob.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FILE_MODE, FOLDER_MODE = b"100644", b"40000"


@dataclass(frozen=True)
class TreeItem:
    name: str
    oid: str
    is_folder: bool


def object_oid(kind: bytes, content: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (kind, len(content)) + content, usedforsecurity=False).hexdigest()


def pointer_text(sha256: str, size_bytes: int) -> bytes:
    """What git holds in place of an LFS file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size_bytes}\n".encode()


def pointer_oid(sha256: str, size_bytes: int) -> str:
    return object_oid(b"blob", pointer_text(sha256, size_bytes))


def pointer_size(sha256: str, size_bytes: int) -> int:
    return len(pointer_text(sha256, size_bytes))


def tree_oid(items: Iterable[TreeItem]) -> str:
    """git sorts by bytes and compares a folder as if its name ended in a slash."""
    ordered = sorted(items, key=lambda item: item.name.encode() + (b"/" if item.is_folder else b""))
    content = b"".join(
        b"%s %s\0%s" % (FOLDER_MODE if item.is_folder else FILE_MODE, item.name.encode(), bytes.fromhex(item.oid))
        for item in ordered
    )
    return object_oid(b"tree", content)


def signature(author_name: str) -> str:
    """Name and address as git writes them. The address is made from the name, so that the id can be recomputed from the row alone."""
    return f"{author_name} <{author_name}@genepool>"


def commit_oid(*, tree: str, parent: str | None, author_name: str, date: datetime, title: str, message: str) -> str:
    who = f"{signature(author_name)} {int(date.timestamp())} +0000"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}"]
    text = title + (f"\n\n{message}" if message else "") + "\n"
    return object_oid(b"commit", ("\n".join(lines) + "\n\n" + text).encode())
