"""The merge job with fake ports: what it leaves in `out/`."""

import json

import pytest
import torch
import yaml

from tests.builders import model_folder, vit_config, vit_family, vit_state
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import Manifest
from workers.contracts.parsing import parse
from workers.contracts.plans import LicenceVerdict
from workers.engine.io.digest import digest_of_folder
from workers.jobs.merge import run
from workers.jobs.merge_report import summary_of


@pytest.fixture
def family(tmp_path):
    return list(vit_family(tmp_path / "models"))


def recipe_of(family, **parameters):
    return {
        "kind": "merge", "method": "ties", "base": f"demo/{family[0].name}", "seed": 5,
        "sources": [{"model": f"demo/{folder.name}", "parameters": {"weight": 0.5 + index}} for index, folder in enumerate(family[1:])],
        "parameters": {"density": 0.4}, "output": {"repo": "alice/merged"},
    } | parameters  # fmt: skip


def ports_of(root, family, *, plan=None, cancel_at=None, **request):
    folders = {("base", 0): family[0]} | {("source", index): folder for index, folder in enumerate(family[1:])}
    inputs = tuple(
        Input(
            role=role, index=index, reference=f"demo/{folder.name}@main",
            facts=RepoFacts(
                repo=f"demo/{folder.name}", commit=f"{index + 1}" * 40, artifact="model", library="transformers",
                task="image-classification", licence="Apache-2.0",
            ),
        )
        for (role, index), folder in folders.items()
    )  # fmt: skip
    plan = plan or plan_of(family, "ties", shards=2, seed=5, weight=[0.5, 1.5, 2.5], density=0.4)
    values = {
        "kind": "merge", "recipe": recipe_of(family), "inputs": inputs, "plan": plan, "seed": 5,
        "licence": LicenceVerdict(verdict="allow", licence="Apache-2.0"),
    }  # fmt: skip
    return fake_ports(root, JobRequest(**(values | request)), folders, cancel_at)


def test_leaves_a_whole_model_folder(family, tmp_path):
    ports = ports_of(tmp_path, family)
    result = run(ports)
    out = ports.workspace.out
    assert {file.path for file in result.files} == {
        "README.md", "config.json", "genepool.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json", "recipe.yaml", "report.json",
    }  # fmt: skip
    assert result.tensor_digest == digest_of_folder(out)
    assert result.metrics["tensors"] == 40
    assert json.loads((out / "report.json").read_text()) == result.report


@pytest.mark.parametrize("asked", ["bogus", "COMPILED"])
def test_kernels_that_do_not_exist_are_told_in_a_sentence(asked, family, tmp_path, monkeypatch):
    monkeypatch.setenv("GENEPOOL_KERNELS", asked)
    with pytest.raises(UserError, match="known are compiled, cpu, reference, triton"):
        run(ports_of(tmp_path, family))


def test_weights_that_nobody_takes_by_their_hash_are_not_hashed(family, tmp_path):
    hashed, plain = (run(ports_of(tmp_path / str(flag), family, hash_files=flag)) for flag in (True, False))
    assert plain.tensor_digest == hashed.tensor_digest
    assert all(file.sha256 for file in hashed.files)
    assert {file.path for file in plain.files if not file.sha256} == {
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    }  # fmt: skip


def test_the_manifest_says_how_it_was_made(family, tmp_path):
    ports = ports_of(tmp_path, family)
    result = run(ports)
    manifest = Manifest.model_validate_json((ports.workspace.out / "genepool.json").read_bytes())
    assert (manifest.kind, manifest.method, manifest.seed, manifest.artifact) == ("merge", "ties", 5, "model")
    assert manifest.tensor_digest == result.tensor_digest
    assert manifest.licence.licence == "Apache-2.0"
    assert [(parent.repo, parent.relation, parent.weight) for parent in manifest.parents] == [
        ("demo/base", "base", None), ("demo/tuned-0", "merge_of", 0.5), ("demo/tuned-1", "merge_of", 1.5), ("demo/tuned-2", "merge_of", 2.5),
    ]  # fmt: skip
    assert manifest.parents[1].commit == "1" * 40


