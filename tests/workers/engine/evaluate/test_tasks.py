"""Answers of predictors that a test writes down, against numbers worked out by hand or by scikit-learn."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.special import log_softmax
from sklearn.metrics import ndcg_score

from tests.workers.engine.evaluate.scripted import Rows, Scripted
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.tasks import task_get
from workers.engine.evaluate.answers import answers_table, columns_of, write_table
from workers.engine.evaluate.batches import Part
from workers.engine.evaluate.tasks import causal_lm, classification, masked_lm, regression, retrieval, similarity

ABC = ("a", "b", "c")


def ask(module, predictor, examples, batch_size=2, **options):
    return module.answer(predictor, examples, batch_size=batch_size, options=options)


def codes(caught):
    return [finding.code for finding in caught.value.findings]


def test_chooses_the_largest_and_the_first_among_equals():
    found = ask(classification, Scripted(ABC, classify=[[1, 2, 0], [5, 5, 1]]), Rows([1, 1], ABC))
    assert found["prediction"].tolist() == [1, 0]
    assert found["correct"].tolist() == [True, False]


def test_probabilities_are_those_of_the_softmax():
    scores = np.random.default_rng(0).normal(size=(7, 3)) * 40
    gold = [0, 1, 2, 0, 1, 2, 0]
    found = ask(classification, Scripted(ABC, classify=scores), Rows(gold, ABC), batch_size=3)
    logprobs = log_softmax(scores, axis=1)
    assert found["logprob"] == pytest.approx(logprobs[range(7), gold])
    assert found["confidence"] == pytest.approx(np.exp(logprobs.max(axis=1)))


def test_classes_are_mapped_by_name():
    """The model's order is c, a, b; the data's is a, b, c."""
    found = ask(classification, Scripted(("c", "a", "b"), classify=[[9, 1, 2], [0, 9, 3]]), Rows([2, 1], ABC))
    assert found["prediction"].tolist() == [2, 0]
    assert found["logprob"][1] == pytest.approx(log_softmax([0, 9, 3])[2])


def test_what_the_model_knows_beyond_the_data_is_wrong():
    found = ask(classification, Scripted(("a", "x", "b"), classify=[[1, 9, 2]]), Rows([0], ("a", "b")))
    assert found["prediction"].tolist() == [2]
    assert found["correct"].tolist() == [False]


def test_classes_that_the_model_does_not_know_are_refused_with_the_difference():
    with pytest.raises(UserError, match=r"Only in test of data: c\..*Only in m: x\.") as caught:
        ask(classification, Scripted(("a", "b", "x"), classify=[[1, 2, 3]]), Rows([0], ABC))
    assert codes(caught) == ["label_mismatch"]


def test_a_label_outside_the_models_classes_is_refused():
    with pytest.raises(UserError) as caught:
        ask(classification, Scripted((), classify=[[1, 2]]), Rows([2], ("0", "1")))
    assert codes(caught) == ["labels_outside"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_answers_that_are_no_numbers_end_with_their_place(bad):
    with pytest.raises(UserError, match="example 2") as caught:
        ask(classification, Scripted(("a", "b"), classify=[[0, 1], [1, 0], [bad, 1]]), Rows([0, 0, 0], ("a", "b")))
    assert codes(caught) == ["nan_predictions"]


def test_says_how_far_it_is_and_can_be_stopped():
    seen = []

    def between(done):
        seen.append(done)
        if done >= 4:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        classification.answer(
            Scripted(ABC, classify=[[1, 2, 0]] * 6), Rows([1] * 6, ABC), batch_size=2, options={}, between=between
        )
    assert seen == [2, 4]


def test_parts_give_what_the_whole_gives():
    scores = np.random.default_rng(1).normal(size=(9, 3))
    examples = Rows([0, 1, 2] * 3, ABC)
    whole = ask(classification, Scripted(ABC, classify=scores), examples, batch_size=3)
    parts = [
        ask(classification, Scripted(ABC, classify=scores), Part(examples, start, stop), batch_size=3)
        for start, stop in ((0, 3), (3, 9))
    ]
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([part[name] for part in parts]))


def test_regression_keeps_how_far_off_it_was():
    found = ask(regression, Scripted(regress=[1.5, -2.0, 4.0]), Rows([1.0, 2.0, 4.0]))
    assert found["squared_error"].tolist() == [0.25, 16.0, 0.0]
    assert found["absolute_error"].tolist() == [0.5, 4.0, 0.0]


def test_bits_are_counted_over_bytes():
    """Two tokens of probability 1/2 and 1/8 are four bits; ö is two bytes."""
    found = ask(
        causal_lm, Scripted(token_logprobs={"ö": [math.log(0.5), math.log(0.125)], "": []}), Rows(text=["ö", ""])
    )
    assert found["bits"].tolist() == pytest.approx([4.0, 0.0])
    assert found["bytes"].tolist() == [2, 0]
    assert found["tokens"].tolist() == [2, 0]


def test_hidden_tokens_do_not_depend_on_order_or_batch():
    class Noted(Scripted):
        def mlm(self, texts, draws, share, max_length):
            self.draws = getattr(self, "draws", {}) | dict(zip(texts, draws, strict=True))
            return [(np.array([-1.0, -2.0]), np.array([True, False])) for _ in texts]

    one, other, third = Noted(), Noted(), Noted()
    found = ask(masked_lm, one, Rows(text=["x", "y", "z"], row=[0, 0, 0]))
    ask(masked_lm, other, Rows(text=["z", "x", "y"], row=[0, 0, 0]), batch_size=3)
    ask(masked_lm, third, Rows(text=["x"], row=[0]), seed=1)
    assert one.draws == other.draws
    assert third.draws["x"] != one.draws["x"]
    assert (found["logprob"][0], found["hits"][0], found["tokens"][0]) == (-3.0, 1, 2)


def test_similarity_is_the_cosine():
    vectors = {"a": [3, 4], "b": [4, 3], "c": [0, 0]}
    found = ask(similarity, Scripted(embed=vectors), Rows([0.5, 0.1], text=["a", "a"], text_pair=["b", "c"]))
    assert found["prediction"].tolist() == pytest.approx([0.96, 0.0])


def test_retrieval_measures_agree_with_scikit_learn():
    rng = np.random.default_rng(2)
    documents = [f"d{number}" for number in range(30)]
    queries = [f"q{number % 12}" for number in range(30)]
    vectors = {text: rng.normal(size=5) for text in {*documents, *queries}}
    found = ask(retrieval, Scripted(embed=vectors), Rows(query=queries, document=documents), batch_size=7)
    units = {text: vector / np.linalg.norm(vector) for text, vector in vectors.items()}
    for row, query in enumerate(queries):
        scores = np.array([units[query] @ units[document] for document in documents])
        relevance = np.array([float(other == query) for other in queries])
        assert found["ndcg_at_10"][row] == pytest.approx(ndcg_score([relevance], [scores], k=10))
        top = np.argsort(-scores)[:10]
        assert found["recall_at_10"][row] == pytest.approx(relevance[top].sum() / relevance.sum())
        first = next((place for place, at in enumerate(np.argsort(-scores), 1) if relevance[at]), None)
        assert found["reciprocal_rank"][row] == (1 / first if first <= 10 else 0.0)
        wrong_in_front = int(((scores > scores[row]) & (relevance == 0)).sum())
        assert found["rank"][row] == wrong_in_front + 1


def test_a_model_that_cannot_tell_documents_apart_gains_nothing():
    texts = {f"d{number}": [1, 0] for number in range(20)} | {"q": [1, 0]}
    documents = [f"d{number}" for number in range(20)]
    examples = Rows(query=["q"] + [f"d{number}" for number in range(1, 20)], document=documents)
    found = ask(retrieval, Scripted(embed=texts), examples)
    assert found["rank"].tolist() == [20] * 20
    assert found["ndcg_at_10"].sum() == 0


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (masked_lm, {"share": 0}),
        (masked_lm, {"seed": "x"}),
        (causal_lm, {"max_length": 1.5}),
        (retrieval, {"query_prefix": 3}),
    ],
)
def test_options_that_make_no_sense_are_refused(module, options):
    rows = Rows(text=["a"], query=["a"], document=["a"])
    with pytest.raises(UserError) as caught:
        ask(module, Scripted(embed={"a": [1, 0]}), rows, **options)
    assert codes(caught) == ["option_invalid"]


def test_answers_come_back_from_parquet_as_they_were(tmp_path):
    task = task_get("image-classification")
    columns = ask(classification, Scripted(ABC, classify=[[1, 2, 0], [5, 5, 1], [0, 1, 2]]), Rows([1, 1, 0], ABC))
    index = np.array([7, 8, 9])
    slices = {"colour": ["red", "blue", "red"]}
    table = answers_table(task, columns, index=index, shas=["x", "y", "z"], slices=slices, cluster=["1", "1", "2"])
    write_table(table, tmp_path / "a" / "answers.parquet")
    kept = pq.read_table(tmp_path / "a" / "answers.parquet")
    assert kept.column_names == [
        "example_id", "example_sha", "gold", "prediction", "correct", "logprob", "confidence", "slice:colour", "cluster",
    ]  # fmt: skip
    assert kept.to_pydict()["slice:colour"] == ["red", "blue", "red"]
    for name, values in columns_of(kept, task).items():
        assert np.array_equal(values, columns[name])


def test_bytes_do_not_depend_on_how_the_answers_were_put_together(tmp_path):
    import pyarrow as pa

    task = task_get("tabular-regression")
    columns = ask(regression, Scripted(regress=np.arange(10.0)), Rows(list(np.arange(10.0) / 3)))
    table = answers_table(task, columns, index=np.arange(10), shas=[str(number) for number in range(10)])
    write_table(table, tmp_path / "whole.parquet")
    write_table(pa.concat_tables([table.slice(0, 3), table.slice(3)]), tmp_path / "parts.parquet")
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "parts.parquet").read_bytes()
