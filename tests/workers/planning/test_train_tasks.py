"""Trainings of every task, judged from headers and configs alone."""

from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, dataset, facts_make, found, vit
from workers.contracts.facts import RepoFacts
from workers.planning.architectures import shape_of

SHAPES: dict[str, tuple[int, ...]] = {"layer.weight": (8, 8)}
GPT: dict[str, Any] = {
    "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 64,
    "vocab_size": 300,
}  # fmt: skip
BERT: dict[str, Any] = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "max_position_embeddings": 64}


def model(name: str, config: dict[str, Any], **more: Any) -> RepoFacts:
    return facts_make(
        name, SHAPES, config=config, architecture=config.get("architectures", [""])[0],
        **({"tokenizer_digest": "t" * 64, "parameters": shape_of(config).parameters or 64} | more),
    )  # fmt: skip


def texts(name: str = "texts", **more: Any) -> RepoFacts:
    fields: dict[str, Any] = {
        "tensors": {}, "columns": {"text": "string", "label": "string", "score": "double"}, "labels": ("no", "yes"),
    }  # fmt: skip
    return dataset(name, **(fields | more))


LANGUAGE = model("gpt", GPT)
CLASSIFIER = model(
    "classifier",
    {**BERT, "architectures": ["BertForSequenceClassification"], "id2label": {"0": "no", "1": "yes"}},
    labels=("no", "yes"),
)
BODY = model("body", {**BERT, "architectures": ["BertModel"]})


def train(name: str, **changes: Any) -> dict[str, Any]:
    document = {"kind": "train", "model": f"demo/{name}", "data": [{"data": "demo/texts", "split": "train"}]} | changes
    return {key: value for key, value in document.items() if value is not ...}


def judged(document: dict[str, Any], *more: RepoFacts) -> Any:
    return checked(document, LANGUAGE, CLASSIFIER, BODY, vit("vit"), *(more or (texts(),)))


@pytest.mark.parametrize(
    "document",
    [
        train("gpt"),
        train("gpt", lora={"rank": 2}, max_length=32),
        train("classifier"),
        train("classifier", task="text-classification", early_stop={"patience": 2}),
        train("classifier", validation={"data": "demo/texts", "split": "test"}, early_stop={}),
        train("gpt", model=..., architecture=GPT),
        train("gpt", data=[{"data": "builtin:python-text", "split": "train"}]),
        train("vit", data=[{"data": "builtin:digits", "split": "train"}]),
    ],
)
def test_trainings_that_can_run(document: dict[str, Any]) -> None:
    assert judged(document).findings == ()


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (train("body"), "task_missing", "task"),
        (train("gpt", task="retrieval"), "task_untrainable", "task"),
        (train("gpt", task="masked-lm"), "not_a_language_model", "task"),
        (train("classifier", task="causal-lm"), "not_a_language_model", "task"),
        (train("classifier", columns={"text": "txet"}), "column_missing", "data[0]"),
        (train("vit"), "column_missing", "data[0]"),
        (train("gpt", max_length=128), "too_long", "max_length"),
        (train("gpt", validation={"data": "demo/gone", "split": "test"}), "not_found", "validation.data"),
        (train("gpt", data=[{"data": "demo/texts", "split": "validation"}], early_stop={}), "validation_missing", "early_stop"),
        (train("gpt", batch_size=4096, max_length=64, model=..., architecture={**GPT, "n_embd": 8192, "n_layer": 200}), "too_large", "batch_size"),
    ],
)  # fmt: skip
def test_trainings_that_cannot_run(document: dict[str, Any], code: str, where: str) -> None:
    finding = found(judged(document), code)
    assert (finding.severity, finding.where) == ("error", where)


def test_model_without_a_tokenizer_cannot_read() -> None:
    assert "tokenizer_missing" in codes(checked(train("gpt"), model("gpt", GPT, tokenizer_digest=""), texts()))


@pytest.mark.parametrize("lora", [..., {"rank": 2}])
def test_classes_that_differ_are_shown_and_can_have_a_head_of_their_own(lora: Any) -> None:
    other = texts(labels=("negative", "positive"))
    finding = found(judged(train("classifier", lora=lora), other), "label_mismatch")
    assert finding.where == "data[0]"
    assert "negative" in finding.message
    assert judged(patched(train("classifier", lora=lora), finding.repair[0]), other).ok


def test_named_classes_that_would_become_numbers_are_told_of_and_can_have_a_head_of_their_own() -> None:
    numbered = CLASSIFIER.model_copy(
        update={"repo": "demo/numbered", "reference": "demo/numbered", "labels": ("0", "1")}
    )
    finding = found(checked(train("numbered"), numbered, texts()), "labels_by_number")
    assert (finding.severity, finding.where) == ("warning", "data[0]")
    assert "no, yes are learnt as its classes 0 to 1" in finding.message
    assert "labels_by_number" not in codes(checked(patched(train("numbered"), finding.repair[0]), numbered, texts()))


def test_a_few_named_classes_are_not_learnt_as_the_first_of_many_numbers_but_under_a_head_of_their_own() -> None:
    numbered = CLASSIFIER.model_copy(
        update={"repo": "demo/numbered", "reference": "demo/numbered", "labels": ("0", "1", "2")}
    )
    finding = found(checked(train("numbered"), numbered, texts()), "label_mismatch")
    assert "names 2 classes (no, yes), numbered numbers 3 (0, 1, 2)" in finding.message
    assert checked(patched(train("numbered"), finding.repair[0]), numbered, texts()).ok


@pytest.mark.parametrize("lora", [..., {"rank": 2}])
@pytest.mark.parametrize("task", ["text-classification", "text-regression"])
def test_new_head_is_told_of(task: str, lora: Any) -> None:
    columns = {"target": "score"} if task == "text-regression" else {}
    result = judged(train("gpt", task=task, columns=columns, lora=lora))
    assert result.ok
    assert found(result, "new_head").severity == "info"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"new_head": True}, "new_head_unused"),
        ({"precision": "float16"}, "precision_needs_gpu"),
        ({"validation": {"data": "demo/texts", "split": "train"}}, "validates_on_training"),
    ],
)
def test_what_can_run_and_may_disappoint(changes: dict[str, Any], code: str) -> None:
    document = train("gpt", **changes)
    finding = found(judged(document), code)
    assert finding.severity == "warning"
    assert code not in codes(judged(patched(document, finding.repair[0])))


@pytest.mark.parametrize("code", ["validation_missing", "too_long"])
def test_errors_bring_a_way_out(code: str) -> None:
    document = {
        "validation_missing": train("gpt", data=[{"data": "demo/texts", "split": "validation"}], early_stop={}),
        "too_long": train("gpt", max_length=128),
    }[code]
    assert judged(patched(document, found(judged(document), code).repair[0])).ok


def test_fewer_steps_cost_less_time() -> None:
    long, short = judged(train("gpt", epochs=10_000)), judged(train("gpt", epochs=10_000, max_steps=10))
    assert short.estimate.seconds[1] < long.estimate.seconds[1]


def test_architecture_is_weighed_under_the_head_of_its_task() -> None:
    sizes = {"model_type": "bert", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 1000}
    document = train("gpt", model=..., architecture=sizes, task="text-classification")
    assert judged(document).estimate.write_bytes > 4 * 64 * 1000


def test_rows_that_nobody_counted_do_not_make_time_negative() -> None:
    result = judged(train("gpt"), texts(splits={"train": -1}))
    assert result.ok
    assert result.estimate.seconds[0] > 0
