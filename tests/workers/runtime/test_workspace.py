import hashlib
import stat

import pytest

from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest, JobResult
from workers.runtime.workspace import FolderWorkspace, result_read, workspace_make, write_durably


def request_of(path="sub/weights.bin", content=b"content", **local):
    file = InputFile(path=path, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), **local)
    return JobRequest(
        kind="merge",
        recipe={},
        inputs=(Input(role="source", index=2, reference="a/b", facts=RepoFacts(), files=(file,)),),
    )


@pytest.fixture
def blob(tmp_path):
    path = tmp_path / "store" / "blob"
    path.parent.mkdir()
    path.write_bytes(b"content")
    path.chmod(0o444)
    return path


def files_of(request, blob):
    return {request.inputs[0].files[0].sha256: blob}


def test_lays_inputs_at_their_paths(tmp_path, blob):
    request = request_of()
    made = workspace_make(tmp_path / "w", request, files_of(request, blob))
    read = FolderWorkspace(tmp_path / "w")
    assert read.request == made.request == request
    assert (read.input_folder("source", 2) / "sub" / "weights.bin").read_bytes() == b"content"
    assert read.out.is_dir()
    assert read.journal.is_dir()
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700


def test_takes_the_local_path_from_the_request(tmp_path, blob):
    workspace = workspace_make(tmp_path / "w", request_of(local=str(blob)))
    assert (workspace.input_folder("source", 2) / "sub" / "weights.bin").read_bytes() == b"content"


def test_across_file_systems_a_symbolic_link_does(tmp_path, blob, monkeypatch):
    def refuse(*arguments):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    workspace = workspace_make(tmp_path / "w", request_of(local=str(blob)))
    assert (workspace.input_folder("source", 2) / "sub" / "weights.bin").is_symlink()


def test_made_twice_keeps_the_journal_and_drops_the_result(tmp_path, blob):
    request = request_of(local=str(blob))
    workspace = workspace_make(tmp_path / "w", request)
    (workspace.journal / "shard").write_text("kept")
    write_durably(tmp_path / "w" / "result.json", JobResult().model_dump_json(by_alias=True))
    assert result_read(tmp_path / "w") is not None
    again = workspace_make(tmp_path / "w", request)
    assert (again.journal / "shard").read_text() == "kept"
    assert result_read(tmp_path / "w") is None


@pytest.mark.parametrize("path", ["../escape", "/etc/passwd", "a/../../b", ""])
def test_a_path_that_leads_out_is_refused(tmp_path, blob, path):
    with pytest.raises(ValueError, match="leads out"):
        workspace_make(tmp_path / "w", request_of(path=path, local=str(blob)))
    assert not (tmp_path / "escape").exists()


def test_an_input_that_is_not_in_the_request_is_no_folder(tmp_path, blob):
    workspace = workspace_make(tmp_path / "w", request_of(local=str(blob)))
    with pytest.raises(KeyError, match="no input base 0"):
        workspace.input_folder("base")
