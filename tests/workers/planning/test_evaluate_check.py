from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, dataset, facts_make, found, vit
from workers.contracts.facts import RepoFacts

MODEL, OTHER, DATA = vit("a"), vit("b"), dataset("digits")
ADAPTER = vit("lora").model_copy(
    update={"artifact": "adapter", "base": ("demo/a",), "config": {}, "adapter": {"peft_type": "LORA"}}
)


def evaluate(*models: str, data: Any = ({"data": "demo/digits"},), **more: Any) -> dict[str, Any]:
    return {"kind": "evaluate", "models": list(models or ("demo/a",)), "data": list(data), **more}


def test_models_that_can_be_measured() -> None:
    result = checked(evaluate("demo/a", "demo/b"), MODEL, OTHER, DATA)
    assert result.findings == ()
    assert result.plan is None
    assert result.licence.verdict == "allow"
    assert result.agreements == ("2 models with 10 labels, 50 examples each.",)


def test_built_in_data_needs_no_entry() -> None:
    from workers.contracts.parsing import parse
    from workers.planning.check import check

    recipe = parse(evaluate(data=[{"data": "builtin:digits", "split": "test"}])).recipe
    assert recipe is not None
    facts = {"demo/a": MODEL, "builtin:digits": RepoFacts(reference="builtin:digits", repo_type="dataset")}
    assert check(recipe, facts).findings == ()


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (None, "not_found"),
        (RepoFacts(repo="demo/x", repo_type="dataset"), "wrong_artifact"),
        (vit("x").model_copy(update={"artifact": "task_vector"}), "wrong_artifact"),
        (facts_make("x", {}), "no_weights"),
        (vit("x", config={"architectures": ["ViTModel"]}, architecture="ViTModel"), "not_a_classifier"),
        (
            facts_make("x", {"a": (2,)}, config={"model_type": "gpt2"}, architecture="GPT2LMHeadModel"),
            "not_a_classifier",
        ),
        (facts_make("x", {"a": (2,)}, architecture=""), "not_a_classifier"),
        (vit("x", labels=5), "label_mismatch"),
    ],
)
def test_a_model_that_cannot_be_measured(model: RepoFacts | None, code: str) -> None:
    document = evaluate("demo/a", "demo/x")
    family = [entry for entry in (MODEL, DATA, model) if entry is not None]
    finding = found(checked(document, *family), code)
    assert (finding.severity, finding.where) == ("error", "models[1]")
    assert checked(patched(document, finding.repair[0]), *family).ok


def test_weights_that_do_not_fill_the_config_are_told() -> None:
    short = vit("x").model_copy(update={"parameters": 12})
    finding = found(checked(evaluate("demo/x"), short, DATA), "parameters_differ")
    assert finding.severity == "warning"
    assert "12" in finding.message


def test_an_adapter_with_its_base() -> None:
    assert checked(evaluate("demo/a", "demo/lora"), MODEL, ADAPTER, DATA).findings == ()


def test_an_adapter_without_its_base_is_repaired_by_adding_it() -> None:
    document = evaluate("demo/lora")
    finding = found(checked(document, ADAPTER, MODEL, DATA), "adapter_base_missing")
    assert checked(patched(document, finding.repair[0]), ADAPTER, MODEL, DATA).ok


def test_an_adapter_that_names_no_base() -> None:
    homeless = ADAPTER.model_copy(update={"base": ()})
    assert "adapter_without_base" in codes(checked(evaluate("demo/lora"), homeless, DATA))


def test_a_model_given_twice_is_a_warning() -> None:
    assert found(checked(evaluate("demo/a", "demo/a@main"), MODEL, DATA), "duplicate_model").severity == "warning"


@pytest.mark.parametrize(
    ("data", "facts", "code"),
    [
        ({"data": "demo/gone"}, DATA, "not_found"),
        ({"data": "demo/digits"}, vit("digits"), "wrong_artifact"),
        ({"data": "demo/digits", "split": "validation"}, dataset("digits", splits={"test": 5}), "split_missing"),
        ({"data": "demo/digits"}, dataset("digits", splits={"test": 0}), "data_empty"),
        ({"data": "demo/digits"}, dataset("digits", tensors={**vit("x").tensors}), "data_incomplete"),
    ],
)
def test_data_that_cannot_be_used(data: dict[str, str], facts: RepoFacts, code: str) -> None:
    finding = found(checked(evaluate(data=[data]), MODEL, facts), code)
    assert finding.severity == "error"
    assert finding.where.startswith("data[0]")


def test_a_missing_split_is_repaired_with_one_that_is_there() -> None:
    document = evaluate(data=[{"data": "demo/digits", "split": "validation"}])
    data = dataset("digits", splits={"test": 5})
    finding = found(checked(document, MODEL, data), "split_missing")
    assert finding.message == "digits has no split validation. It has: test."
    assert checked(patched(document, finding.repair[0]), MODEL, data).ok


def test_images_of_another_size() -> None:
    finding = found(checked(evaluate(), MODEL, dataset("digits", image=(3, 32, 32))), "image_shape")
    assert finding.message == "a takes images of 1 × 8 × 8 (channels × height × width), digits has 3 × 32 × 32."


def test_one_split_given_twice_is_a_warning() -> None:
    result = checked(evaluate(data=[{"data": "demo/digits"}, {"data": "demo/digits", "split": "test"}]), MODEL, DATA)
    assert found(result, "duplicate_data").where == "data[1]"


def test_the_estimate_grows_with_examples_and_models() -> None:
    one = checked(evaluate(), MODEL, DATA).estimate
    few = checked(evaluate(limit=1), MODEL, DATA).estimate
    more = checked(evaluate("demo/a", "demo/b"), MODEL, OTHER, dataset("digits", splits={"test": 10**7})).estimate
    assert few.write_bytes < one.write_bytes < more.write_bytes
    assert one.seconds[1] < more.seconds[1]
    assert 0 < one.seconds[0] < one.seconds[1]
