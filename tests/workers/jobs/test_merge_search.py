"""A merge that leaves numbers open, as a job: what is tried, what is kept, what a kill costs."""

import json

import pytest

from tests.builders import vit_family
from tests.workers.jobs.digits import dataset
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.contracts.parsing import parse, recipe_to_yaml
from workers.jobs.merge import run
from workers.planning.check import check
from workers.planning.folder import facts_of_folder

GRID = {"open": {"weight": {"steps": 3}, "density": [0.2, 0.6]}, "data": [{"data": "demo/digits"}], "metric": "nll"}
HALVING = {
    "strategy": "successive_halving", "open": {"method": ["ties", "task_arithmetic", "dare_ties"], "weight": {}}, "budget": {"trials": 13},
    "data": [{"data": "demo/digits"}], "seed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("inputs")
    base, one, other = vit_family(root / "models", count=2, hidden=8, layers=1)
    folders = {
        ("base", 0): base,
        ("source", 0): one,
        ("source", 1): other,
        ("data", 0): dataset(root / "data", rows=64),
    }
    items = []
    for (role, index), folder in folders.items():
        name = f"demo/{'digits' if role == 'data' else folder.name}"
        facts = facts_of_folder(folder).model_copy(update={"reference": name, "repo": name, "commit": f"{index}" * 40})
        files = tuple(InputFile(path=file.path, size_bytes=file.size_bytes, sha256=file.sha256) for file in facts.files)
        items.append(Input(role=role, index=index, reference=name, facts=facts, files=files))
    return folders, tuple(items)


def ports_of(root, inputs, search, *, cancel_at=None, **more):
    folders, items = inputs
    items = tuple(item for item in items if item.role != "base" or more.get("base", True))
    sources = [item.reference for item in items if item.role == "source"]
    document = {
        "kind": "merge",
        "method": "ties",
        "base": "demo/base",
        "sources": sources,
        "output": {"repo": "alice/merged"},
        **more,
    }
    parsed = parse(document if search is None else document | {"search": search})
    assert parsed.recipe is not None, parsed.findings
    checked = check(parsed.recipe, {item.reference: item.facts for item in items})
    assert checked.ok, checked.findings
    request = JobRequest(kind="merge", recipe=parsed.recipe.model_dump(mode="json"), plan=checked.plan, inputs=items)
    return fake_ports(root, request, folders, cancel_at)


def told(ports):
    """The trace without its seconds."""
    report = json.loads((ports.workspace.out / "report.json").read_text())["search"]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in report["trials"]], report


def test_the_best_point_is_published_as_an_ordinary_recipe(inputs, tmp_path):
    ports = ports_of(tmp_path / "searched", inputs, GRID)
    result = run(ports)
    rows, report = told(ports)
    assert len(rows) == 3 * 3 * 2 + 1
    best = min((row for row in rows), key=lambda row: row["value"])
    assert report["best"] == best["number"]
    assert all(row["low"] <= row["value"] <= row["high"] and row["examples"] == 64 for row in rows)
    text = (ports.workspace.out / "recipe.yaml").read_text()
    recipe = parse(text).recipe
    assert recipe.search is None
    assert [source.parameters["weight"] for source in recipe.sources] == [
        best["values"][f"sources[{at}].weight"] for at in (0, 1)
    ]
    card = (ports.workspace.out / "README.md").read_text()
    assert (
        "`weight`, `density` were chosen by a search (a grid, 19 trials) on the validation split of demo/digits" in card
    )
    assert f"trial {best['number']} has Negative log-likelihood" in card
    assert "on 64 examples" in card
    manifest = json.loads((ports.workspace.out / "genepool.json").read_text())
    assert manifest["recipe"]["search"] is None
    assert "demo/digits" in [parent["repo"] for parent in manifest["parents"]]  # what chose has a part in what was made
    assert recipe_to_yaml(recipe) == text
    alone = ports_of(
        tmp_path / "alone",
        inputs,
        None,
        sources=[source.model_dump() for source in recipe.sources],
        density=best["values"]["density"],
    )
    assert run(alone).tensor_digest == result.tensor_digest


