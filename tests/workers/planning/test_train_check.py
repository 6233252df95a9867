from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, dataset, found, vit, vit_config
from workers.contracts.parsing import parse
from workers.contracts.recipes import TrainRecipe

MODEL, DATA = vit("a"), dataset("digits")


def train(**changes: Any) -> dict[str, Any]:
    document = {"kind": "train", "model": "demo/a", "data": [{"data": "demo/digits", "split": "train"}]} | changes
    return {key: value for key, value in document.items() if value is not ...}


@pytest.mark.parametrize(
    "document",
    [
        train(),
        train(lora={"rank": 2, "target_modules": ["q_proj", "v_proj"]}),
        train(model=..., architecture=vit_config()),
    ],
)
def test_a_training_that_can_run(document: dict[str, Any]) -> None:
    result = checked(document, MODEL, DATA)
    assert result.findings == ()
    assert result.estimate.memory_bytes > 0


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (train(model=...), "nothing_to_train", "model"),
        (train(architecture=vit_config()), "model_and_architecture", "architecture"),
        (train(model=..., architecture=vit_config(), lora={}), "lora_without_model", "lora"),
        (train(model=..., architecture={"hidden_size": 8}), "unknown_architecture", "architecture.model_type"),
        (train(model=..., architecture=vit_config(width=9)), "architecture_unusable", "architecture"),
        (train(model=..., architecture=vit_config(patch_size=9)), "architecture_unusable", "architecture"),
        (train(model="demo/gone"), "not_found", "model"),
        (train(lora={"target_modules": ["q_porj"]}), "lora_target_missing", "lora.target_modules[0]"),
        (train(data=[{"data": "demo/gone"}]), "not_found", "data[0].data"),
    ],
)
def test_a_training_that_cannot_run(document: dict[str, Any], code: str, where: str) -> None:
    finding = found(checked(document, MODEL, DATA), code)
    assert (finding.severity, finding.where) == ("error", where)


@pytest.mark.parametrize(
    "document", [train(architecture=vit_config()), train(model=..., architecture=vit_config(), lora={})]
)
def test_the_repair_makes_it_run(document: dict[str, Any]) -> None:
    finding = next(finding for finding in checked(document, MODEL, DATA).findings if finding.repair)
    assert checked(patched(document, finding.repair[0]), MODEL, DATA).ok


def test_the_nearest_layer_is_named() -> None:
    assert (
        "Did you mean q_proj?"
        in found(checked(train(lora={"target_modules": ["q_porj"]}), MODEL, DATA), "lora_target_missing").message
    )


def test_a_rank_above_the_width_is_a_warning() -> None:
    assert found(checked(train(lora={"rank": 64}), MODEL, DATA), "rank_large").severity == "warning"


def test_only_whole_models_are_trained() -> None:
    assert "wrong_artifact" in codes(checked(train(), vit("a").model_copy(update={"artifact": "adapter"}), DATA))


@pytest.mark.parametrize("document", [train(), train(model=..., architecture=vit_config())])
def test_images_of_another_size(document: dict[str, Any]) -> None:
    assert found(checked(document, MODEL, dataset("digits", image=(3, 8, 8))), "image_shape").where == "data[0]"


def test_datasets_of_different_sizes() -> None:
    document = train(
        model=...,
        architecture={"model_type": "resnet"},
        data=[{"data": "demo/digits", "split": "train"}, {"data": "demo/wide", "split": "train"}],
    )
    assert "data_shapes_differ" in codes(checked(document, DATA, dataset("wide", image=(1, 8, 16))))


def test_training_on_the_test_split_is_a_warning() -> None:
    finding = found(checked(train(data=[{"data": "demo/digits", "split": "test"}]), MODEL, DATA), "trains_on_test")
    assert (finding.severity, finding.where) == ("warning", "data[0].split")


@pytest.mark.parametrize(
    ("document", "usual"),
    [(train(learning_rate=0.01), 1e-4), (train(lora={}, learning_rate=0.1), 1e-3), (train(lora={}, learning_rate=0.09), None)],
)  # fmt: skip
def test_a_rate_far_above_the_usual_one_is_a_warning(document: dict[str, Any], usual: float | None) -> None:
    result = checked(document, MODEL, DATA)
    if usual is None:
        assert "learning_rate_high" not in codes(result)
        return
    finding = found(result, "learning_rate_high")
    assert (finding.severity, finding.where) == ("warning", "learning_rate")
    assert f"100 times the usual {usual:g}" in finding.message
    assert "learning_rate_high" not in codes(checked(patched(document, finding.repair[0]), MODEL, DATA))


def test_the_models_licence_binds_the_result() -> None:
    assert checked(train(), vit("a", licence="CC-BY-4.0"), DATA).licence.licence == "CC-BY-4.0"
    assert "licence_missing" in codes(checked(train(), vit("a", licence=""), DATA))


@pytest.mark.parametrize(
    ("licence", "asks"),
    [("", True), ("CC-BY-NC-4.0", True), ("LicenseRef-x", True), ("CC-BY-4.0", False), ("CC0-1.0", False)],
)
def test_the_datas_licence_is_a_question(licence: str, asks: bool) -> None:
    assert ("data_licence" in codes(checked(train(), MODEL, dataset("digits", licence=licence)))) == asks


@pytest.mark.parametrize(("visibility", "severity"), [("private", "warning"), ("public", "warning")])
def test_a_model_that_allows_no_derivatives(visibility: str, severity: str) -> None:
    document = train(output={"repo": "alice/x", "visibility": visibility})
    assert found(checked(document, vit("a", licence="CC-BY-ND-4.0"), DATA), "licence_conflict").severity == severity


def test_training_all_weights_costs_more_memory_than_an_adapter() -> None:
    model = vit("a", width=64)
    whole, adapter = checked(train(), model, DATA).estimate, checked(train(lora={}), model, DATA).estimate
    assert adapter.memory_bytes < whole.memory_bytes
    assert adapter.write_bytes < whole.write_bytes
    assert checked(train(epochs=1000), model, DATA).estimate.seconds[1] > whole.seconds[1]


def test_the_split_to_learn_from_goes_without_saying():
    recipe = parse(train(data=[{"data": "demo/digits"}])).recipe
    assert isinstance(recipe, TrainRecipe)
    assert recipe.data[0].split == "train"
