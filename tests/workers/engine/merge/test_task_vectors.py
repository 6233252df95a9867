"""Recipes on task vectors: add, negate, scale, analogy, and every other method, as if they were the models they stand for."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.builders import finetuned, mlp_state, model_folder
from tests.vectors import FORMS, vector_folder
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.parsing import parse
from workers.engine.execute import execute
from workers.planning.check import check
from workers.planning.deltas import applied, other_base
from workers.planning.folder import facts_of_folder
from workers.planning.lone import lone_findings

BASE = mlp_state(sizes=(12, 10, 6))
CHANGES = [
    {name: after - BASE[name] for name, after in finetuned(BASE, seed=seed).items()} for seed in range(3)
]  # fmt: skip


@pytest.fixture
def base(tmp_path):
    return model_folder(tmp_path / "base", BASE, config={"model_type": "mlp"})


def checked(method, base, sources, **more):
    document = {"kind": "merge", "method": method, "sources": sources} | ({"base": str(base)} if base else {}) | more
    parsed = parse(document, local=True)
    assert parsed.recipe is not None, parsed.findings
    names = [*([base] if base else []), *(source["model"] for source in sources)]
    return check(parsed.recipe, {str(name): facts_of_folder(type(base or names[0])(name)) for name in names})


def merged(method, base, sources, out, *, threads=1, **more):
    result = checked(method, base, sources, **more)
    assert result.plan is not None, result.findings
    folders = [base, *(type(base)(source["model"]) for source in sources)]
    execute(
        result.plan,
        folders,
        out,
        out.with_name(out.name + "-j"),
        reporter=FakeReporter(),
        cancel=FakeCancel(),
        threads=threads,
    )
    return load_file(out / "model.safetensors"), result.plan


def vectors(root, forms):
    meant, sources = [], []
    for index, form in enumerate(forms):
        meant.append(vector_folder(root / f"v{index}", CHANGES[index], form))
        sources.append({"model": str(root / f"v{index}")})
    return meant, sources


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weights", [(1.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.3, 0.0, 0.0), (1.0, -1.0, 1.0)])
def test_adds_negates_scales_and_draws_analogies(form, weights, base, tmp_path):
    meant, sources = vectors(tmp_path, [form] * 3)
    used = [source | {"weight": weight} for source, weight in zip(sources, weights, strict=True) if weight]
    found, plan = merged("task_arithmetic", base, used, tmp_path / "out")
    assert len(plan.deltas) == len(used)
    for name, before in BASE.items():
        wanted = before.double() + sum(w * m[name].double() for w, m in zip(weights, meant, strict=True))
        assert np.allclose(found[name].double(), wanted, atol=1e-6), name


@pytest.mark.parametrize("method", ["linear", "ties", "slerp", "tsv_m", "karcher"])
def test_other_methods_take_them_for_the_models_they_stand_for(method, base, tmp_path):
    count = 1 if method == "slerp" else 2
    _, sources = vectors(tmp_path, ["dense"] * count)
    whole = [
        {"model": str(model_folder(tmp_path / f"m{i}", {n: BASE[n] + CHANGES[i][n] for n in BASE}))}
        for i in range(count)
    ]
    found, plan = merged(method, base, sources, tmp_path / "a")
    wanted, _ = merged(method, base, whole, tmp_path / "b")
    assert (0, "config.json") in plan.copied_files
    assert all(torch.allclose(found[name], wanted[name], atol=1e-6) for name in BASE)


def test_mixes_with_whole_models_and_does_not_depend_on_threads(base, tmp_path):
    _, sources = vectors(tmp_path, ["sparse", "one_bit"])
    sources.append({"model": str(model_folder(tmp_path / "m", {n: BASE[n] + CHANGES[2][n] for n in BASE}))})
    one, plan = merged("ties", base, sources, tmp_path / "one")
    two, _ = merged("ties", base, sources, tmp_path / "two", threads=3)
    assert plan.deltas == (1, 2)
    assert all(torch.equal(one[name], two[name]) for name in BASE)


def test_refuses_what_does_not_fit_with_the_difference(base, tmp_path):
    vector_folder(tmp_path / "v", CHANGES[0] | {"other.weight": torch.zeros(2)})
    (found,) = [f for f in checked("ties", base, [{"model": str(tmp_path / "v")}]).findings if f.severity == "error"]
    assert (found.code, "other.weight" in found.message) == ("task_vector_misfit", True)
    vector_folder(tmp_path / "w", CHANGES[0] | {"layers.0.weight": torch.zeros(3, 3)})
    (found,) = [f for f in checked("ties", base, [{"model": str(tmp_path / "w")}]).findings if f.severity == "error"]
    assert "3 × 3" in found.message


def test_refuses_a_base_whose_weights_are_known_to_be_others(base, tmp_path):
    vector_folder(tmp_path / "v", CHANGES[0], config={"schema": 1, "base_digest": "a" * 64})
    (base / "genepool.json").write_text(f'{{"artifact": "model", "tensor_digest": "{"b" * 64}"}}')
    result = checked("ties", base, [{"model": str(tmp_path / "v")}])
    (found,) = [f for f in result.findings if f.code == "other_base"]
    assert (found.severity, "aaaaaaaaaaaa" in found.message, result.plan) == ("error", True, None)
    assert [repair.patch[0]["path"] for repair in found.repair] == ["/base", "/sources/0"]
    assert found.repair[0].patch[0]["value"] == "demo/base"


def test_takes_any_base_of_the_same_weights_and_warns_where_its_digest_may_be_out_of_date(tmp_path):
    vector = facts_of_folder(_vector(tmp_path / "v", base_digest="a" * 64, base_commit="c" * 40))
    held = facts_of_folder(model_folder(tmp_path / "m", BASE))
    same = held.model_copy(update={"repo": "bob/copy", "commit": "d" * 40, "tensor_digest": "a" * 64})
    assert other_base(vector, same)[1] == ""
    assert applied(vector, same).base == ("bob/copy",)
    assert other_base(vector, held)[1] == ""
    stale = same.model_copy(update={"commit": "c" * 40, "tensor_digest": "b" * 64})
    assert other_base(vector, stale)[0] == "warning"
    assert other_base(vector, stale.model_copy(update={"commit": "d" * 40}))[0] == "error"
    (found,) = lone_findings("demo/v", vector, stale.model_copy(update={"commit": ""}), ("models", 0))
    assert (found.code, found.severity) == ("other_base", "error")


def _vector(folder, **config):
    vector_folder(folder, CHANGES[0], config={"schema": 1, **config})
    return folder


def test_asks_for_the_base_that_a_task_vector_names(tmp_path):
    vector_folder(tmp_path / "v", CHANGES[0])
    result = checked("linear", None, [{"model": str(tmp_path / "v")}])
    (found,) = [f for f in result.findings if f.severity == "error"]
    assert (found.code, found.repair[0].patch[0]["value"]) == ("missing_base", "demo/base")
