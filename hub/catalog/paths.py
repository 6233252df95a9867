"""Names that cannot stand beside each other in one repo. Which single names are refused is `workers.planning.refusals`.

SECURITY: paths are text in the database; nothing ever turns one into a path on disk.
"""

from collections.abc import Iterable

from workers.contracts.findings import Finding

MAX_FOLDERS = 20_000


def folders_of(path: str) -> list[str]:
    """Every folder above `path`, outermost first; the root is left out."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def folder_finding(paths: Iterable[str]) -> Finding | None:
    """Every folder is a row and a git object of its own, worked out again at each commit."""
    count = len({folder for path in paths for folder in folders_of(path)})
    if count <= MAX_FOLDERS:
        return None
    return Finding(
        code="too_many_folders", severity="error", where="",
        message=f"The repo would have {count} folders; at most {MAX_FOLDERS} are kept.",
        consequence="Nothing of this commit was kept. Put more files into each folder, or pack them, as parquet or safetensors.",
    )  # fmt: skip


def clash_findings(paths: Iterable[str]) -> list[Finding]:
    """A file that would be a folder too is an error. Names that differ in case alone only cannot be told apart on some computers."""
    known = set(paths)
    folders = {folder for path in known for folder in folders_of(path)}
    findings = [
        Finding(
            code="file_and_folder", severity="error", where=path,
            message=f"{path!r} would be a file and a folder at once.", consequence="Nothing of this commit was kept.",
        )
        for path in sorted(folders & known)
    ]  # fmt: skip
    seen: dict[str, str] = {}
    for path in sorted(known):
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            findings.append(
                Finding(
                    code="case_collision", severity="warning", where=path,
                    message=f"{path!r} and {other!r} differ only in upper and lower case.",
                    consequence="On a computer that ignores case only one of them can be downloaded.",
                )
            )  # fmt: skip
    return findings
