import json
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.files import FOLDERS, PICKLES, SAFETENSORS, hostile_folder
from tests.workers.planning.zoo import vit_config, vit_shapes, write_model
from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.planning.extract import extract_facts
from workers.planning.folder import facts_of_folder, folder_files


def extract(folder: Path) -> tuple[RepoFacts, list[Finding]]:
    def read(path: str, start: int, length: int) -> bytes:
        return (folder / path).read_bytes()[start : start + length]

    return extract_facts([(path, size, "") for path, size in folder_files(folder)], read)


def write(folder: Path, name: str, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def model(folder: Path, card: str = "license: apache-2.0") -> Path:
    write_model(folder, vit_shapes())
    write(folder, "config.json", vit_config())
    write(folder, "README.md", f"---\n{card}\n---\n# Model\n")
    return folder


def test_a_model(tmp_path: Path) -> None:
    facts, findings = extract(
        model(
            tmp_path,
            "license: apache-2.0\nbase_model: demo/base\nbase_model_relation: finetune\nlanguage: en\ntags: [a, b]\ndatasets: [x]",
        )
    )
    assert findings == []
    assert (facts.artifact, facts.architecture, facts.task, facts.library) == (
        "model",
        "ViTForImageClassification",
        "image-classification",
        "transformers",
    )
    assert (facts.licence, facts.base, facts.base_relation, facts.languages, facts.tags) == (
        "Apache-2.0",
        ("demo/base",),
        "finetune",
        ("en",),
        ("a", "b"),
    )
    assert facts.labels == tuple(f"LABEL_{index}" for index in range(10))
    assert (facts.dtype, facts.repo_type, len(facts.tensors)) == ("float32", "model", len(vit_shapes()))
    assert facts.parameters == sum(fact.elements for fact in facts.tensors.values())


def test_labels_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(
        tmp_path,
        "config.json",
        vit_config() | {"id2label": {str(index): f"name {index}" for index in (10, 2, 1, 0, 9)}},
    )
    assert extract(tmp_path)[0].labels == ("name 0", "name 1", "name 2", "name 9", "name 10")


def test_a_classifier_without_names_has_two_labels(tmp_path: Path) -> None:
    config = vit_config()
    del config["id2label"]
    write(tmp_path, "config.json", config)
    assert extract(tmp_path)[0].labels == ("LABEL_0", "LABEL_1")


def test_several_files_with_an_index(tmp_path: Path) -> None:
    write_model(tmp_path, {"a": (2,)}, name="model-00001-of-00002.safetensors")
    write_model(tmp_path, {"b": (3,)}, name="model-00002-of-00002.safetensors")
    write_model(tmp_path, {"state": (4,)}, name="optimizer.safetensors")
    write(
        tmp_path,
        "model.safetensors.index.json",
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}},
    )
    facts, findings = extract(tmp_path)
    assert findings == []
    assert {name: fact.file for name, fact in facts.tensors.items()} == {
        "a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors",
    }


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}, "shard_missing"),
        ({"a": "model-00001-of-00002.safetensors", "gone": "model-00001-of-00002.safetensors"}, "index_tensor_lost"),
        ({}, "index_mismatch"),
        (["a"], "index_unreadable"),
    ],
)
def test_an_index_that_does_not_fit(tmp_path: Path, weights: Any, code: str) -> None:
    write_model(tmp_path, {"a": (2,)}, name="model-00001-of-00002.safetensors")
    write(tmp_path, "model.safetensors.index.json", {"weight_map": weights})
    findings = extract(tmp_path)[1]
    if weights == {}:
        assert findings == []
    else:
        assert [(finding.code, finding.severity) for finding in findings] == [(code, "warning")]


def test_of_two_variants_side_by_side_the_first_is_the_model(tmp_path: Path) -> None:
    write_model(tmp_path, {"a": (2,)}, name="one.safetensors")
    write_model(tmp_path, {"a": (2,), "b": (3,)}, name="two.safetensors")
    facts, findings = extract(tmp_path)
    assert [(finding.code, finding.severity, finding.where) for finding in findings] == [
        ("duplicate_tensor", "warning", "two.safetensors")
    ]
    assert {name: fact.file for name, fact in facts.tensors.items()} == {"a": "one.safetensors"}


