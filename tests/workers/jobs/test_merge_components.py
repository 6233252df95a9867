"""Models of several components, each in a folder of its own, as diffusion pipelines are kept."""

import json

import pytest
import torch
from safetensors.torch import load_file

from tests.builders import finetuned, mlp_state, model_folder
from workers.cli import main
from workers.engine.io.digest import digest_of_folder
from workers.planning.folder import facts_of_folder

UNET, TEXT = mlp_state(seed=1, sizes=(8, 32, 8)), mlp_state(seed=2, sizes=(6, 12))


def pipeline(folder, *, seed=None, text_shards=1):
    """A denoiser in one file or, as libraries do with large ones, the text encoder in several; both call tensors alike."""
    for component, state, shards in (("unet", UNET, 1), ("text_encoder", TEXT, text_shards)):
        weights = state if seed is None else finetuned(state, seed=seed)
        model_folder(folder / component, weights, config={"hidden": 8}, shards=shards)
    (folder / "unet" / "model.safetensors").rename(folder / "unet" / "diffusion_pytorch_model.safetensors")
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A pipeline\n")
    return folder


@pytest.fixture
def family(tmp_path):
    return [
        pipeline(tmp_path / "base", text_shards=2),
        pipeline(tmp_path / "one", seed=1, text_shards=2),
        pipeline(tmp_path / "two", seed=2),
    ]


def merge(folder, **recipe):
    (folder / "recipe.json").write_text(json.dumps({"kind": "merge"} | recipe))
    return main([str(folder / "recipe.json"), str(folder / "out")])


def linear(folder, family, **more):
    sources = [{"model": str(source)} for source in family[1:]]
    return merge(folder, method="linear", sources=sources, **more)


def test_what_a_pipeline_holds_is_known_by_component(family):
    facts = facts_of_folder(family[0])
    assert (facts.artifact, facts.architecture, facts.library) == ("model", "StableDiffusionPipeline", "diffusers")
    assert set(facts.tensors) == {f"unet/{name}" for name in UNET} | {f"text_encoder/{name}" for name in TEXT}
    assert facts.tensors["unet/layers.0.weight"].file == "unet/diffusion_pytorch_model.safetensors"


def test_every_component_is_merged_into_a_folder_of_its_own(family, tmp_path):
    assert linear(tmp_path, family) == 0
    out = tmp_path / "out"
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.*") if path.parent != out} == {
        "scheduler/scheduler_config.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/config.json", "text_encoder/model.safetensors",
    }  # fmt: skip
    assert json.loads((out / "model_index.json").read_text()) == {"_class_name": "StableDiffusionPipeline"}
    for path, state in (("unet/diffusion_pytorch_model", UNET), ("text_encoder/model", TEXT)):
        merged = load_file(out / f"{path}.safetensors")
        first, second = finetuned(state, seed=1), finetuned(state, seed=2)
        assert merged.keys() == state.keys()
        for name in state:
            assert torch.allclose(merged[name], (first[name] + second[name]) / 2, atol=1e-7)
    assert digest_of_folder(out) == json.loads((out / "genepool.json").read_text())["tensor_digest"]


def test_a_large_component_is_cut_into_files_with_an_index_beside_them(family, tmp_path):
    assert linear(tmp_path, family, max_shard_bytes=1200) == 0
    folder = tmp_path / "out" / "unet"
    index = json.loads((folder / "diffusion_pytorch_model.safetensors.index.json").read_text())
    assert index["weight_map"].keys() == UNET.keys()
    assert set(index["weight_map"].values()) == {path.name for path in folder.glob("*.safetensors")}
    assert facts_of_folder(tmp_path / "out").tensors.keys() == facts_of_folder(family[0]).tensors.keys()


def test_a_merge_against_a_base_goes_over_all_components(family, tmp_path):
    sources = [{"model": str(source), "density": 0.5} for source in family[1:]]
    assert merge(tmp_path, method="ties", base=str(family[0]), sources=sources) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert {name.partition("/")[0] for name in report["tensors"]} == {"unet", "text_encoder"}


def test_a_component_that_another_source_lacks_is_said_and_comes_from_the_others(family, tmp_path, capsys):
    for path in (family[2] / "text_encoder").glob("*.safetensors"):
        path.unlink()
    assert linear(tmp_path, family) == 0
    assert "lacks 2 of 6 tensors, first text_encoder/layers.0.bias" in capsys.readouterr().err
    merged = load_file(tmp_path / "out" / "text_encoder" / "model.safetensors")
    assert all(torch.equal(merged[name], tensor) for name, tensor in finetuned(TEXT, seed=1).items())
