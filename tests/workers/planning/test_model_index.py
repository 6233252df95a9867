"""What cards claim, as they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.planning.model_index import MOST, claims_of_card


def card(value=0.9, metric="accuracy", dataset=None, **rest):
    dataset = {"type": "alice/letters", "name": "Letters", "split": "test"} | (dataset or {})
    result = {
        "task": {"type": "image-classification"},
        "dataset": dataset,
        "metrics": [{"type": metric, "value": value, **rest}],
    }
    return {"model-index": [{"name": "m", "results": [result]}]}


def test_reads_a_result():
    (claim,) = claims_of_card(card())
    assert (claim.task, claim.dataset, claim.dataset_name, claim.split) == (
        "image-classification",
        "alice/letters",
        "Letters",
        "test",
    )
    assert (claim.metric, claim.value, claim.step, claim.written) == ("accuracy", 0.9, pytest.approx(0.05), "0.9")


@pytest.mark.parametrize(
    ("metric", "value", "expected", "step"),
    [
        ("accuracy", 91.2, 0.912, 0.0005),
        ("accuracy", "91.2%", 0.912, 0.0005),
        ("accuracy", "91.2 %", 0.912, 0.0005),
        ("accuracy", 0.9123, 0.9123, 0.00005),
        ("accuracy", 1, 1.0, 0.5),
        ("rmse", 91.2, 91.2, 0.05),
        ("perplexity", "12", 12.0, 0.5),
        ("spearman", 0.81, 0.81, 0.005),
    ],
)
def test_numbers_come_in_the_unit_of_the_metric(metric, value, expected, step):
    (claim,) = claims_of_card(card(value, metric))
    assert claim.value == pytest.approx(expected)
    assert claim.step == pytest.approx(step)


@pytest.mark.parametrize(
    ("written", "known"),
    [("Accuracy", "accuracy"), ("acc", "accuracy"), ("bits per byte", "bits_per_byte"), ("nDCG@10", "ndcg_at_10"), ("ndcg_at_10", "ndcg_at_10"),
     ("spearmanr", "spearman"), ("Macro F1", "f1_macro"), ("f1", ""), ("wer", "")],
)  # fmt: skip
def test_metrics_have_many_names(written, known):
    assert claims_of_card(card(0.5, written))[0].metric == known


@pytest.mark.parametrize(
    "value", ["about 90", "", None, True, [0.9], {"value": 0.9}, "nan", float("inf"), "9" * 400, "1e999"]
)
def test_what_is_no_number_is_passed_over(value):
    assert claims_of_card(card(value)) == []


@pytest.mark.parametrize("split", ["dev", "validation", "VALID"])
def test_splits_have_many_names(split):
    assert claims_of_card(card(dataset={"split": split}))[0].split == "validation"


def test_reads_at_most_so_many():
    results = [
        card()["model-index"][0]["results"][0] | {"metrics": [{"type": "acc", "value": 0.5}] * 150} for _ in range(3)
    ]
    assert len(claims_of_card({"model-index": [{"results": results}]})) == MOST


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["results", "metrics", "dataset", "task", "type", "value", "name", "split"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(json_like)
def test_takes_whatever_stands_in_a_card(value):
    claims_of_card({"model-index": value})
