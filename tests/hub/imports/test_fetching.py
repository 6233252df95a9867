"""What comes from another hub is counted, hashed and judged before any of it counts."""

import json

import pyarrow as pa
import pytest

from hub.imports.remote import fetching, listing
from hub.imports.remote.briefing import ImportReport, Known
from tests.hub.api.zoo import weights as make_weights
from tests.hub.imports.conftest import README
from tests.hub.imports.fake_hub import COMMIT, git_sha1, sha256
from tests.workers.engine.data.writing import write_parquet
from workers.contracts.errors import Cancelled, TransientError, UserError

pytestmark = pytest.mark.hostile
BIG = bytes(range(256)) * 4096


def report_of(result) -> ImportReport:
    return ImportReport.model_validate(result.report)


def here(report) -> dict[str, str]:
    return {file.path: file.sha256 for file in report.trees[0].files}


def test_it_brings_every_file_under_its_hash_and_says_where_it_belongs(hubs, ports_of):
    hub = hubs(
        {"README.md": README, "sub/deep/w.npy": BIG, "empty.txt": b"", "same.txt": README}, lfs={"sub/deep/w.npy"}
    )
    ports = ports_of(hub)
    report = report_of(fetching.run(ports))
    assert here(report) == {path: sha256(content) for path, content in hub.files.items()}
    assert report.commit == COMMIT
    names = {path.name for path in (ports.workspace.out / "blobs").iterdir()}
    assert names == {sha256(BIG), f"g-{git_sha1(README)}", f"g-{git_sha1(b'')}"}
    assert sorted(hub.fetched()) == ["README.md", "sub/deep/w.npy"]  # each content once, and nothing for an empty file


def test_what_came_before_a_kill_is_not_fetched_again(hubs, ports_of):
    hub = hubs({"whole.npy": BIG[:9000], "half.npy": BIG}, lfs={"half.npy", "whole.npy"})
    ports = ports_of(hub)
    for name in ("parts", "done"):
        (ports.workspace.journal / name).mkdir()
    (ports.workspace.journal / "done" / sha256(BIG[:9000])).write_bytes(BIG[:9000])
    (ports.workspace.journal / "parts" / sha256(BIG)).write_bytes(BIG[:300_000])
    fetching.run(ports)
    assert hub.fetched() == ["half.npy"]
    assert hub.headers_of("half.npy")[0]["Range"] == "bytes=300000-"


def test_a_piece_that_was_spoilt_is_fetched_from_the_start(hubs, ports_of):
    hub = hubs({"half.npy": BIG}, lfs={"half.npy"})
    ports = ports_of(hub)
    (ports.workspace.journal / "parts").mkdir()
    (ports.workspace.journal / "parts" / sha256(BIG)).write_bytes(b"?" * 300_000)
    assert here(report_of(fetching.run(ports))) == {"half.npy": sha256(BIG)}
    assert [headers.get("Range", "") for headers in hub.headers_of("half.npy")] == ["bytes=300000-", ""]


def test_a_source_without_ranges_is_read_from_the_start(hubs, ports_of):
    hub = hubs({"half.npy": BIG}, lfs={"half.npy"}, knows_ranges=False)
    ports = ports_of(hub)
    (ports.workspace.journal / "parts").mkdir()
    (ports.workspace.journal / "parts" / sha256(BIG)).write_bytes(BIG[:300_000])
    assert here(report_of(fetching.run(ports))) == {"half.npy": sha256(BIG)}


def test_a_line_that_breaks_is_taken_up_where_it_broke(hubs, ports_of):
    hub = hubs({"w.npy": BIG}, lfs={"w.npy"})

    def cut(handler, path):
        if not path.endswith("w.npy") or "Range" in handler.headers:
            return False
        handler.send(200, BIG[:500_000], {}, length=len(BIG))
        return True

    hub.answer = cut
    assert here(report_of(fetching.run(ports_of(hub)))) == {"w.npy": sha256(BIG)}
    ranges = [headers.get("Range", "") for headers in hub.headers_of("w.npy")]
    assert ranges[0] == ""
    assert ranges[1].startswith("bytes=")


