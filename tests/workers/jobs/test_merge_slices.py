"""Merges by slices from the terminal, on folders: what the result's folder holds then."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.builders import vit_family
from workers import cli
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.engine.io.reader import facts_of_weights
from workers.jobs.chat_template import CHATML, template_of, template_write


@pytest.fixture
def family(tmp_path: Path) -> list[Path]:
    return list(vit_family(tmp_path / "models"))


def merge(tmp_path: Path, document: dict) -> Path:
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "out"
    recipe.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert cli.main([str(recipe), str(out), "--threads", "1"], kind="merge") == cli.OK
    return out


def test_layers_of_two_models_make_a_deeper_one(family: list[Path], tmp_path: Path) -> None:
    count = json.loads((family[1] / "config.json").read_text())["num_hidden_layers"]
    slices = [{"sources": [{"model": str(folder), "layer_range": [0, count]}]} for folder in family[1:3]]
    out = merge(tmp_path, {"merge_method": "passthrough", "slices": slices})
    made, first, second = (load_file(folder / "model.safetensors") for folder in (out, family[1], family[2]))
    assert json.loads((out / "config.json").read_text())["num_hidden_layers"] == 2 * count
    name = next(key for key in first if ".0." in key and key.endswith("weight"))
    assert torch.equal(made[name], first[name])
    assert torch.equal(made[name.replace(".0.", f".{count}.", 1)], second[name])
    assert len({key for key in made if key.endswith(name.partition(".0.")[2])}) == 2 * count


def test_the_card_does_not_name_one_weight_where_there_are_many(family: list[Path], tmp_path: Path) -> None:
    sources = [
        {"model": str(folder), "weight": weight} for folder, weight in zip(family[1:3], ([0, 1], 0.5), strict=True)
    ]
    out = merge(tmp_path, {"kind": "merge", "method": "linear", "sources": sources})
    rows = [line for line in (out / "README.md").read_text().splitlines() if line.startswith("| tuned")]
    assert ["see the recipe" in row for row in rows] == [True, False]
    assert "weight: [0, 1]" in (out / "recipe.yaml").read_text()


def template_folders(tmp_path: Path, *templates: str | None) -> list[Path]:
    folders = []
    for index, template in enumerate(templates):
        folder = tmp_path / str(index)
        folder.mkdir()
        config = {"model_max_length": 8} | ({} if template is None else {"chat_template": template})
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        folders.append(folder)
    return folders


def written(family: list[Path], folders: list[Path], template: str | None, out: Path) -> str | None:
    facts = facts_of_weights(family[0])
    name, fact = next(iter(facts.items()))
    inputs = tuple(TensorInput(source=index, key=name, fact=fact) for index in range(len(folders)))
    step = TensorStep(name=name, operation="merge", inputs=inputs, shape=fact.shape, dtype=fact.dtype)
    plan = Plan(method="linear", method_revision=1, seed=0, steps=(step,), shards=((name,),), chat_template=template)
    template_write(plan, folders, out)
    return template_of(out)


@pytest.mark.parametrize(
    ("asked", "templates", "result"),
    [
        ("auto", ("{{ x }}", "{{ y }}", "{{ y }}"), "{{ y }}"),
        ("auto", ("{{ x }}", "{{ y }}"), "{{ x }}"),
        ("auto", (None, "{{ y }}"), "{{ y }}"),
        ("auto", (None, None), None),
        ("chatml", ("{{ x }}",), CHATML),
        ("{{ mine }}", ("{{ x }}",), "{{ mine }}"),
        (None, ("{{ x }}",), "{{ x }}"),
    ],
)
def test_the_result_has_the_template_that_was_asked_for(
    family: list[Path], tmp_path: Path, asked: str | None, templates: tuple[str | None, ...], result: str | None
) -> None:
    folders = template_folders(tmp_path, *templates)
    out = tmp_path / "result"
    out.mkdir()
    (out / "tokenizer_config.json").write_text((folders[0] / "tokenizer_config.json").read_text())
    assert written(family, folders, asked, out) == result
    stays_in_config = asked is None or result is None
    config = json.loads((out / "tokenizer_config.json").read_text())
    assert config["model_max_length"] == 8
    assert ("chat_template" in config) == (stays_in_config and templates[0] is not None)


def test_a_template_in_a_file_comes_before_one_in_the_config(tmp_path: Path) -> None:
    (folder,) = template_folders(tmp_path, "{{ old }}")
    (folder / "chat_template.jinja").write_text("{{ new }}")
    assert template_of(folder) == "{{ new }}"
