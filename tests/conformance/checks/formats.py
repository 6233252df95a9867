"""82 to 86: safetensors over ranges, and the file system."""

import json

import numpy
from huggingface_hub import HfFileSystem
from huggingface_hub.errors import NotASafetensorsRepoError
from kit import Stage, check, refused, same, weights
from safetensors.numpy import load, save


@check(82, "get_safetensors_metadata of one file")
def single(stage: Stage) -> None:
    found = stage.api.get_safetensors_metadata(stage.zoo.id)
    file = found.files_metadata["model.safetensors"]
    same((set(file.tensors), file.metadata, found.sharded), ({"a.weight", "b.weight"}, {"format": "pt"}, False))
    same(file.parameter_count, {"F32": 40_000})


@check(83, "get_safetensors_metadata of shards")
def sharded(stage: Stage) -> None:
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    parts = {name: save({f"t{number}": numpy.ones(50, numpy.float32)}) for number, name in enumerate(names)}
    index = {"metadata": {"total_size": 400}, "weight_map": {"t0": names[0], "t1": names[1]}}
    found = stage.api.get_safetensors_metadata(
        stage.fresh({**parts, "model.safetensors.index.json": json.dumps(index).encode()})
    )
    same((found.sharded, found.weight_map, set(found.files_metadata)), (True, index["weight_map"], set(names)))


@check(84, "get_safetensors_metadata where there is none")
def none(stage: Stage) -> None:
    with refused(kind=NotASafetensorsRepoError):
        stage.api.get_safetensors_metadata(stage.fresh({"a.txt": b"a"}))


@check(85, "HfFileSystem reads")
def reads(stage: Stage) -> None:
    system = HfFileSystem(token=stage.token)
    root = stage.zoo.id
    same(
        {path.removeprefix(root + "/") for path in system.ls(root, detail=False)} - {".gitattributes"},
        {"README.md", "config.json", "model.safetensors", "added.txt", "sub"},
    )
    assert system.exists(f"{root}/config.json")
    assert not system.exists(f"{root}/nothing")
    same(system.glob(f"{root}/**/*.txt"), [f"{root}/added.txt", f"{root}/sub/deep/notes.txt"])
    with system.open(f"{root}/model.safetensors", "rb", block_size=4096) as file:
        file.seek(1000)
        same(file.read(50), stage.zoo.weights[1000:1050])
        file.seek(0)
        same(set(load(file.read())), {"a.weight", "b.weight"})
    same(system.read_bytes(f"{root}@{stage.zoo.first}/config.json"), stage.zoo.config)


@check(86, "HfFileSystem writes and removes")
def writes(stage: Stage) -> None:
    system, repo = HfFileSystem(token=stage.token), stage.fresh()
    with system.open(f"{repo}/written.safetensors", "wb") as file:
        file.write(weights(12))
    same(stage.get(repo, "written.safetensors"), weights(12))
    system.rm(f"{repo}/written.safetensors")
    same(stage.files(repo), set())