def test_files_without_an_index_make_one_model(tmp_path: Path) -> None:
    write_model(tmp_path, {"a": (2,)}, name="one.safetensors")
    write_model(tmp_path, {"b": (3,)}, name="two.safetensors")
    facts, findings = extract(tmp_path)
    assert (set(facts.tensors), findings) == ({"a", "b"}, [])


def test_an_adapter(tmp_path: Path) -> None:
    write_model(tmp_path, {"base_model.model.q.lora_A.weight": (4, 8)}, name="adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "r": 4,
        "base_model_name_or_path": "demo/base",
        "auto_mapping": {"base_model_class": "ViTForImageClassification"},
    }
    write(tmp_path, "adapter_config.json", config)
    facts, _ = extract(tmp_path)
    assert (facts.artifact, facts.library, facts.base, facts.base_relation) == (
        "adapter",
        "peft",
        ("demo/base",),
        "adapter",
    )
    assert facts.architecture == "ViTForImageClassification"
    assert facts.parameters == 32


def test_a_dataset(tmp_path: Path) -> None:
    for split, rows in (("train", 20), ("test", 5)):
        write_model(tmp_path, {"images": (rows, 1, 8, 8), "labels": (rows,)}, name=f"data/{split}.safetensors")
    facts, findings = extract(tmp_path)
    assert (findings, facts.repo_type, facts.splits) == ([], "dataset", {"test": 5, "train": 20})
    assert (facts.parameters, facts.dtype, facts.artifact) == (0, "", "unknown")
    assert facts.tensors["test/images"].shape == (5, 1, 8, 8)
    assert facts.columns["images"] == "image"


def test_tensors_that_are_no_columns_are_told(tmp_path: Path) -> None:
    write_model(tmp_path, {"images": (3, 1, 8, 8), "labels": (4,)}, name="data/test.safetensors")
    facts, findings = extract(tmp_path)
    assert (facts.repo_type, facts.splits, facts.columns) == ("dataset", {"test": -1}, {})
    assert [finding.code for finding in findings] == ["data_shape"]


def test_the_manifest_says_what_it_is(tmp_path: Path) -> None:
    write_model(tmp_path, {"a": (2,)})
    write(tmp_path, "genepool.json", {"artifact": "task_vector", "licence": {"licence": "MIT"}})
    facts, _ = extract(tmp_path)
    assert (facts.artifact, facts.licence) == ("task_vector", "MIT")


def test_the_card_comes_before_the_manifest(tmp_path: Path) -> None:
    write(model(tmp_path, "license: cc-by-4.0"), "genepool.json", {"licence": {"licence": "MIT"}})
    assert extract(tmp_path)[0].licence == "CC-BY-4.0"


def test_no_licence_stays_none(tmp_path: Path) -> None:
    assert extract(model(tmp_path, "tags: [a]"))[0].licence == ""


