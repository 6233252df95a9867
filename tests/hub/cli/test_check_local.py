"""`genepool check` and `genepool methods`: no hub, no database, no torch."""

import io
import json
from pathlib import Path

import pytest

from hub.cli import main
from hub.cli.check import main as check
from tests.hostile.files import SAFETENSORS
from tests.workers.planning.zoo import vit_config, vit_shapes, write_model
from workers.contracts.methods import methods_of


def model(folder: Path, *, width: int = 8) -> None:
    write_model(folder, vit_shapes(width=width))
    (folder / "config.json").write_text(json.dumps(vit_config(width=width)))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("base", "a", "b"):
        model(tmp_path / name)
    model(tmp_path / "large", width=12)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recipe(folder: Path, sources: str = "[{model: a}, {model: b, weight: 0.5}]", base: str = "base") -> str:
    path = folder / "recipe.yaml"
    path.write_text(f"kind: merge\nmethod: ties\nbase: {base}\nsources: {sources}\n")
    return str(path)


def test_a_good_recipe_ends_with_zero(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([recipe(here)]) == 0
    printed = capsys.readouterr().out
    assert "Nothing stops this recipe." in printed
    assert "Licence of the result: Apache-2.0, allowed." in printed
    assert "peak memory" in printed
    hint = "To submit it, say where the result goes: output in the recipe, or --to NS/NAME."
    assert hint in printed
    with open("recipe.yaml", "a") as file:
        file.write("output: {repo: alice/merged}\n")
    assert check(["recipe.yaml"]) == 0
    assert hint not in capsys.readouterr().out


def test_an_error_ends_with_one_and_its_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([recipe(here, "[{model: a},\n  {model: large}]")]) == 1
    printed = capsys.readouterr().out
    assert "large does not fit the base. Its width is 12, the base has 8" in printed
    assert "sources[1] (line 5) · shape_mismatch" in printed
    assert "1 error stops this recipe." in printed


def test_weights_are_searched_for_nan_where_somebody_asks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open("b/model.safetensors", "r+b") as file:
        file.seek(-4, 2)
        file.write(b"\xff" * 4)
    with_output = recipe(here)
    assert check([with_output]) == 0
    assert "NaN" not in capsys.readouterr().out
    assert check([with_output, "--weights", "--json"]) == 0
    found = [row for row in json.loads(capsys.readouterr().out)["findings"] if row["stage"] == "measured"]
    assert [(row["code"], row["where"]) for row in found] == [("weights_not_finite", "sources[1]")]
    assert "b holds NaN or infinity in 1 tensor: 1 NaN in " in found[0]["message"]


def test_nan_in_a_tensor_that_the_recipe_leaves_out_is_not_told_of(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(here / "b", vit_shapes() | {"zz.extra": (3,)})
    with open("b/model.safetensors", "r+b") as file:
        file.seek(-4, 2)
        file.write(b"\xff" * 4)
    assert check([recipe(here), "--weights"]) == 0
    printed = capsys.readouterr().out
    assert "zz.extra" in printed
    assert "NaN" not in printed


def test_json_is_the_answer_of_the_api(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([recipe(here, "[{model: gone}, {model: a, density: 2.0}]"), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert set(body) == {"ok", "findings", "agreements", "licence", "estimate"}
    assert body["ok"] is False
    assert body["findings"][0]["code"] == "out_of_range"


def test_a_folder_with_a_bad_header_is_named_and_not_called_missing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a" / "model.safetensors").write_bytes(SAFETENSORS["tensors overlap"][1])
    assert check([recipe(here), "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["code"] for finding in findings if finding["severity"] == "error"] == ["folder_unreadable"]
    assert findings[0]["where"] == "sources[0].model"
    assert findings[0]["message"].startswith("a cannot be read. model.safetensors")
    assert "overlaps" in findings[0]["message"]
    assert findings[0]["repair"][0]["patch"] == [{"op": "remove", "path": "/sources/0"}]


def test_sources_are_compared_where_the_base_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "base" / "model.safetensors").write_bytes(SAFETENSORS["tensors overlap"][1])
    assert check([recipe(here, "[{model: a}, {model: large}]"), "--json"]) == 1
    told = {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert {"folder_unreadable", "shape_mismatch"} <= told


def test_a_folder_that_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([recipe(here, base="gone")]) == 1
    assert "There is no folder gone here." in capsys.readouterr().out


def test_reads_standard_input(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(recipe(here)).read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert check(["-"]) == 0
    assert "Nothing stops" in capsys.readouterr().out


def test_evaluations_of_local_folders(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(here / "digits", {"images": (5, 1, 8, 8), "labels": (5,)}, name="data/test.safetensors", labels="I64")
    path = here / "evaluate.yaml"
    path.write_text("kind: evaluate\nmodels: [a, b]\ndata: [{data: digits}, {data: builtin:digits}]\n")
    assert check([str(path)]) == 0
    assert "2 models with 10 labels, 364 examples each." in capsys.readouterr().out
    path.write_text("kind: evaluate\nmodels: [a]\ndata: [{data: digits, split: train}]\n")
    assert check([str(path)]) == 1
    assert "data[0].split (line 3) · split_missing" in capsys.readouterr().out


def test_a_recipe_that_cannot_be_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([str(here / "nothing.yaml")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert check([str(here)]) == 1


def test_wrong_usage_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        check([])
    assert caught.value.code == 2


def test_methods_lists_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--kind", "merge", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [method.name for method in methods_of("merge")]
    assert {"name", "kind", "label", "summary", "paper", "parameters", "needs"} <= set(rows[0])
    assert main(["methods"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {method.name} " in printed for method in methods_of("merge"))


def test_everything_that_is_wrong_comes_in_one_answer(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = "\n- {model: a, density: 2.0}\n- {model: gone}\n- {model: large}\n- {model: b, weight: .nan}\ncolour: red"
    assert check([recipe(here, sources), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    found = {(row["code"], row["where"], row["line"]) for row in body["findings"] if row["severity"] == "error"}
    assert found == {
        ("out_of_range", "sources[0].density", 5), ("not_found", "sources[1]", 6), ("shape_mismatch", "sources[2]", 7),
        ("not_finite", "sources[3].weight", 8), ("unknown_key", "colour", 9),
    }  # fmt: skip
    assert (body["ok"], body["estimate"]["write_bytes"]) == (False, 0)


def test_a_name_that_cannot_be_read_is_not_the_folder_one_is_in(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here / "a")
    assert check([recipe(here, "[{modle: ../a}, {model: ../b}]", base="../base"), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert [row["code"] for row in body["findings"] if row["severity"] == "error"] == ["unknown_key", "missing_key"]


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x", "x" * 300])
def test_a_name_that_no_folder_can_have(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert check([recipe(here, base=name)]) == 1
    assert f"There is no folder {name} here." in capsys.readouterr().out


def test_the_licence_is_told_with_input_and_clause(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "b" / "README.md").write_text("---\nlicense: cc-by-nd-4.0\n---\n")
    check([str(recipe(here))])
    text = capsys.readouterr().out
    assert "Licence of the result: the result may not be passed on." in text
    assert "  b, as source: CC-BY-ND-4.0, CC-BY-ND-4.0 § 2(a)(1)" in text