def test_a_source_that_keeps_breaking_off_is_tried_again_later(hubs, ports_of):
    hub = hubs({"w.npy": BIG}, lfs={"w.npy"})

    def cut(handler, path):
        if path.endswith("w.npy"):
            handler.send(200, b"", {}, length=len(BIG))
        return path.endswith("w.npy")

    hub.answer = cut
    with pytest.raises(TransientError, match="broke off"):
        fetching.run(ports_of(hub))


@pytest.mark.parametrize("is_lfs", [True, False])
def test_a_hash_that_lies_ends_the_import(hubs, ports_of, is_lfs):
    hub = hubs({"w.npy": BIG}, lfs={"w.npy"} if is_lfs else set())
    hub.rows = hub.listed()
    hub.files["w.npy"] = BIG[:-1] + b"!"
    ports = ports_of(hub)
    with pytest.raises(UserError, match="Its hash does not fit"):
        fetching.run(ports)
    assert not (ports.workspace.out / "blobs").exists()


def test_a_body_without_an_end_is_cut_at_what_was_announced(hubs, ports_of):
    hub = hubs({"w.npy": b"x" * 1000}, lfs={"w.npy"})

    def pour(handler, path):
        if path.endswith("w.npy"):
            handler.send_response_only(200)
            handler.end_headers()
            handler.close_connection = True
            for _ in range(10_000):
                handler.wfile.write(b"x" * 65536)
        return path.endswith("w.npy")

    hub.answer = pour
    with pytest.raises(UserError, match="more than the 1000 bytes"):
        fetching.run(ports_of(hub))


def test_compressed_bytes_are_refused(hubs, ports_of):
    hub = hubs()

    def squeeze(handler, path):
        if "/resolve/" in path:
            handler.send(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
        return "/resolve/" in path

    hub.answer = squeeze
    with pytest.raises(UserError, match="compressed"):
        fetching.run(ports_of(hub))


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"[" * 200_000, "not JSON"), (b"<html>", "not JSON"), (b"{}", "a list was expected"), (b'[{"type": "file"}]', "without a usable name"), (b"[1]", "a list")],
)  # fmt: skip
def test_a_listing_that_is_none_ends_the_import(hubs, ports_of, body, words):
    hub = hubs()

    def nonsense(handler, path):
        if "/tree/" in path:
            handler.send(200, body, {})
        return "/tree/" in path

    hub.answer = nonsense
    with pytest.raises(UserError, match=words):
        fetching.run(ports_of(hub))


