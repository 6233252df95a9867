"""Whole plans: what is written, what is carried over, what is refused."""

import json

import pytest
import torch
from safetensors.torch import load_file

from tests.builders import finetuned, mlp_state, model_folder, vit_family
from tests.workers.engine.merge.steps import METHODS
from tests.workers.engine.plans import ROWS, plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.plans import TensorInput, TensorStep
from workers.engine.execute import execute
from workers.engine.io.digest import digest_of_folder
from workers.engine.io.reader import facts_of_weights
from workers.planning.merge_memory import PROCESS_BYTES


@pytest.fixture
def family(tmp_path):
    return list(vit_family(tmp_path / "models"))


def folders_for(method, family):
    """The base where the method takes one, and as many sources as it takes."""
    row = ROWS[method]
    return [*family[: row.takes_base], *family[1:][: row.maximum_sources]]


def run(plan, folders, root, **options):
    ports = {"reporter": FakeReporter(), "cancel": FakeCancel()} | options
    return execute(plan, folders, root / "out", root / "journal", **ports)


def weights(root):
    return {
        name: tensor
        for file in sorted((root / "out").glob("*.safetensors"))
        for name, tensor in load_file(file).items()
    }


def test_linear_over_whole_models_is_bit_equal_to_torch(family, tmp_path):
    run(plan_of(family[1:], "linear", weight=[1.0, 0.5, 2.0]), family[1:], tmp_path)
    states = [load_file(folder / "model.safetensors") for folder in family[1:]]
    result = weights(tmp_path)
    assert result.keys() == states[0].keys()
    for name, tensor in result.items():
        direct = (1.0 * states[0][name] + 0.5 * states[1][name] + 2.0 * states[2][name]) / 3.5
        assert torch.equal(tensor, direct), name


@pytest.mark.parametrize("method", METHODS)
def test_bytes_do_not_depend_on_threads_or_shards(method, family, tmp_path):
    folders = folders_for(method, family)
    digests = set()
    for threads in (1, 2, 5):
        outcome = run(plan_of(folders, method), folders, tmp_path / f"threads-{threads}", threads=threads)
        digests.add(outcome.digest)
        digests.add(outcome.files[0].sha256)
    assert len(digests) == 2
    outcome = run(plan_of(folders, method, shards=7), folders, tmp_path / "shards", threads=2)
    assert outcome.digest in digests
    assert digest_of_folder(tmp_path / "shards" / "out") == outcome.digest


def test_writes_an_index_for_several_shards(family, tmp_path):
    outcome = run(plan_of(family, "ties", shards=3), family, tmp_path)
    names = [file.path for file in outcome.files]
    assert names == [f"model-{index}-of-00003.safetensors" for index in ("00001", "00002", "00003")]
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    found = {name: file for file in names for name in load_file(tmp_path / "out" / file)}
    assert index["weight_map"] == found
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in weights(tmp_path).values())


@pytest.mark.parametrize(
    ("method", "stop_after"),
    [
        ("ties", 1),
        ("ties", 2),
        ("ties", 3),
        ("ties", 4),
        ("dare_ties", 2),
        ("linear", 2),
        ("slerp", 3),
        ("pcb", 2),
        ("iso_c", 1),
    ],
)
def test_a_run_stopped_after_any_shard_goes_on_to_the_same_bytes(method, stop_after, family, tmp_path):
    folders = folders_for(method, family)
    plan = plan_of(folders, method, shards=4)
    undisturbed = run(plan, folders, tmp_path / "undisturbed")

    class Killed(BaseException):
        pass

    class KillingReporter(FakeReporter):
        def checkpoint(self, unit, **data):
            super().checkpoint(unit, **data)
            if len(self.of("checkpoint")) == stop_after:
                raise Killed

    with pytest.raises(Killed):
        run(plan, folders, tmp_path, reporter=KillingReporter())
    resumed = run(plan, folders, tmp_path)
    assert resumed.resumed_units == stop_after
    assert [file.sha256 for file in resumed.files] == [file.sha256 for file in undisturbed.files]
    assert resumed.digest == undisturbed.digest
    assert resumed.tensors == undisturbed.tensors


def test_a_run_stopped_inside_a_shard_makes_that_shard_again(family, tmp_path):
    plan = plan_of(family, "ties", shards=2)
    undisturbed = run(plan, family, tmp_path / "undisturbed")
    with pytest.raises(Cancelled):
        run(plan, family, tmp_path, cancel=FakeCancel(at=30))
    assert not list((tmp_path / "journal").glob("*.part"))
    resumed = run(plan, family, tmp_path)
    assert resumed.resumed_units == 1
    assert resumed.digest == undisturbed.digest


@pytest.mark.parametrize("hash_files", [True, False], ids=["by file", "by tensor"])
@pytest.mark.parametrize(
    "tear", [lambda data: b"torn", lambda data: data[:-1] + bytes([data[-1] ^ 1])], ids=["short", "one bit"]
)
def test_a_torn_shard_is_made_again(hash_files, tear, family, tmp_path):
    plan = plan_of(family, "ties", shards=2)
    first = run(plan, family, tmp_path, hash_files=hash_files)
    shard = tmp_path / "journal" / first.files[0].path
    whole = shard.read_bytes()
    shard.unlink()
    shard.write_bytes(tear(whole))
    again = run(plan, family, tmp_path, hash_files=hash_files)
    assert again.resumed_units == 1
    assert again.files == first.files
    assert shard.read_bytes() == whole
    assert all(bool(file.sha256) == hash_files for file in again.files)


