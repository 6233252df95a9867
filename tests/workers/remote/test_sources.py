"""Recipes on repos of a hub: the same bytes as on folders, fetched in parts, once; and what a server may do wrong."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hub.cli.check import main as check
from tests.builders import model_folder, vit_family
from tests.mixtures import dense
from tests.workers.remote.little_hub import COMMIT, little_hub
from workers.cli import main
from workers.contracts.errors import UserError
from workers.contracts.parsing import parse
from workers.planning.local import local_check
from workers.remote import laying, wire
from workers.remote.address import address_of
from workers.remote.sources import RemoteSources

LAYERS = 6


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    found = {}
    for seed, name in enumerate(("base", "one", "two")):
        generator = torch.Generator().manual_seed(seed)
        state = {f"model.layers.{layer}.w.weight": torch.randn(64, 32, generator=generator) for layer in range(LAYERS)}
        state["model.norm.weight"] = torch.randn(32, generator=generator)
        found[f"lab/{name}"] = model_folder(
            root / name, state, config={"model_type": "net", "num_hidden_layers": LAYERS}
        )
        (root / name / "README.md").write_text("---\nlicense: mit\n---\n")
    return found


@pytest.fixture
def hub(models, monkeypatch):
    monkeypatch.setattr(wire, "WAIT_S", 0.0)
    monkeypatch.setattr(laying, "PIECE_BYTES", 4096)
    with little_hub(models) as hub:
        monkeypatch.setenv("GENEPOOL_URL", hub.url)
        monkeypatch.setenv("GENEPOOL_TOKEN", "gp_secret")
        yield hub


def recipe(root: Path, names, method="ties", **more) -> str:
    base, *sources = (str(name) for name in names)
    document = {
        "kind": "merge",
        "method": method,
        "base": base,
        "sources": [{"model": name, "weight": 1.0} for name in sources],
    }
    path = root / "recipe.json"
    path.write_text(json.dumps(document | more))
    return str(path)


def digest(out: Path) -> str:
    return json.loads((out / "genepool.json").read_text())["tensor_digest"]


@pytest.fixture(scope="module")
def wanted(models, tmp_path_factory):
    root = tmp_path_factory.mktemp("wanted")
    assert main([recipe(root, models.values()), str(root / "out")]) == 0
    return digest(root / "out")


@pytest.mark.parametrize("fault", ["", "no ranges", "broken off", "busy at first"])
def test_repos_of_a_hub_make_what_their_folders_make(fault, hub, models, wanted, tmp_path, capsys):
    hub.fault = fault
    names = ["lab/base", f"{hub.url}/lab/one@main", "lab/two"]
    assert main([recipe(tmp_path, names), str(tmp_path / "out")]) == 0
    assert digest(tmp_path / "out") == wanted
    told = capsys.readouterr().out
    assert "9 files compared with the sha256" in told
    assert ("does not send parts of files" in told) == (fault == "no ranges")
    manifest = json.loads((tmp_path / "out" / "genepool.json").read_text())
    assert [(parent["repo"], parent["commit"]) for parent in manifest["parents"]] == [
        (name, "c" * 40) for name in models
    ]
    assert [path.name for path in tmp_path.iterdir()] != []
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("other etag", "changed while it was read"),
        ("other commit", "answers with commit dddddddddddd"),
        ("other range", "other bytes than were asked for"),
        ("too long", "more bytes than it announced"),
        ("other content", "its sha256 differs"),
        ("huge header", "not a valid safetensors file"),
        ("path out", "list of files"),
    ],
)
def test_a_server_that_lies_is_found_out_and_leaves_nothing(fault, words, hub, tmp_path, capsys):
    hub.fault = fault
    assert main([recipe(tmp_path, ["lab/base", "lab/one", "lab/two"]), str(tmp_path / "out")]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert hub.sent < 10 << 20


def test_only_the_layers_that_go_in_are_fetched(hub, tmp_path, capsys):
    document = {
        "merge_method": "passthrough", "dtype": "float32",
        "slices": [{"sources": [{"model": "lab/one", "layer_range": [0, 2]}]}],
    }  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(document))
    assert main([str(tmp_path / "r.json"), str(tmp_path / "out")]) == 0
    assert hub.sent < 4 * 64 * 32 * 4 + (64 << 10) + 8192
    assert "2 files compared" in capsys.readouterr().out


def test_an_interrupted_run_goes_on_without_fetching_again(hub, wanted, tmp_path, capsys):
    path = recipe(tmp_path, ["lab/base", "lab/one", "lab/two"])
    hub.left = 260_000
    assert main([path, str(tmp_path / "out")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    first, hub.left, hub.sent = hub.sent, 10**9, 0
    assert main([path, str(tmp_path / "out")]) == 0
    assert digest(tmp_path / "out") == wanted
    headers = 3 * (64 << 10)
    whole = 3 * (LAYERS * 64 * 32 * 4 + 4096)
    assert first > headers
    assert hub.sent <= headers + whole - (first - headers) + 4 * 4096


def test_the_token_stays_with_its_hub(hub, models, wanted, tmp_path):
    with little_hub(models) as other:
        hub.elsewhere = other.url
        assert main([recipe(tmp_path, ["lab/base", "lab/one", "lab/two"]), str(tmp_path / "out")]) == 0
        assert (
            main(
                [recipe(tmp_path, [f"{other.url}/lab/{name}" for name in ("base", "one", "two")]), str(tmp_path / "o2")]
            )
            == 0
        )
        assert (hub.tokens, other.tokens) == ({"Bearer gp_secret"}, {""})
    assert digest(tmp_path / "out") == digest(tmp_path / "o2") == wanted


def test_methods_that_need_whole_models_and_adapters_are_served(hub, models, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    key = "base_model.model.model.layers.0.w"
    save_file(
        {f"{key}.lora_A.weight": torch.ones(2, 32), f"{key}.lora_B.weight": torch.ones(64, 2)},
        adapter / "adapter_model.safetensors",
    )
    (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 2}))
    hub.repos = models | {"lab/lora": adapter}
    made = []
    for at, (model, lora) in enumerate((("lab/one", "lab/lora"), (str(models["lab/one"]), str(adapter)))):
        document = {"kind": "merge", "method": "passthrough", "sources": [{"model": model, "adapter": lora}]}
        (tmp_path / "r.json").write_text(json.dumps(document))
        assert main([str(tmp_path / "r.json"), str(tmp_path / f"o{at}")]) == 0
        made.append(digest(tmp_path / f"o{at}"))
    assert made[0] == made[1]
    (tmp_path / "r.json").write_text(json.dumps({"kind": "extract", "model": "lab/one", "base": "lab/base"}))
    assert main([str(tmp_path / "r.json"), str(tmp_path / "vector")]) == 0


def test_prompts_go_through_a_whole_model(hub, tmp_path):
    places = {name: dense(tmp_path / name, seed=seed) for seed, name in enumerate(("base", "one", "two"))}
    hub.repos = {f"lab/{name}": folder for name, folder in places.items()}
    made = []
    for names in ([f"lab/{name}" for name in places], [str(folder) for folder in places.values()]):
        base, *sources = names
        experts = [{"model": name, "positive_prompts": [text]} for name, text in zip(sources, "ab", strict=True)]
        document = {"kind": "merge", "method": "mixture_of_experts", "base": base, "sources": experts}
        (tmp_path / "r.json").write_text(json.dumps(document))
        assert main([str(tmp_path / "r.json"), str(tmp_path / f"o{len(made)}")]) == 0
        made.append(digest(tmp_path / f"o{len(made)}"))
    assert made[0] == made[1]


@pytest.fixture
def learning(hub, tmp_path):
    """Two small classifiers, and pictures that a method can learn from; all of them on the hub, the folders beside it."""
    base, *rest = vit_family(tmp_path / "vits", count=2)
    data = tmp_path / "pictures"
    (data / "data").mkdir(parents=True)
    generator = torch.Generator().manual_seed(1)
    tensors = {"images": torch.rand(60, 1, 8, 8, generator=generator), "labels": torch.arange(60) % 10}
    save_file(tensors, data / "data" / "train.safetensors")
    (data / "README.md").write_text("---\nlicense: mit\n---\n")
    hub.repos = {f"lab/{folder.name}": folder for folder in rest} | {"datasets/lab/pictures": data}
    hub.repos["lab/base"] = base
    return [f"lab/{folder.name}" for folder in rest], rest, data


def learned(names, data, **more) -> dict:
    entry = {"data": str(data), "split": "train"}
    return {
        "kind": "merge", "method": "fisher", "sources": [{"model": str(name)} for name in names], "data": [entry], "parameters": {"examples": 8}, **more,
    }  # fmt: skip


def test_datasets_of_a_hub_are_fetched_whole_and_give_the_same_bytes(hub, learning, tmp_path, capsys):
    names, folders, data = learning
    made = []
    for document in (learned(names, f"{hub.url}/datasets/lab/pictures@main"), learned(folders, data)):
        path = tmp_path / "r.json"
        path.write_text(json.dumps(document))
        out = tmp_path / f"o{len(made)}"
        assert main([str(path), str(out)]) == 0, capsys.readouterr().err
        made.append(digest(out))
    assert made[0] == made[1]
    manifest = json.loads((tmp_path / "o0" / "genepool.json").read_text())
    assert ("lab/pictures", "c" * 40) in [(parent["repo"], parent["commit"]) for parent in manifest["parents"]]


def test_a_dataset_that_is_not_what_its_hub_says_is_found_out(hub, learning, tmp_path):
    _, folders, _ = learning
    parsed = parse(learned(folders, "lab/pictures"), local=True)
    sources = RemoteSources()
    try:
        checked, _ = local_check(parsed, sources.find)
        assert checked.ok, checked.findings
        hub.fault = "other content"
        with (
            sources.laid(parsed.recipe, checked.plan, tmp_path / "laid", lambda *_: None) as laid,
            pytest.raises(UserError, match="sha256 differs"),
        ):
            laid.verify()
    finally:
        sources.close()


def test_datasets_that_are_not_there_are_findings_at_their_places(hub, learning, tmp_path, capsys, monkeypatch):
    names, folders, _ = learning
    path = tmp_path / "r.json"
    path.write_text(
        json.dumps(
            learned(names, "lab/nothing", evaluate=[{"data": "lab/less"}, {"data": "lab/pictures"}, {"data": "../x"}])
        )
    )
    assert check([str(path), "--json"]) == 1
    found = {row["where"]: row["message"] for row in json.loads(capsys.readouterr().out)["findings"]}
    assert found["data[0].data"].endswith("has no dataset lab/nothing@main that you may see.")
    assert found["evaluate[0].data"].endswith("has no dataset lab/less@main that you may see.")
    assert "evaluate[1].data" not in found
    assert found["evaluate[2].data"] == "There is no folder ../x here."
    path.write_text(json.dumps(learned(names, "../nowhere")))
    assert check([str(path)]) == 1
    assert "There is no folder ../nowhere here." in capsys.readouterr().out
    monkeypatch.delenv("GENEPOOL_URL")
    path.write_text(json.dumps(learned(folders, "lab/pictures")))
    assert check([str(path)]) == 1
    told = capsys.readouterr().out
    assert "There is no folder lab/pictures here." in told
    assert "genepool submit sends the recipe there" in told
    assert "Remove this dataset" not in told


def test_what_a_hub_knows_of_nan_is_told_and_what_makes_no_sense_is_not(hub, tmp_path, capsys):
    told = {
        "commit": COMMIT,
        "scanned": True,
        "not_finite_tensors": 1,
        "not_finite": [{"name": "model.norm.weight", "nan": 2, "infinite": 0}],
    }
    hub.scans = {
        "lab/base": told | {"scanned": False, "not_finite_tensors": 0, "not_finite": []}, "lab/one": told, "lab/two": told | {"commit": "d" * 40},
    }  # fmt: skip
    assert check([recipe(tmp_path, ["lab/base", "lab/one", "lab/two"]), "--json"]) == 0
    found = [
        (row["code"], row["where"])
        for row in json.loads(capsys.readouterr().out)["findings"]
        if row["stage"] == "measured"
    ]
    assert found == [("not_scanned", "base"), ("weights_not_finite", "sources[0]")]
    hub.scans = {"lab/one": told | {"not_finite_tensors": -1}, "lab/two": ["no"]}
    assert check([recipe(tmp_path, ["lab/base", "lab/one", "lab/two"]), "--json"]) == 0
    assert "measured" not in capsys.readouterr().out


def test_what_is_not_there_or_may_not_be_read_is_a_finding(hub, tmp_path, capsys, monkeypatch):
    assert main([recipe(tmp_path, ["lab/base", "lab/none", "lab/two"]), str(tmp_path / "out")]) == 1
    assert "has no lab/none@main that you may see" in capsys.readouterr().err
    monkeypatch.delenv("GENEPOOL_URL")
    assert main([recipe(tmp_path, ["lab/base", "lab/one", "lab/two"]), str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "not_found" in told
    assert "GENEPOOL_URL says which hub to ask" in told


def test_addresses_are_for_the_command_line_alone(hub):
    text = f"{hub.url}/lab/one@main"
    assert address_of(text).endpoint == hub.url
    assert address_of("hf:lab/one") is address_of("https://user:pw@host/lab/one") is address_of("./lab/one") is None
    document = {
        "kind": "merge",
        "method": "linear",
        "sources": [{"model": text}, {"model": "lab/two", "adapter": text}],
    }
    assert [finding.code for finding in parse(document).findings] == ["bad_reference", "bad_reference"]