def test_a_kill_anywhere_leads_to_the_same_trace_and_the_same_bytes(inputs, tmp_path):
    whole = ports_of(tmp_path / "whole", inputs, HALVING)
    result = run(whole)
    rows, report = told(whole)
    assert {row["values"]["method"] for row in rows} == {"ties", "task_arithmetic", "dare_ties"}
    assert max(row["examples"] for row in rows) == 64 > min(row["examples"] for row in rows)
    assert next(row for row in rows if row["number"] == report["best"])["examples"] == 64
    for at in (whole.cancel.calls * share // 100 for share in (20, 45, 20)):
        with pytest.raises(Cancelled):
            run(ports_of(tmp_path / "killed", inputs, HALVING, cancel_at=at))
        assert not (tmp_path / "killed" / "out" / "report.json").exists()
    assert list((tmp_path / "killed" / "journal" / "search").glob("trial-*.note"))
    again = ports_of(tmp_path / "killed", inputs, HALVING)
    assert run(again).tensor_digest == result.tensor_digest
    resumed, report = told(again)
    assert resumed == rows
    assert report["resumed_trials"] > 0
    assert again.reporter.of("metric") == whole.reporter.of("metric")


def test_a_point_that_cannot_be_merged_is_told_and_loses(inputs, tmp_path):
    zero = {"open": {"weight": {"low": -1.0, "high": 1.0, "steps": 2}}, "data": [{"data": "demo/digits"}]}
    ports = ports_of(tmp_path, inputs, zero, method="linear", base=None)
    run(ports)
    rows, report = told(ports)
    errors = [row for row in rows if row["error"]]
    assert [sorted(row["values"].values()) for row in errors] == [[-1.0, 1.0], [-1.0, 1.0]]
    assert "sum to 0" in errors[0]["error"]
    assert report["best"] not in {row["number"] for row in errors}


def test_seconds_end_a_search_with_the_best_so_far(inputs, tmp_path):
    ports = ports_of(tmp_path, inputs, GRID | {"budget": {"seconds": 1e-6}})
    run(ports)
    rows, report = told(ports)
    assert (len(rows), report["best"], report["stopped"]) == (1, 1, "seconds")


def test_a_base_that_the_method_does_not_read_is_neither_run_nor_named(inputs, tmp_path):
    folders, items = inputs
    other, _ = vit_family(tmp_path / "wide", count=1, hidden=16, layers=1)
    facts = facts_of_folder(other).model_copy(
        update={"reference": "demo/base", "repo": "demo/base", "commit": "f" * 40}
    )
    held = tuple(item.model_copy(update={"facts": facts}) if item.role == "base" else item for item in items)
    held += (held[-1].model_copy(update={"index": 1}),)
    barrier = {"data": [{"data": "demo/digits"}], "between": "result", "points": 3}
    search = {"open": {"weight": [0.3, 0.7]}, "data": [{"data": "demo/digits"}]}
    wide = folders | {("base", 0): other, ("data", 1): folders["data", 0]}
    ports = ports_of(tmp_path / "job", (wide, held), search, method="linear", diagnostics={"barrier": barrier})
    run(ports)
    report = json.loads((ports.workspace.out / "report.json").read_text())
    assert [row["value"] is not None for row in report["search"]["trials"]] == [True] * len(report["search"]["trials"])
    assert len(report["barrier"]["lines"]) == 2
    assert report["barrier"]["lines"][0]["barrier"] is not None
    manifest = json.loads((ports.workspace.out / "genepool.json").read_text())
    assert {parent["repo"] for parent in manifest["parents"]} == {items[1].reference, items[2].reference, "demo/digits"}
    card, _, recipe = (ports.workspace.out / "README.md").read_text().partition("## Recipe")
    assert "demo/base" not in card
    assert "demo/base" in recipe


def logprobs_of(root, ends, at, images):
    """In float64, by transformers itself, of the model at that place on the line between two folders."""
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForImageClassification

    first, last = (load_file(folder / "model.safetensors") for folder in ends)
    root.mkdir()
    save_file(
        {name: (1 - at) * tensor.double() + at * last[name].double() for name, tensor in first.items()},
        root / "model.safetensors", metadata={"format": "pt"},
    )  # fmt: skip
    (root / "config.json").write_bytes((ends[0] / "config.json").read_bytes())
    model = AutoModelForImageClassification.from_pretrained(root, dtype=torch.float64).eval()
    with torch.no_grad():
        return torch.log_softmax(model(torch.from_numpy(images).double()).logits, dim=-1).numpy()


@pytest.mark.parametrize("between", ["sources", "base", "result"])
def test_the_loss_along_a_line_is_that_of_the_models_on_it(inputs, tmp_path, between):
    from safetensors.numpy import load_file

    barrier = {"data": [{"data": "demo/digits"}], "between": between, "points": 5}
    ports = ports_of(tmp_path, inputs, None, diagnostics={"barrier": barrier})
    with pytest.raises(Cancelled):
        run(ports_of(tmp_path, inputs, None, diagnostics={"barrier": barrier}, cancel_at=100))
    run(ports)
    report = json.loads((ports.workspace.out / "report.json").read_text())["barrier"]
    manifest = json.loads((ports.workspace.out / "genepool.json").read_text())
    assert "demo/digits" not in [parent["repo"] for parent in manifest["parents"]]  # it was measured on, no more
    assert len(report["lines"]) == (1 if between == "sources" else 2)
    folders, _ = inputs
    ends = {"sources": folders["source", 0], "base": folders["base", 0], "result": ports.workspace.out}
    last = folders["source", 1]
    split = load_file(folders["data", 0] / "data" / "test.safetensors")
    rows = range(len(split["labels"]))
    expected = []
    for at in report["lines"][-1]["t"]:
        logprobs = logprobs_of(tmp_path / f"at-{at}", (ends[between], last), at, split["images"])
        expected.append(-logprobs[rows, split["labels"]].mean())
        assert report["lines"][-1]["accuracy"][len(expected) - 1] == pytest.approx(
            (logprobs.argmax(1) == split["labels"]).mean(), abs=0.02
        )
    assert report["lines"][-1]["loss"] == pytest.approx(expected, abs=2e-5)
    straight = [(1 - at) * expected[0] + at * expected[-1] for at in report["lines"][-1]["t"]]
    assert report["lines"][-1]["barrier"] == pytest.approx(
        max(0.0, *(loss - line for loss, line in zip(expected, straight, strict=True))), abs=5e-5
    )
