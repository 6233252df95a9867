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
        (vit("x").model_copy(update={"artifact": "learngene"}), "wrong_artifact"),
        (vit("x").model_copy(update={"artifact": "task_vector"}), "adapter_without_base"),
        (facts_make("x", {}), "no_weights"),
        (vit("x", config={"architectures": ["ViTModel"]}, architecture="ViTModel"), "not_a_classifier"),
        (
            facts_make("x", {"a": (2,)}, config={"model_type": "gpt2"}, architecture="GPT2LMHeadModel"),
            "not_a_classifier",
        ),
        (facts_make("x", {"a": (2,)}, architecture=""), "config_missing"),
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
        ({"data": "demo/digits"}, dataset("digits", columns={"text": "string"}, tensors={}), "task_unknown"),
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


def test_images_of_another_size_are_fitted_when_the_recipe_says_how() -> None:
    document, data = evaluate(), dataset("digits", image=(3, 32, 32))
    for repair in found(checked(document, MODEL, data), "image_shape").repair:
        assert checked(patched(document, repair), MODEL, data).findings == ()
    wrong = evaluate(data=[{"data": "demo/digits", "options": {"fit": "squeeze"}}])
    assert found(checked(wrong, MODEL, data), "option_invalid").message == "fit is “squeeze”. Give stretch or crop."


def test_one_split_given_twice_is_a_warning() -> None:
    result = checked(evaluate(data=[{"data": "demo/digits"}, {"data": "demo/digits", "split": "test"}]), MODEL, DATA)
    assert found(result, "duplicate_data").where == "data[1]"
    other = [{"data": "demo/digits"}, {"data": "demo/digits", "limit": 5}]
    assert checked(evaluate(data=other), MODEL, DATA).findings == ()


def test_the_estimate_grows_with_examples_and_models() -> None:
    one = checked(evaluate(), MODEL, DATA).estimate
    few = checked(evaluate(limit=1), MODEL, DATA).estimate
    more = checked(evaluate("demo/a", "demo/b"), MODEL, OTHER, dataset("digits", splits={"test": 10**7})).estimate
    assert few.write_bytes < one.write_bytes < more.write_bytes
    assert one.seconds[1] < more.seconds[1]
    assert 0 < one.seconds[0] < one.seconds[1]


def text_model(name: str, head: str, *, labels: tuple[str, ...] = ("no", "yes"), **more: Any) -> RepoFacts:
    config = {
        "architectures": [f"Bert{head}"], "model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 16, "vocab_size": 100, "max_position_embeddings": 32, "id2label": {str(at): label for at, label in enumerate(labels)},
    }  # fmt: skip
    found = labels if head == "ForSequenceClassification" else ()
    return facts_make(
        name, {"a": (2,)}, config=config, architecture=f"Bert{head}", labels=found, tokenizer_digest="t", **more
    )


def table(name: str, *, rows: int = 50, **columns: str) -> RepoFacts:
    return dataset(name, splits={"test": rows}, tensors={}, columns=columns)


REVIEWS = table("reviews", text="string", label="string")


@pytest.mark.parametrize(
    ("model", "data", "rows"),
    [
        (text_model("x", "ForSequenceClassification"), REVIEWS, "1 model with 2 labels, 50 examples each."),
        (text_model("x", "ForMaskedLM"), REVIEWS, "1 model, 50 examples each."),
        (
            text_model("x", "ForSequenceClassification", labels=("score",)),
            table("reviews", text="string", target="double"),
            "1 model with 1 label, 50 examples each.",
        ),
    ],
)
def test_the_task_is_what_model_and_data_have_in_common(model: RepoFacts, data: RepoFacts, rows: str) -> None:
    result = checked(evaluate("demo/x", data=[{"data": "demo/reviews"}]), model, data)
    assert not [finding for finding in result.findings if finding.code != "parameters_differ"]
    assert result.agreements == (rows,)


def test_a_picture_model_cannot_read() -> None:
    finding = found(checked(evaluate(data=[{"data": "demo/reviews"}]), MODEL, REVIEWS), "task_unknown")
    assert finding.where == "data[0]"
    assert "text (string)" in finding.message


