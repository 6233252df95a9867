"""A job's directory: request, inputs, `out/`, `journal/`, result. The supervisor makes it, the child reads it."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from workers.contracts.jobs import INPUTS, JOURNAL, OUT, REQUEST, RESULT, InputFile, JobRequest, JobResult


class FolderWorkspace:
    """The child's view of its directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._request = JobRequest.model_validate_json((root / REQUEST).read_bytes())

    @property
    def request(self) -> JobRequest:
        return self._request

    @property
    def out(self) -> Path:
        return self.root / OUT

    @property
    def journal(self) -> Path:
        return self.root / JOURNAL

    def input_folder(self, role: str, index: int = 0) -> Path:
        """Where the files of that input lie.

        Raises:
            KeyError: the request has no such input.
        """
        for item in self._request.inputs:
            if (item.role, item.index) == (role, index):
                return self.root / INPUTS / f"{role}-{index}"
        raise KeyError(f"The request has no input {role} {index}.")


def workspace_make(root: Path, request: JobRequest, files: Mapping[str, Path] | None = None) -> FolderWorkspace:
    """Makes or takes up the directory of a job.

    Args:
        root: the directory; made with mode 0700. What its `journal/` holds from an earlier attempt stays.
        request: written to request.json.
        files: where the verified content lies, by sha256; without it, each file's own `local` says so. Each input file is
            linked to inputs/<role>-<index>/<path>.

    Raises:
        KeyError: content for an input file is missing.
        ValueError: a path of an input leads out of its folder.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (INPUTS, OUT, JOURNAL):
        (root / name).mkdir(exist_ok=True)
    (root / RESULT).unlink(missing_ok=True)
    for item in request.inputs:
        folder = root / INPUTS / f"{item.role}-{item.index}"
        folder.mkdir(exist_ok=True)
        for file in item.files:
            _link(Path(file.local) if files is None else files[file.sha256], folder / _safe(file))
    write_durably(root / REQUEST, request.model_dump_json(by_alias=True, indent=2))
    return FolderWorkspace(root)


def result_read(root: Path) -> JobResult | None:
    """What the child left behind; None while it has not finished."""
    try:
        return JobResult.model_validate_json((root / RESULT).read_bytes())
    except FileNotFoundError:
        return None


def write_durably(path: Path, text: str) -> None:
    """The whole file or none of it, also after a power cut."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _safe(file: InputFile) -> PurePosixPath:
    # SECURITY: the door checks paths too; here a mistake there would write outside the job's directory.
    path = PurePosixPath(file.path)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise ValueError(f"The input path {file.path!r} leads out of its folder.")
    return path


def _link(source: Path, target: Path) -> None:
    """A hard link, so that a sweep of the store cannot take the content away; across file systems a symbolic one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        target.symlink_to(source.resolve())