def test_a_base_that_is_merged_is_a_parent_like_the_others(family, tmp_path):
    pair = family[:2]
    document = {
        "kind": "merge", "method": "slerp", "base": f"demo/{pair[0].name}", "sources": [{"model": f"demo/{pair[1].name}"}],
        "output": {"repo": "alice/merged"},
    }  # fmt: skip
    ports = ports_of(tmp_path, pair, plan=plan_of(pair, "slerp", t=0.5), recipe=document)
    run(ports)
    manifest = Manifest.model_validate_json((ports.workspace.out / "genepool.json").read_bytes())
    assert [parent.relation for parent in manifest.parents] == ["merge_of", "merge_of"]


def test_the_card_names_parents_licence_and_task(family, tmp_path):
    ports = ports_of(tmp_path, family)
    run(ports)
    _, front, text = (ports.workspace.out / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(front)
    assert card == {
        "license": "apache-2.0", "library_name": "transformers", "pipeline_tag": "image-classification",
        "base_model": ["demo/base", "demo/tuned-0", "demo/tuned-1", "demo/tuned-2"], "base_model_relation": "merge",
        "tags": ["genepool", "merge", "ties"],
    }  # fmt: skip
    assert text.startswith("# merged\n")
    assert "| demo/tuned-1 at `22222222` | source | 1.5 | 0.4 |" in text


def test_no_licence_is_assumed(family, tmp_path):
    ports = ports_of(tmp_path, family, licence=LicenceVerdict())
    run(ports)
    assert "license" not in yaml.safe_load((ports.workspace.out / "README.md").read_text().split("---\n")[1])


def test_the_recipe_can_be_read_back(family, tmp_path):
    ports = ports_of(tmp_path, family)
    run(ports)
    parsed = parse((ports.workspace.out / "recipe.yaml").read_text())
    assert parsed.findings == ()
    assert parsed.recipe.model_dump(mode="json", exclude_unset=True)["sources"] == recipe_of(family)["sources"]


def test_config_says_the_format_of_the_new_weights(family, tmp_path):
    ports = ports_of(tmp_path, family, plan=plan_of(family, "ties", dtype="bfloat16"))
    run(ports)
    config = json.loads((ports.workspace.out / "config.json").read_text())
    assert config == vit_config(dtype="bfloat16")


def test_config_with_the_older_name_keeps_it(family, tmp_path):
    config = {name: value for name, value in vit_config().items() if name != "dtype"} | {"torch_dtype": "float32"}
    model_folder(family[0], vit_state(), config=config)
    ports = ports_of(tmp_path, family, plan=plan_of(family, "ties", dtype="float16"))
    run(ports)
    found = json.loads((ports.workspace.out / "config.json").read_text())
    assert found["torch_dtype"] == "float16"
    assert "dtype" not in found


def test_the_report_measures_every_tensor(family, tmp_path):
    result = run(ports_of(tmp_path, family))
    report = result.report
    assert report["vectors"] == ["demo/tuned-0", "demo/tuned-1", "demo/tuned-2"]
    assert len(report["tensors"]) == 40
    row = report["tensors"]["vit.encoder.layer.0.output.dense.weight"]
    assert len(row["norms"]) == len(row["cosines"]) == 3
    assert row["kept"] == pytest.approx([0.4] * 3, abs=0.01)
    assert len(row["overruled"]) == len(row["pairs"]) == len(report["summary"]["pairs"]) == 3
    assert 0 < row["conflict"] <= 1
    assert (row["lost"], row["sampled"]) == (0.0, 1.0)
    assert 0 < report["summary"]["agreement"] <= 1
    assert report["cost"]["written_bytes"] > 0
    assert report["cost"]["peak_memory_bytes"] > 0


def test_what_goes_nowhere_is_in_the_report(family, tmp_path):
    plan = plan_of(family, "ties").model_copy(update={"dropped": ((2, "extra.weight"),)})
    result = run(ports_of(tmp_path, family, plan=plan))
    assert result.report["dropped"] == [{"model": "demo/tuned-1", "tensor": "extra.weight"}]


def test_a_source_that_lacks_a_tensor_has_no_value_in_its_row(family, tmp_path):
    plan = plan_of(family, "ties", weight=1.0, density=0.4)
    first, *rest = plan.steps
    parameters = first.parameters | {"weight": [1.0, 1.0], "density": [0.4, 0.4]}
    lacking = first.model_copy(update={"inputs": (*first.inputs[:2], first.inputs[3]), "parameters": parameters})
    result = run(ports_of(tmp_path, family, plan=plan.model_copy(update={"steps": (lacking, *rest)})))
    row = result.report["tensors"][first.name]
    assert [norm is None for norm in row["norms"]] == [False, True, False]
    assert [kept is None for kept in row["kept"]] == [False, True, False]
    assert [share is None for share in row["overruled"]] == [False, True, False]
    assert [cosine is None for cosine in row["pairs"]] == [True, False, True]


def test_twice_gives_the_same_weights_and_manifest(family, tmp_path):
    one, other = ports_of(tmp_path / "one", family), ports_of(tmp_path / "other", family, threads=2)
    assert run(one).tensor_digest == run(other).tensor_digest
    for name in ("genepool.json", "README.md", "model-00001-of-00002.safetensors"):
        assert (one.workspace.out / name).read_bytes() == (other.workspace.out / name).read_bytes()


def test_cancelled_half_way_it_resumes(family, tmp_path):
    undisturbed = run(ports_of(tmp_path / "undisturbed", family))
    with pytest.raises(Cancelled):
        run(ports_of(tmp_path, family, cancel_at=25))
    resumed = run(ports_of(tmp_path, family))
    assert resumed.resumed_units == 1
    assert resumed.tensor_digest == undisturbed.tensor_digest


def test_a_report_with_values_that_are_no_numbers_is_still_json(family, tmp_path):
    state = vit_state()
    state["classifier.bias"] = torch.full((10,), float("nan"))
    model_folder(family[1], state, config=vit_config())
    ports = ports_of(tmp_path, family)
    result = run(ports)
    assert result.metrics["not_finite"] == 10
    assert result.report["findings"][0]["code"] == "not_finite"
    assert ("log", result.report["findings"][0]["message"], "warning") in ports.reporter.events
    guilty = f"demo/{family[1].name} holds 10."
    assert result.report["findings"][0]["message"].endswith(guilty)
    assert guilty in (ports.workspace.out / "README.md").read_text()


def test_the_summary_sees_the_model_as_one_vector():
    row = {
        "norms": [3.0, 4.0],
        "norm": 5.0,
        "cosines": [1.0, 0.0],
        "kept": None,
        "agreement": None,
        "bad_inputs": 0,
        "bad_results": 0,
    }
    other = {
        "norms": [4.0, 3.0],
        "norm": 12.0,
        "cosines": [0.0, None],
        "kept": None,
        "agreement": 0.5,
        "bad_inputs": 0,
        "bad_results": 1,
    }
    summary = summary_of({"a": row, "b": other})
    assert summary["norm"] == 13.0
    assert summary["norms"] == [5.0, 5.0]
    assert summary["cosines"] == pytest.approx([15 / 65, 0.0])
    assert (summary["agreement"], summary["not_finite"]) == (0.5, 1)
    assert summary["pairs"] is None


def test_the_angle_between_two_sources_is_that_of_all_tensors_together():
    first, second = {"norms": [3.0, 4.0], "pairs": [1.0]}, {"norms": [4.0, 3.0], "pairs": [-0.5]}
    rest = {"norm": 1.0, "cosines": [None, None], "agreement": None, "bad_results": 0}
    assert summary_of({"a": first | rest, "b": second | rest})["pairs"] == pytest.approx([(12 - 6) / 25])


def test_transformers_loads_the_result(family, tmp_path):
    from transformers import ViTForImageClassification

    ports = ports_of(tmp_path, family, plan=plan_of(family, "ties", shards=2, dtype="bfloat16"))
    run(ports)
    model, loading = ViTForImageClassification.from_pretrained(ports.workspace.out, output_loading_info=True)
    assert not any(loading[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert model.dtype == torch.bfloat16