def test_the_model_that_does_not_fit_the_others_is_named() -> None:
    document = evaluate("demo/x", "demo/y", data=[{"data": "demo/reviews", "task": "text-classification"}])
    result = checked(document, text_model("x", "ForSequenceClassification"), text_model("y", "ForMaskedLM"), REVIEWS)
    assert found(result, "not_a_classifier").where == "models[1]"


def test_classes_are_compared_by_name_in_any_order() -> None:
    data = REVIEWS.model_copy(update={"labels": ("Yes", "no")})
    model = text_model("x", "ForSequenceClassification")
    assert "label_mismatch" not in codes(checked(evaluate("demo/x", data=[{"data": "demo/reviews"}]), model, data))
    other = data.model_copy(update={"labels": ("yes", "maybe")})
    finding = found(checked(evaluate("demo/x", data=[{"data": "demo/reviews"}]), model, other), "label_mismatch")
    assert "maybe" in finding.message
    assert "no" in finding.message
    few = text_model("x", "ForSequenceClassification", labels=("no", "yes", "maybe"))
    finding = found(checked(evaluate("demo/x", data=[{"data": "demo/reviews"}]), few, data), "label_extra")
    assert (finding.severity, finding.message) == ("warning", "x knows 1 class that reviews does not have: maybe.")


@pytest.mark.parametrize(
    ("item", "code", "where"),
    [
        ({"data": "demo/digits", "metrics": ["accuracy", "rmse"]}, "metric_undefined", "data[0].metrics"),
        ({"data": "demo/digits", "task": "juggling"}, "unknown_task", "data[0].task"),
        ({"data": "demo/digits", "columns": {"image": "photo"}}, "column_missing", "data[0]"),
        ({"data": "demo/digits", "columns": {"photo": "images"}}, "column_role_unknown", "data[0]"),
        ({"data": "demo/digits", "slices": ["colour"]}, "column_missing", "data[0].slices[0]"),
        ({"data": "demo/digits", "cluster": "page"}, "column_missing", "data[0].cluster"),
        ({"data": "demo/digits", "options": {"max_length": 3}}, "option_invalid", "data[0].options.max_length"),
        ({"benchmark": "digits-clean"}, "benchmark_unknown", "data[0].benchmark"),
    ],
)
def test_a_measurement_that_makes_no_sense(item: dict[str, Any], code: str, where: str) -> None:
    result = checked(evaluate(data=[item]), MODEL, DATA)
    assert found(result, code).where == where
    assert [finding.code for finding in result.findings if finding.severity == "error"] == [code]


def test_rows_that_nobody_counted_are_estimated() -> None:
    data = dataset("digits", splits={"test": -1})
    result = checked(evaluate(data=[{"data": "demo/digits", "limit": 7}]), MODEL, data)
    assert result.findings == ()
    assert result.agreements == ("1 model with 10 labels, about 1 example each.",)


def test_a_model_that_does_not_fit_is_refused() -> None:
    huge = MODEL.model_copy(update={"parameters": 10**11, "config": {**MODEL.config, "model_type": "swin"}})
    finding = found(checked(evaluate(), huge, DATA), "does_not_fit")
    assert (finding.severity, finding.where) == ("error", "models")
    assert "400 GB" in finding.message


def test_a_task_vector_runs_on_its_base() -> None:
    vector = vit("v").model_copy(update={"artifact": "task_vector", "base": ("demo/a",), "config": {}})
    assert checked(evaluate("demo/a", "demo/v"), MODEL, vector, DATA).findings == ()


def test_one_model_that_fails_is_told_once() -> None:
    document = evaluate("demo/a", "demo/x", data=[{"data": "demo/digits"}, {"data": "demo/digits", "split": "train"}])
    assert found(checked(document, MODEL, text_model("x", "ForMaskedLM"), DATA), "not_a_classifier")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": 0}, "share is 0. Give a share above 0 and up to 1."),
        ({"seed": -1}, "seed is -1. Give a whole number from 0."),
        ({"max_lenght": 9}, "Did you mean max_length?"),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], words: str) -> None:
    item = {"data": "demo/reviews", "task": "masked-lm", "options": options}
    result = checked(evaluate("demo/x", data=[item]), text_model("x", "ForMaskedLM"), REVIEWS)
    assert words in found(result, "option_invalid").message