def test_a_giant_listing_is_not_read_to_its_end(hubs, ports_of, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_BYTES", 1000)
    hub = hubs()
    hub.rows = hub.listed() * 50
    with pytest.raises(UserError, match="more than the 1000 bytes"):
        fetching.run(ports_of(hub))
    assert hub.fetched() == []


def test_too_many_files_are_refused(hubs, ports_of, monkeypatch):
    monkeypatch.setattr(listing, "MAX_FILES", 1)
    with pytest.raises(UserError, match="more than 1 files"):
        fetching.run(ports_of(hubs()))


def test_every_name_that_leads_elsewhere_is_said_at_once_and_nothing_is_fetched(hubs, ports_of):
    bad = ["../up", "/etc/passwd", "a/../../b", ".git/config", "a\\b", "C:/x", "a//b", "nul\x00byte", "a/./b"]
    hub = hubs()
    hub.rows = [{"type": "file", "path": path, "size": 1, "oid": "b" * 40} for path in [*bad, "good.txt"]]
    with pytest.raises(UserError) as caught:
        fetching.run(ports_of(hub))
    assert len(caught.value.findings) == len(bad)
    assert hub.fetched() == []


@pytest.mark.parametrize("paths", [["a", "a/b"], ["twice.txt", "twice.txt"]])
def test_names_that_cannot_stand_beside_each_other_are_refused(hubs, ports_of, paths):
    hub = hubs()
    hub.rows = [{"type": "file", "path": path, "size": 1, "oid": "b" * 40} for path in paths]
    with pytest.raises(UserError):
        fetching.run(ports_of(hub))
    assert hub.fetched() == []


def test_pickles_stay_at_the_source_by_name_and_by_content(hubs, ports_of):
    disguised = b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
    hub = hubs(
        {"README.md": README, "pytorch_model.bin": b"PK", "weights.dat": disguised},
        lfs={"pytorch_model.bin", "weights.dat"},
    )
    ports = ports_of(hub)
    report = report_of(fetching.run(ports))
    files = {file.path: file for file in report.trees[0].files}
    assert "pytorch_model.bin" not in hub.fetched()
    assert [path for path, file in files.items() if file.reason] == ["pytorch_model.bin", "weights.dat"]
    assert all("run code" in file.reason for path, file in files.items() if path != "README.md")
    assert len(list((ports.workspace.out / "blobs").iterdir())) == 1


def test_without_room_nothing_is_fetched(hubs, ports_of):
    hub = hubs()
    with pytest.raises(UserError, match="There is no more room"):
        fetching.run(ports_of(hub, room_bytes=10))
    assert hub.fetched() == []


def test_what_the_target_has_is_not_fetched(hubs, ports_of):
    hub = hubs({"README.md": README, "w.npy": BIG}, lfs={"w.npy"})
    known = {sha256(BIG): Known(sha256=sha256(BIG), size_bytes=len(BIG))}
    report = report_of(fetching.run(ports_of(hub, known=known)))
    assert hub.fetched() == ["README.md"]
    assert here(report)["w.npy"] == sha256(BIG)


def test_a_source_that_has_not_moved_is_left_alone(hubs, ports_of):
    hub = hubs()
    report = report_of(fetching.run(ports_of(hub, seen_commit=COMMIT)))
    assert report.trees == ()
    assert len(hub.asked) == 1


def test_metadata_alone_reads_words_and_headers(hubs, ports_of):
    weights = make_weights()
    config = json.dumps({"architectures": ["Vit"], "model_type": "vit"}).encode()
    hub = hubs(
        {"README.md": README, "config.json": config, "model.safetensors": weights, "big.npy": BIG},
        lfs={"model.safetensors", "big.npy"},
    )
    report = report_of(fetching.run(ports_of(hub, mode="metadata")))
    assert report.facts is not None
    assert report.facts["parameters"] > 0
    assert report.facts["licence"] == "Apache-2.0"
    assert [file.path for file in report.trees[0].files if not file.sha256] == ["big.npy", "model.safetensors"]
    assert "big.npy" not in hub.fetched()
    assert all("Range" in headers for headers in hub.headers_of("model.safetensors"))


def test_metadata_of_a_dataset_tells_rows_and_columns_from_the_ends_of_its_files(hubs, ports_of, tmp_path):
    table = pa.table({"text": ["x" * 50_000 + str(row) for row in range(40)], "label": range(40)})
    raw = write_parquet(tmp_path, table, compression="none").read_bytes()
    hub = hubs(
        {"README.md": README, "data/test.parquet": raw, "test/cat/1.png": BIG},
        lfs={"data/test.parquet", "test/cat/1.png"},
    )
    report = report_of(fetching.run(ports_of(hub, mode="metadata")))
    assert report.facts is not None
    assert (report.facts["splits"], report.facts["columns"]["text"]) == ({"test": 40}, "string")
    assert "test/cat/1.png" not in hub.fetched()
    assert all("Range" in headers for headers in hub.headers_of("data/test.parquet"))


def test_cancelling_ends_the_fetching(hubs, ports_of):
    hub = hubs({"w.npy": BIG}, lfs={"w.npy"})
    ports = ports_of(hub)

    def stop(*_, **__):
        raise Cancelled("Somebody asked this job to stop.")

    ports.reporter.progress = stop
    with pytest.raises(Cancelled):
        fetching.run(ports)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "There is no hf:ada/tiny"), (401, "give a token"), (403, "give a token")]
)
def test_a_refusal_says_what_to_do(hubs, ports_of, status, words):
    hub = hubs()
    hub.answer = lambda handler, path: handler.send(status, b"{}", {"X-Error-Message": "No."}) or True
    with pytest.raises(UserError, match=words):
        fetching.run(ports_of(hub))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_source_in_trouble_is_tried_again_later(hubs, ports_of, status):
    hub = hubs()
    hub.answer = lambda handler, path: handler.send(status, b"{}", {}) or True
    with pytest.raises(TransientError):
        fetching.run(ports_of(hub))
