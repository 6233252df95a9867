"""A merge that learns from data, as a job: what it leaves, and what a kill costs."""

import json
from shutil import copytree

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.builders import vit_family, vit_folder
from tests.vectors import vector_folder
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.digits import dataset, entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled
from workers.contracts.jobs import JobRequest
from workers.contracts.parsing import parse
from workers.engine.io.digest import digest_of_folder
from workers.jobs.merge import run
from workers.planning.check import check
from workers.planning.folder import facts_of_folder

PARAMETERS = {"steps": 6, "batch_size": 4, "learning_rate": 0.05}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("inputs")
    return list(vit_family(root / "models", count=2, hidden=8, layers=1)), dataset(root / "data", rows=16)


def ports_of(root, inputs, *, cancel_at=None, threads=1):
    family, data = inputs
    recipe = {
        "kind": "merge", "method": "adamerging", "base": "demo/base", "sources": [{"model": "demo/tuned-0"}, {"model": "demo/tuned-1"}],
        "parameters": PARAMETERS, "data": [{"data": "demo/digits"}], "output": {"repo": "alice/merged"},
    }  # fmt: skip
    folders = {("base", 0): family[0], ("source", 0): family[1], ("source", 1): family[2], ("data", 0): data}
    request = JobRequest(
        kind="merge", recipe=recipe, plan=plan_of(family, "adamerging", **PARAMETERS), threads=threads,
        inputs=tuple(entry(role, index, f"demo/{folder.name}", folder) for (role, index), folder in folders.items()),
    )  # fmt: skip
    return fake_ports(root, request, folders, cancel_at)


def test_learns_then_merges_and_tells_how_it_went(inputs, tmp_path):
    ports = ports_of(tmp_path, inputs)
    result = run(ports)
    report = json.loads((ports.workspace.out / "report.json").read_text())["learning"]
    assert report["task"] == "image-classification"
    assert report["data"][0]["data"] == "demo/digits"
    assert report["curve"][-1][0] == report["steps"] == PARAMETERS["steps"]
    assert result.tensor_digest == digest_of_folder(ports.workspace.out)
    assert ("step", "learn", "finished") in ports.reporter.events
    assert not list(ports.workspace.out.glob("*learn*"))
    parents = json.loads((ports.workspace.out / "genepool.json").read_text())["parents"]
    assert [(parent["repo"], parent["relation"]) for parent in parents][-1] == ("demo/data", "trained_on")


def test_a_task_vector_is_learned_with_as_the_model_it_stands_for(inputs, tmp_path):
    (base, tuned, other), data = inputs
    before, after = load_file(base / "model.safetensors"), load_file(tuned / "model.safetensors")
    vector, whole = tmp_path / "vector", copytree(tuned, tmp_path / "whole")
    change = vector_folder(vector, {name: after[name] - before[name] for name in after})
    save_file({name: before[name] + change[name] for name in after}, whole / "model.safetensors")
    digests = []
    for number, first in enumerate((whole, vector)):
        recipe = {
            "kind": "merge", "method": "atlas", "base": str(base), "sources": [{"model": str(first)}, {"model": str(other)}],
            "parameters": PARAMETERS, "data": [{"data": str(data)}],
        }  # fmt: skip
        parsed = parse(recipe, local=True).recipe
        facts = {str(folder): facts_of_folder(folder) for folder in (base, first, other, data)}
        folders = {("base", 0): base, ("source", 0): first, ("source", 1): other, ("data", 0): data}
        request = JobRequest(
            kind="merge", recipe=parsed.model_dump(mode="json"), plan=check(parsed, facts).plan,
            inputs=tuple(entry(role, index, str(folder), folder) for (role, index), folder in folders.items()),
        )  # fmt: skip
        digests.append(run(fake_ports(tmp_path / f"run-{number}", request, folders)).tensor_digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("method", ["regmean", "regmean_pp", "fisher"])
def test_a_base_that_is_not_needed_changes_nothing(method, inputs, tmp_path):
    family, data = inputs
    # Of another size, so that whatever is run by its module or its config cannot come out well.
    other = vit_folder(tmp_path / "other", hidden=16, layers=2)
    digests = set()
    for number, base in enumerate((None, other)):
        recipe = {
            "kind": "merge", "method": method, "sources": [{"model": str(family[1])}, {"model": str(family[2])}],
            "parameters": {"examples": 4}, "data": [{"data": str(data)}, {"data": str(data), "split": "validation"}],
        } | ({"base": str(base)} if base else {})  # fmt: skip
        parsed = parse(recipe, local=True).recipe
        facts = {str(folder): facts_of_folder(folder) for folder in (*family[1:], other, data)}
        folders = {("source", 0): family[1], ("source", 1): family[2], ("data", 0): data, ("data", 1): data}
        folders |= {("base", 0): base} if base else {}
        told = check(parsed, facts)
        assert ("base_not_needed" in {found.code for found in told.findings}) == bool(base)
        request = JobRequest(
            kind="merge", recipe=parsed.model_dump(mode="json"), plan=told.plan,
            inputs=tuple(entry(role, index, str(folder), folder) for (role, index), folder in folders.items()),
        )  # fmt: skip
        digests.add(run(fake_ports(tmp_path / f"run-{number}", request, folders)).tensor_digest)
    assert len(digests) == 1


def test_a_kill_anywhere_changes_no_byte(inputs, tmp_path):
    whole = run(ports_of(tmp_path / "whole", inputs))
    for at in (1, 3, 4, 5, 12):
        with pytest.raises(Cancelled):
            run(ports_of(tmp_path / "killed", inputs, cancel_at=at))
        assert not (tmp_path / "killed" / "out" / "report.json").exists()
    assert run(ports_of(tmp_path / "killed", inputs)).tensor_digest == whole.tensor_digest


def test_what_was_learned_is_not_learned_again(inputs, tmp_path):
    run(ports_of(tmp_path, inputs))
    again = ports_of(tmp_path, inputs)
    run(again)
    assert not again.reporter.of("metric")
    assert torch.get_num_threads() == 1
