"""What the other hub says that it has. Nothing of it is believed before it was looked at, and all of it is bounded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from hub.catalog.paths import clash_findings
from hub.core.outbound import Lie, Reader, origin_of
from hub.imports.remote.source import Source
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.planning.refusals import path_finding

INFO_BYTES, PAGE_BYTES = 8 * 2**20, 16 * 2**20
MAX_PAGES, MAX_FILES, MAX_REFS = 500, 50_000, 200
_OID, _SHA256 = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{64}")
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


@dataclass(frozen=True)
class RemoteFile:
    """A file as the other hub lists it. `sha256` is known before fetching for LFS files alone."""

    path: str
    size_bytes: int
    oid: str
    sha256: str = ""

    @property
    def is_lfs(self) -> bool:
        return bool(self.sha256)

    @property
    def key(self) -> str:
        """Names the content: what two paths or commits share is fetched once."""
        return self.sha256 or f"g-{self.oid}"


@dataclass(frozen=True)
class RemoteRef:
    kind: str
    name: str
    commit: str


@dataclass(frozen=True)
class RemoteTree:
    """`left_out` names files that are never taken, each with its reason: pickles, above all."""

    commit: str
    files: tuple[RemoteFile, ...]
    left_out: dict[str, str]


def commit_find(reader: Reader, source: Source, revision: str) -> str:
    """The commit a revision stands for at the source."""
    body, answer = reader.json(source.info(revision), limit=INFO_BYTES)
    sha = body.get("sha") if isinstance(body, dict) else None
    if not isinstance(sha, str) or not _OID.fullmatch(sha):
        raise Lie(f"{answer.host} does not say at which commit {source.name} stands.")
    return sha


def refs_list(reader: Reader, source: Source) -> list[RemoteRef]:
    body, answer = reader.json(source.refs(), limit=INFO_BYTES)
    found = []
    for kind, key in (("branch", "branches"), ("tag", "tags")):
        for row in _rows(body.get(key) if isinstance(body, dict) else None, answer.host):
            name, commit = row.get("name"), row.get("targetCommit")
            if (
                not isinstance(name, str)
                or not isinstance(commit, str)
                or not _OID.fullmatch(commit)
                or not 0 < len(name) <= 255
            ):
                raise Lie(f"{answer.host} lists a {kind} that is none.")
            found.append(RemoteRef(kind, name, commit))
    if len(found) > MAX_REFS:
        raise UserError(
            f"{source.name} has {len(found)} branches and tags; at most {MAX_REFS} are imported. Name one revision instead."
        )
    return found


def tree_list(reader: Reader, source: Source, commit: str, tick: Callable[[int], None]) -> RemoteTree:
    """Every file at `commit`. A name that leads out of its folder ends the import, with all such names at once."""
    url: str | None = source.tree(commit)
    files: list[RemoteFile] = []
    for _ in range(MAX_PAGES):
        if url is None:
            return _judged(commit, files, source)
        body, answer = reader.json(url, limit=PAGE_BYTES)
        rows = _rows(body, answer.host)
        files += [_file(row, answer.host) for row in rows if row.get("type") == "file"]
        if len(files) > MAX_FILES:
            raise UserError(f"{source.name} has more than {MAX_FILES} files. That many are not imported.")
        tick(len(files))
        url = _next(answer.headers.get("link", ""), answer.url, source)
    raise Lie(f"{urlsplit(source.endpoint).hostname} lists {source.name} without an end.")


def _rows(body: Any, host: str) -> list[dict[str, Any]]:
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise Lie(f"{host} does not answer like a hub: a list was expected.")
    return body


def _file(row: dict[str, Any], host: str) -> RemoteFile:
    path, size, oid, sha256 = row.get("path"), row.get("size"), row.get("oid"), ""
    if isinstance(lfs := row.get("lfs"), dict):
        sha256, size = str(lfs.get("oid", lfs.get("sha256"))), lfs.get("size")
        if not _SHA256.fullmatch(sha256):
            raise Lie(f"{host} lists a file without a usable hash.")
    is_named = isinstance(path, str) and isinstance(oid, str) and _OID.fullmatch(oid)
    if not is_named or not isinstance(size, int) or not 0 <= size < 2**53:
        raise Lie(f"{host} lists a file without a usable name, size or hash.")
    return RemoteFile(str(path), size, str(oid), sha256)


def _next(link: str, here: str, source: Source) -> str | None:
    match = _NEXT.search(link)
    if match is None:
        return None
    url: str = urljoin(here, match[1])
    # SECURITY: a list goes on where it began; this is no way to send us elsewhere.
    if origin_of(urlsplit(url)) != origin_of(urlsplit(source.endpoint)):
        raise Lie(f"{urlsplit(source.endpoint).hostname} continues its list on another host.")
    return url


def _judged(commit: str, files: list[RemoteFile], source: Source) -> RemoteTree:
    names = [file.path for file in files]
    fatal: list[Finding] = []
    left_out: dict[str, str] = {}
    for path in names:
        finding = path_finding(path)
        if finding is not None and finding.code == "pickle_refused":
            left_out[path] = finding.message
        elif finding is not None:
            fatal.append(finding)
    if len(set(names)) != len(names):
        fatal.append(
            Finding(code="listed_twice", severity="error", message="The source lists a file twice.", where=source.name)
        )
    fatal += [finding for finding in clash_findings(names) if finding.severity == "error"]
    if fatal:
        more = f" And {len(fatal) - 1} more." if len(fatal) > 1 else ""
        raise UserError(f"{fatal[0].message}{more} Nothing of {source.name} was taken.", tuple(fatal[:100]))
    return RemoteTree(commit, tuple(sorted(files, key=lambda file: file.path)), left_out)
