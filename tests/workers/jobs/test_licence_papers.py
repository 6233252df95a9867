"""NOTICE in a result: what the check found, and the NOTICE of each input carried along."""

from pathlib import Path

from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.contracts.plans import LicenceVerdict
from workers.jobs.licence_papers import MAX_BYTES, notice_write


def held(folder: Path, name: str, text: bytes, size_bytes: int | None = None) -> Input:
    path = folder / name
    path.write_bytes(text)
    file = InputFile(
        path="NOTICE", size_bytes=len(text) if size_bytes is None else size_bytes, sha256="0" * 64, local=str(path)
    )
    return Input(role="source", reference=f"demo/{name}", facts=RepoFacts(repo=f"demo/{name}"), files=(file,))


def written(out: Path, inputs: list[Input], **verdict: object) -> str:
    notice_write(out, JobRequest(kind="merge", recipe={}, licence=LicenceVerdict(**verdict)), inputs)  # type: ignore[arg-type]
    path = out / "NOTICE"
    return path.read_text() if path.exists() else ""


def test_the_chain_of_notices_is_carried_on_once_each(tmp_path):
    inputs = [
        held(tmp_path, "one", b"Made by Ada."),
        held(tmp_path, "two", b"Made by Ada."),
        held(tmp_path, "three", b"By \xff Bo."),
    ]
    text = written(tmp_path, inputs, notice="Licence of this work: MIT\n")
    assert text.startswith("Licence of this work: MIT\n")
    assert text.count("Made by Ada.") == 1
    assert "NOTICE of demo/one:" in text
    assert "NOTICE of demo/three:\n\nBy \ufffd Bo." in text


def test_an_override_stands_in_the_notice(tmp_path):
    override = {"by": "root", "at": "2026-05-01T10:00:00+00:00", "reason": "Written permission is on file."}
    text = written(tmp_path, [], notice="Licence of this work: not resolved\n", override=override)
    assert "root let this work be made on 2026-05-01, for this reason: Written permission is on file." in text


def test_nothing_to_say_makes_no_file(tmp_path):
    assert written(tmp_path, []) == ""


def test_a_huge_or_vanished_notice_is_left_out(tmp_path):
    gone = held(tmp_path, "gone", b"Here.")
    (tmp_path / "gone").unlink()
    assert written(tmp_path, [gone, held(tmp_path, "huge", b"x", MAX_BYTES + 1)]) == ""
