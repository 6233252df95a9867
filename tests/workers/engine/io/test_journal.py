import hashlib
import json

import pytest
import torch

from kernels.raw import format_of
from workers.engine.io.digest import TensorMark, tensor_sha256
from workers.engine.io.journal import Journal, ShardRecord
from workers.engine.io.writer import ShardWriter, Slot, order_of

FILE = "model-00001-of-00002.safetensors"
CONTENT = b"a finished shard"


def finished(folder, key="plan"):
    journal = Journal(folder, key)
    (folder / FILE).write_bytes(CONTENT)
    record = ShardRecord(
        FILE, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), (TensorMark("w", "F32", (2, 3), "ab" * 32),), {"w": {"norm": 1.5}}
    )  # fmt: skip
    journal.record(record)
    return record


def test_gives_back_what_was_recorded(tmp_path):
    record = finished(tmp_path)
    assert Journal(tmp_path, "plan").finished(FILE) == record


def test_knows_nothing_of_what_was_never_recorded(tmp_path):
    assert Journal(tmp_path, "plan").finished(FILE) is None


def test_a_record_of_another_plan_does_not_count(tmp_path):
    finished(tmp_path, "other plan")
    assert Journal(tmp_path, "plan").finished(FILE) is None
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!", b"b finished shard", b""])
def test_altered_bytes_are_made_again(tmp_path, content):
    finished(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    assert Journal(tmp_path, "plan").finished(FILE) is None
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_made_again(tmp_path):
    finished(tmp_path)
    (tmp_path / FILE).unlink()
    assert Journal(tmp_path, "plan").finished(FILE) is None


@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_a_torn_record_is_made_again(tmp_path, cut):
    finished(tmp_path)
    path = tmp_path / f"{FILE}.json"
    path.write_text(path.read_text()[:cut])
    assert Journal(tmp_path, "plan").finished(FILE) is None


def test_a_record_of_a_later_form_is_made_again(tmp_path):
    finished(tmp_path)
    path = tmp_path / f"{FILE}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    assert Journal(tmp_path, "plan").finished(FILE) is None


def test_clears_away_what_a_killed_writer_left(tmp_path):
    (tmp_path / f"{FILE}.part").write_bytes(b"half")
    assert Journal(tmp_path, "plan").finished(FILE) is None
    assert list(tmp_path.iterdir()) == []


class TestFilesWithoutAHash:
    """A file whose record has no sha256 of the whole is known by its tensors."""

    TENSORS = {
        "a.weight": torch.arange(6.0).view(2, 3),
        "a.bias": torch.zeros(0),
        "b.weight": torch.ones(4, dtype=torch.bfloat16),
    }

    def written(self, folder, prefix=""):
        slots = order_of([Slot(name, format_of(value), tuple(value.shape)) for name, value in self.TENSORS.items()])
        with ShardWriter(folder / FILE, slots, hashed=False) as shard:
            for slot in slots:
                shard.write(slot.name, self.TENSORS[slot.name])
            shard.finish()
        marks = tuple(
            TensorMark(prefix + slot.name, slot.dtype, slot.shape, tensor_sha256(self.TENSORS[slot.name]))
            for slot in slots
        )
        record = ShardRecord(FILE, shard.size_bytes, shard.sha256, marks, {})
        Journal(folder, "plan").record(record)
        return record

    @pytest.mark.parametrize("prefix", ["", "unet."], ids=["a model", "a component"])
    def test_is_given_back_while_its_tensors_are_there(self, prefix, tmp_path):
        record = self.written(tmp_path, prefix)
        assert record.sha256 == ""
        assert Journal(tmp_path, "plan").finished(FILE) == record

    @pytest.mark.parametrize("place", [0, 9, 30, -1])
    def test_is_made_again_when_a_bit_differs(self, place, tmp_path):
        self.written(tmp_path)
        content = bytearray((tmp_path / FILE).read_bytes())
        content[place] ^= 1
        (tmp_path / FILE).write_bytes(content)
        assert Journal(tmp_path, "plan").finished(FILE) is None
        assert list(tmp_path.iterdir()) == []