def test_files_that_nobody_takes_by_their_hash_are_the_same_files(family, tmp_path):
    plan = plan_of(family, "ties", shards=2)
    hashed, plain = (run(plan, family, tmp_path / str(flag), hash_files=flag) for flag in (True, False))
    assert plain.digest == hashed.digest
    for file in hashed.files:
        assert (tmp_path / "False" / "out" / file.path).read_bytes() == (
            tmp_path / "True" / "out" / file.path
        ).read_bytes()
    # What was made without their hashes is not taken over where they are wanted.
    assert run(plan, family, tmp_path / "False").files == hashed.files


def test_the_journal_of_another_plan_is_not_used(family, tmp_path):
    run(plan_of(family, "ties", density=0.3), family, tmp_path)
    again = run(plan_of(family, "ties", density=0.4), family, tmp_path)
    assert again.resumed_units == 0


def test_reports_progress_up_to_the_end(family, tmp_path):
    reporter = FakeReporter()
    run(plan_of(family, "ties", shards=2), family, tmp_path, reporter=reporter)
    steps = [(done, total) for _, done, total in reporter.of("progress")]
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert (
        steps[-1][0]
        == steps[-1][1]
        == sum((folder / "model.safetensors").stat().st_size for folder in family) - 4 * header_bytes(family[0])
    )


def header_bytes(folder):
    raw = (folder / "model.safetensors").read_bytes()
    return 8 + int.from_bytes(raw[:8], "little")


def with_buffer(folder, value, **state):
    return model_folder(folder, {**mlp_state(), "position_ids": torch.tensor(value), **state})


def test_equal_integer_tensors_are_copied(tmp_path):
    folders = [with_buffer(tmp_path / name, [3, 1, 2]) for name in "abc"]
    outcome = run(plan_of(folders, "ties"), folders, tmp_path)
    assert weights(tmp_path)["position_ids"].tolist() == [3, 1, 2]
    assert "position_ids" not in outcome.tensors


@pytest.mark.parametrize("threads", [1, 3])
def test_differing_integer_tensors_are_refused(tmp_path, threads):
    folders = [with_buffer(tmp_path / name, value) for name, value in (("a", [3, 1]), ("b", [3, 1]), ("c", [3, 2]))]
    with pytest.raises(UserError, match="position_ids holds whole numbers") as caught:
        run(plan_of(folders, "ties"), folders, tmp_path, threads=threads)
    assert caught.value.findings[0].code == "integer_tensor_differs"
    assert not (tmp_path / "out").exists()


def test_copies_a_tensor_as_it_is_and_in_another_format(tmp_path):
    folder = model_folder(tmp_path / "a", mlp_state(dtype=torch.bfloat16))
    facts = facts_of_weights(folder)
    name = "layers.0.weight"
    plan = plan_of([folder], "linear").model_copy(
        update={
            "steps": tuple(
                TensorStep(
                    name=dtype, operation="copy", inputs=(TensorInput(source=0, key=name, fact=facts[name]),), shape=facts[name].shape, dtype=dtype
                )
                for dtype in ("BF16", "F32")
            ),
            "shards": (("BF16", "F32"),),
        }
    )  # fmt: skip
    run(plan, [folder], tmp_path)
    assert torch.equal(weights(tmp_path)["BF16"], mlp_state(dtype=torch.bfloat16)[name])
    assert torch.equal(weights(tmp_path)["F32"], mlp_state(dtype=torch.bfloat16)[name].float())


def test_casts_to_the_format_of_the_plan(family, tmp_path):
    run(plan_of(family, "ties", dtype="bfloat16"), family, tmp_path / "half")
    run(plan_of(family, "ties"), family, tmp_path / "full")
    full = weights(tmp_path / "full")
    assert all(torch.equal(tensor, full[name].bfloat16()) for name, tensor in weights(tmp_path / "half").items())


def test_entries_that_are_no_numbers_become_a_finding(tmp_path):
    state = mlp_state()
    broken = finetuned(state, seed=1)
    broken["layers.1.bias"][0] = float("nan")
    folders = [model_folder(tmp_path / "a", state), model_folder(tmp_path / "b", broken)]
    (finding,) = run(plan_of(folders, "task_arithmetic"), folders, tmp_path).findings
    assert (finding.code, finding.where, finding.severity) == ("not_finite", "layers.1.bias", "warning")


def test_an_input_that_changed_since_the_plan_is_refused(family, tmp_path):
    plan = plan_of(family, "ties")
    model_folder(family[2], mlp_state())
    with pytest.raises(UserError, match="no longer there"):
        run(plan, family, tmp_path)


def test_too_little_memory_is_told_before_anything_is_written(family, tmp_path):
    with pytest.raises(UserError, match="MiB are allowed") as caught:
        run(plan_of(family, "ties"), family, tmp_path, memory_bytes=1 << 20)
    assert caught.value.findings[0].code == "memory_too_small"
    assert not (tmp_path / "out").exists()


def test_a_memory_limit_changes_no_bytes(family, tmp_path):
    plan = plan_of(family, "ties")
    free = run(plan, family, tmp_path / "free", threads=4)
    tight = run(plan, family, tmp_path / "tight", threads=4, memory_bytes=PROCESS_BYTES + (1 << 20))
    assert tight.files == free.files


def test_adapters_keep_their_file_name(tmp_path):
    folders = []
    for name in "ab":
        folder = model_folder(tmp_path / name, mlp_state())
        (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
        folders.append(folder)
    outcome = run(plan_of(folders, "linear"), folders, tmp_path)
    assert [file.path for file in outcome.files] == ["adapter_model.safetensors"]


def test_a_tensor_that_holds_whole_numbers_in_one_model_only_is_refused(tmp_path):
    folders = [with_buffer(tmp_path / "a", [3.0, 1.0]), with_buffer(tmp_path / "b", [3, 1])]
    with pytest.raises(UserError, match="position_ids"):
        run(plan_of(folders, "task_arithmetic"), folders, tmp_path)
