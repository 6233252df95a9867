"""`genepool run` and `genepool merge` on local folders."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hub.cli import run as command
from hub.cli.check import main as check
from tests.builders import finetuned, mlp_state, model_folder, vit_family
from workers import cli
from workers.engine.io.digest import digest_of_folder

ROOT = Path(__file__).resolve().parents[2]
RECIPE = """
kind: merge
method: ties
base: models/base
sources:
  - {model: models/tuned-0, density: 0.3}
  - {model: models/tuned-1, weight: 0.5, density: 0.6}
"""


@pytest.fixture
def family(tmp_path, monkeypatch):
    list(vit_family(tmp_path / "models", count=2))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(family, text=RECIPE):
    (family / "recipe.yaml").write_text(text)
    return ["recipe.yaml", "out"]


def test_makes_a_model_folder(family, capsys):
    assert command.main(write(family)) == 0
    printed = capsys.readouterr()
    assert "Made out: 7 files" in printed.out
    assert digest_of_folder(family / "out") in printed.out
    assert sorted(path.name for path in (family / "out").iterdir()) == [
        "NOTICE", "README.md", "config.json", "genepool.json", "model.safetensors", "recipe.yaml", "report.json",
    ]  # fmt: skip
    assert sorted(path.name for path in family.iterdir()) == ["models", "out", "recipe.yaml"]


def test_linear_equals_plain_torch(family):
    recipe = (
        "kind: merge\nmethod: linear\nsources:\n- {model: models/tuned-0, weight: 2.0}\n- {model: models/tuned-1}\n"
    )
    assert command.merge(write(family, recipe)) == 0
    one, other = (load_file(family / "models" / name / "model.safetensors") for name in ("tuned-0", "tuned-1"))
    for name, tensor in load_file(family / "out" / "model.safetensors").items():
        assert tensor.equal((2.0 * one[name] + 1.0 * other[name]) / 3.0), name


def test_threads_and_memory_change_no_bytes(family):
    digests = []
    for index, options in enumerate([["--threads", "1"], ["--threads", "3"], ["--max-memory", "400MiB"]]):
        recipe, out = write(family)
        assert command.main([recipe, f"{out}{index}", *options]) == 0
        digests.append(digest_of_folder(family / f"out{index}"))
    assert len(set(digests)) == 1


def test_a_card_names_no_local_path(family):
    command.main(write(family, RECIPE.replace("models/", f"{family}/models/")))
    assert str(family) not in (family / "out" / "README.md").read_text().split("## Recipe")[0]
    assert str(family) not in (family / "out" / "report.json").read_text()


def test_shows_all_findings_and_writes_nothing(family, capsys):
    broken = RECIPE.replace("density: 0.3", "densty: 0.3").replace("weight: 0.5", "weight: .nan")
    assert command.main(write(family, broken)) == 1
    shown = capsys.readouterr().err
    assert "densty" in shown
    assert "density" in shown
    assert "line 6" in shown
    assert "Nothing was written" in shown
    assert not (family / "out").exists()


def test_a_folder_that_is_not_there_is_a_finding(family, capsys):
    assert command.main(write(family, RECIPE.replace("tuned-1", "tuned-9"))) == 1
    assert "tuned-9" in capsys.readouterr().err
    assert not (family / "out").exists()


def test_shapes_that_differ_are_findings(family, capsys):
    model_folder(family / "models" / "tuned-1", mlp_state(), config={"model_type": "mlp"})
    assert command.main(write(family)) == 1
    assert "error:" in capsys.readouterr().err


def test_a_recipe_that_cannot_be_read(family, capsys):
    assert command.main(["none.yaml", "out"]) == 1
    assert "cannot be read: no such file" in capsys.readouterr().err
    (family / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert command.main(["binary.yaml", "out"]) == 1
    assert "UTF-8" in capsys.readouterr().err


def test_merge_takes_merges_only(family, capsys):
    train = "kind: train\nmodel: models/base\ndata: [{data: builtin:digits}]\n"
    assert command.merge(write(family, train)) == 1
    assert "takes kind merge" in capsys.readouterr().err


def test_refuses_a_folder_that_holds_something(family, capsys):
    (family / "out").mkdir()
    (family / "out" / "thesis.txt").write_text("important")
    assert command.main(write(family)) == 1
    assert "not empty" in capsys.readouterr().err
    assert command.main([*write(family), "--force"]) == 1
    assert "no result of Genepool" in capsys.readouterr().err
    assert (family / "out" / "thesis.txt").read_text() == "important"


def test_force_replaces_an_earlier_result(family):
    assert command.main(write(family)) == 0
    (family / "out" / "old.txt").write_text("of the earlier result")
    first = digest_of_folder(family / "out")
    assert command.main([*write(family, RECIPE.replace("0.3", "0.9")), "--force"]) == 0
    assert digest_of_folder(family / "out") != first
    assert not (family / "out" / "old.txt").exists()
    assert sorted(path.name for path in family.iterdir()) == ["models", "out", "recipe.yaml"]


def test_refuses_a_file_as_target(family, capsys):
    (family / "out").write_text("x")
    assert command.main(write(family)) == 1
    assert "is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--threads", "0"],
        ["--threads", "x"],
        ["--max-memory", "-1"],
        ["--max-memory", "1XB"],
        ["--device", "tpu"],
        ["--bogus"],
    ],
)
def test_wrong_usage_is_exit_code_two(family, options):
    with pytest.raises(SystemExit) as caught:
        command.main([*write(family), *options])
    assert caught.value.code == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(family, capsys):
    assert command.main([*write(family), "--device", "cuda:1"]) == 1
    assert "cuda:1 is asked for, and there is no GPU" in capsys.readouterr().err
    assert not (family / "out").exists()


def test_too_little_memory_is_told(family, capsys):
    assert command.main([*write(family), "--max-memory", "1MB"]) == 1
    assert "1 MB are allowed" in capsys.readouterr().err
    assert not (family / "out").exists()


def test_the_memory_that_the_check_tells_is_enough_and_what_it_refuses_is_refused(family, capsys):
    write(family)
    assert check(["recipe.yaml"]) == 0
    told = re.search(r"peak memory (\S+ \S+),", capsys.readouterr().out)[1]
    assert check(["recipe.yaml", "--max-memory", told]) == 0
    assert "memory_" not in capsys.readouterr().out
    assert command.main(["recipe.yaml", "enough", "--max-memory", told]) == 0
    capsys.readouterr()
    assert check(["recipe.yaml", "--max-memory", "150MB"]) == 1
    refused = capsys.readouterr().out
    assert "memory_too_small" in refused
    least = re.search(r"Allow (\S+ \S+) or more", refused)[1]
    assert check(["recipe.yaml", "--max-memory", least]) == 0
    assert command.main(["recipe.yaml", "least", "--max-memory", least]) == 0
    assert command.main(["recipe.yaml", "less", "--max-memory", "209MB"]) == 1
    assert digest_of_folder(family / "least") == digest_of_folder(family / "enough")
    assert not (family / "less").exists()


@pytest.mark.parametrize("size", ["0", "1XB", "-1"])
def test_a_check_within_no_number_of_bytes_is_wrong_usage(family, size):
    with pytest.raises(SystemExit) as caught:
        check(["recipe.yaml", f"--max-memory={size}"])
    assert caught.value.code == 2


@pytest.mark.parametrize("recipe", [RECIPE, RECIPE.replace("ties", "dare_ties")], ids=["the same", "another"])
def test_two_runs_for_one_target_do_not_mix(family, capsys, monkeypatch, recipe):
    from workers.runtime import local

    inner = []
    own = local.place

    def place(made, out, *, force):
        inner.append(cli.main(write(family, recipe)))
        own(made, out, force=force)

    monkeypatch.setattr(cli, "place", place)
    assert cli.main(write(family)) == 0
    assert inner == [1]
    assert "Another run is making" in capsys.readouterr().err
    assert json.loads((family / "out" / "report.json").read_text())["method"] == "ties"


def at_the_end(monkeypatch, happens):
    """Something happens when the result is about to be put into its place."""
    result_of = cli.verified

    def verified(*given):
        happens()
        return result_of(*given)

    monkeypatch.setattr(cli, "verified", verified)


def test_what_comes_to_the_target_during_the_run_is_not_overwritten(family, capsys, monkeypatch):
    def come():
        (family / "out").mkdir()
        (family / "out" / "important").write_text("mine")

    with monkeypatch.context() as patch:
        at_the_end(patch, come)
        assert cli.main(write(family)) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in (family / "out").iterdir()] == ["important"]
    (family / "out" / "important").unlink()
    assert cli.main(write(family)) == 0


@pytest.mark.parametrize("happens", ["written again", "gone"])
def test_models_that_change_while_they_are_read_make_no_result(family, capsys, monkeypatch, happens):
    path = family / "models" / "tuned-1" / "model.safetensors"

    def change():
        path.write_bytes(path.read_bytes()) if happens == "written again" else path.unlink()

    at_the_end(monkeypatch, change)
    assert cli.main(write(family)) == 1
    assert "changed while they were read" in capsys.readouterr().err
    assert not (family / "out").exists()


def test_a_full_disk_is_told_with_what_becomes_of_the_work(family, capsys, monkeypatch):
    def full(*given, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(cli, "place", full)
        assert cli.main(write(family)) == 1
    shown = capsys.readouterr().err
    assert "No space left on device" in shown
    assert "the same command goes on" in shown
    assert cli.main(write(family)) == 0


@pytest.mark.parametrize("target", ["models/tuned-1", "models"])
def test_a_result_never_takes_the_place_of_its_own_source(family, capsys, target):
    (family / target / "genepool.json").write_text("{}")
    recipe, _ = write(family)
    before = sorted(family.rglob("*"))
    assert cli.main([recipe, str(family / target), "--force"]) == 1
    assert "holds a model of this recipe, tuned-1" in capsys.readouterr().err.replace("base", "tuned-1")
    assert sorted(family.rglob("*")) == before


def test_kernels_of_other_sources_are_told_in_a_line(family, capsys, monkeypatch):
    from kernels.compiled import library

    if not library.is_built():
        pytest.skip("The compiled kernels are not built: there was no C compiler.")
    library.library.cache_clear()
    monkeypatch.setattr(library, "INTERFACE", 99)
    assert cli.main(write(family)) == 1
    library.library.cache_clear()
    shown = capsys.readouterr().err
    assert "was built from other sources" in shown
    assert "Traceback" not in shown


def test_an_interrupted_run_is_taken_up_again(family, capsys, monkeypatch):
    from workers.runtime.local import TerminalReporter

    recipe = RECIPE + "max_shard_bytes: 8192\n"

    def interrupt(self, unit, **data):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TerminalReporter, "checkpoint", interrupt)
        assert command.main(write(family, recipe)) == 130
    assert "goes on where this one stopped" in capsys.readouterr().err
    assert not (family / "out").exists()
    assert command.main(write(family, recipe)) == 0
    assert "Taken over from the interrupted run: 1." in capsys.readouterr().out
    undisturbed = digest_of_folder(family / "out")
    assert command.main([write(family, recipe)[0], "again"]) == 0
    assert digest_of_folder(family / "again") == undisturbed
    assert not [path for path in family.iterdir() if path.name.startswith(".")]


def test_inputs_that_changed_do_not_meet_an_old_journal(family, capsys, monkeypatch):
    from workers.runtime.local import TerminalReporter

    def interrupt(self, unit, **data):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TerminalReporter, "checkpoint", interrupt)
        command.main(write(family))
    path = family / "models" / "tuned-0" / "model.safetensors"
    model_folder(path.parent, finetuned(load_file(path), seed=77))
    assert command.main(write(family)) == 0
    assert "Taken over" not in capsys.readouterr().out
    assert not [path for path in family.iterdir() if path.name.startswith(".")]


@pytest.mark.journey
def test_as_a_command_without_hub_or_database(family):
    write(family)
    code = "import sys\nfrom hub.cli.run import main\ncode = main(sys.argv[1:])\nassert 'django' not in sys.modules\nassert 'transformers' not in sys.modules\nassert 'huggingface_hub' not in sys.modules\nsys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", code, "recipe.yaml", "out"], cwd=family, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((family / "out" / "report.json").read_text())["method"] == "ties"


def test_a_folder_that_cannot_be_used_is_told_once(family, capsys):
    path = family / "models" / "tuned-1" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert command.main(write(family)) == 1
    shown = capsys.readouterr().err
    assert "1 error." in shown
    assert "cut off" in shown


def test_any_kind_runs_and_tells_its_numbers(family, capsys):
    recipe = 'kind: evaluate\nmodels: [models/base]\ndata: [{data: "builtin:digits", split: test}]\nlimit: 16\n'
    assert command.main(write(family, recipe)) == 0
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line.startswith("models/base  builtin:digits, test  Accuracy  ")
    assert line.endswith("  16 examples")
    assert " %  95 % " in line
    assert json.loads((family / "out" / "report.json").read_text())["kind"] == "evaluate"


def test_an_error_in_the_text_does_not_hide_a_folder_that_is_not_there(family, capsys):
    broken = RECIPE.replace("density: 0.3", "density: 2.0").replace("tuned-1", "tuned-9")
    assert command.main(write(family, broken)) == 1
    shown = capsys.readouterr().err
    assert "density is 2.0" in shown
    assert "tuned-9" in shown
    assert "2 errors" in shown
    assert not (family / "out").exists()