def test_the_tokenizer_digest_changes_with_its_files_only(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer.json", "{}")
    first = extract(tmp_path)[0].tokenizer_digest
    write(tmp_path, "tokenizer_config.json", '{"transformers_version": "5"}')
    write(tmp_path, "config.json", vit_config())
    assert extract(tmp_path)[0].tokenizer_digest == first
    write(tmp_path, "tokenizer.json", '{"a": 1}')
    assert extract(tmp_path)[0].tokenizer_digest != first
    assert len(first) == 64


def test_a_given_sha256_is_used_instead_of_reading() -> None:
    def read(path: str, start: int, length: int) -> bytes:
        raise AssertionError(path)

    one = extract_facts([("tokenizer.json", 5, "a" * 64)], read)[0].tokenizer_digest
    other = extract_facts([("tokenizer.json", 5, "b" * 64)], read)[0].tokenizer_digest
    assert one != other


@pytest.mark.parametrize(
    "content", ["{", "[]", "{" * 100_000, '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}']
)
def test_a_config_that_cannot_be_kept_is_left_out(tmp_path: Path, content: str) -> None:
    write(tmp_path, "config.json", content)
    facts, findings = extract(tmp_path)
    assert facts.config == {}
    assert [(finding.code, finding.severity) for finding in findings] == [("config_unreadable", "warning")]


@pytest.mark.parametrize("card", ["a: &x 1\nb: *x", "a: [", "- 1", 'a: "\\0"', "a: !!python/name:os.system x"])
def test_a_card_that_cannot_be_read_is_left_out(tmp_path: Path, card: str) -> None:
    facts, findings = extract(model(tmp_path, card))
    assert facts.licence == ""
    assert [(finding.code, finding.severity) for finding in findings] == [("card_unreadable", "warning")]


@pytest.mark.parametrize("text", ["", "# Title", "--- no", "---\nlicense: mit", "text\n---\nlicense: mit\n---"])
def test_a_card_without_front_matter(tmp_path: Path, text: str) -> None:
    write(tmp_path, "README.md", text)
    facts, findings = extract(tmp_path)
    assert facts.licence == ""
    assert {finding.code for finding in findings} <= {"card_unreadable"}


@pytest.mark.parametrize("value", [1, None, True, [1, 2], {"a": 1}, "x" * 5000, ["x"] * 5000])
@pytest.mark.parametrize(
    "name", ["license", "base_model", "tags", "language", "library_name", "pipeline_tag", "base_model_relation"]
)
def test_any_value_in_a_card_is_kept_within_bounds(tmp_path: Path, name: str, value: Any) -> None:
    write(tmp_path, "README.md", f"---\n{json.dumps({name: value})}\n---\n")
    facts, _ = extract(tmp_path)
    assert len(facts.licence) <= 96
    assert len(facts.library) <= 64
    assert all(len(text) <= 300 for text in (*facts.base, *facts.tags, *facts.languages, facts.base_relation))


@pytest.mark.parametrize(
    "config",
    [
        {"architectures": "x"},
        {"architectures": [1]},
        {"id2label": {"a": 1}},
        {"id2label": []},
        {"hidden_size": "x"},
        {"model_type": []},
        {"vocab_size": -1},
        {"text_config": 3},
    ],
)
def test_any_config_is_survived(tmp_path: Path, config: dict[str, Any]) -> None:
    for model_type in ("vit", "bert", "gpt2", "llama", "other"):
        write(tmp_path, "config.json", {"model_type": model_type} | config)
        assert extract(tmp_path)[0].config == {"model_type": model_type} | config


@pytest.mark.hostile
@pytest.mark.parametrize("name", SAFETENSORS)
def test_a_bad_header_anywhere_is_an_error(tmp_path: Path, name: str) -> None:
    code, content = SAFETENSORS[name]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.safetensors").write_bytes(content)
    findings = extract(tmp_path)[1]
    assert [(finding.code, finding.severity, finding.where) for finding in findings] == [
        (code, "error", "deep/x.safetensors")
    ]


@pytest.mark.hostile
@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_called_safetensors_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(PICKLES[name])
    assert any(finding.severity == "error" for finding in extract(tmp_path)[1])


@pytest.mark.hostile
@pytest.mark.parametrize("name", FOLDERS)
def test_hostile_folders_are_survived(tmp_path: Path, name: str) -> None:
    folder = hostile_folder(tmp_path, name)
    findings = extract(folder)[1]
    assert findings
    if any(finding.severity == "error" for finding in findings):
        with pytest.raises(UserError) as caught:
            facts_of_folder(folder)
        assert caught.value.findings
    else:
        assert facts_of_folder(folder).tensors == {}


def test_a_folder_is_a_repo_without_hidden_files(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    write(folder, ".cache/x.json", "{}")
    write(folder, ".hidden", "x")
    facts = facts_of_folder(folder)
    assert {file.path for file in facts.files} == {"README.md", "config.json", "model.safetensors"}
    assert (facts.reference, facts.commit) == (str(folder), "")


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path: Path) -> None:
    real = model(tmp_path / "real")
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("config.json", "model.safetensors"):
        (linked / name).symlink_to(real / name)
    (linked / "loop").symlink_to(linked)
    assert len(facts_of_folder(linked).files) == 2


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        facts_of_folder(tmp_path / "nothing")


def test_an_onnx_file_alone_is_a_model(tmp_path: Path) -> None:
    write(tmp_path, "model.onnx", "bytes that nobody reads here")
    write(tmp_path, "README.md", "---\npipeline_tag: tabular-classification\n---\n")
    write(tmp_path, "config.json", json.dumps({"id2label": {"0": "red", "1": "white"}}))
    facts, findings = extract(tmp_path)
    assert (facts.artifact, facts.library, facts.task) == ("model", "onnx", "tabular-classification")
    assert (facts.labels, facts.parameters, findings) == (("red", "white"), 0, [])
