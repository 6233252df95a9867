"""Trying real tiny models of texts and tables: gaps, continuations, vectors, rows."""

import json

import numpy as np
import pytest

from tests.onnx_models import linear_onnx
from tests.text_models import bert_folder, gpt2_folder
from workers.contracts.errors import UserError
from workers.contracts.tasks import task_get
from workers.engine.predict.load import load_predictor
from workers.engine.tryout.answers import NEW_TOKENS, answer_of


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    with load_predictor(bert_folder(tmp_path_factory.mktemp("bert")), task="masked-lm", name="alice/bert") as predictor:
        yield predictor


def asked(predictor, task, **given):
    return answer_of(predictor, task_get(task), given)


@pytest.mark.parametrize("gap", ["<mask>", "___"])
def test_a_gap_is_filled_with_the_likeliest_tokens(masked, gap):
    import torch

    answer = asked(masked, "masked-lm", text=f"a{gap}c")
    inputs = masked.tokenizer("a<mask>c", return_tensors="pt")
    place = int((inputs["input_ids"][0] == masked.tokenizer.mask_token_id).nonzero()[0])
    with torch.no_grad():
        logits = masked.module(**inputs).logits[0, place].double()
    shares = torch.softmax(logits, -1)
    assert answer["classes"][0]["confidence"] == pytest.approx(float(shares.max()), abs=1e-9)
    assert answer["classes"][0]["name"] == masked.tokenizer.decode([int(shares.argmax())]).strip()
    assert len(answer["classes"]) == 10


def test_a_text_without_a_gap_is_told_how_to_write_one(masked):
    with pytest.raises(UserError, match=r"Write <mask> or ___") as caught:
        asked(masked, "masked-lm", text="whole")
    assert caught.value.findings[0].code == "gap_missing"


def test_a_model_that_fills_no_gaps_says_so(tmp_path):
    with (
        load_predictor(gpt2_folder(tmp_path), task="causal-lm", name="alice/gpt") as predictor,
        pytest.raises(UserError, match="cannot fill gaps"),
    ):
        asked(predictor, "masked-lm", text="a ___")


def test_a_continuation_is_at_most_so_many_tokens_and_the_same_each_time(tmp_path):
    with load_predictor(gpt2_folder(tmp_path, length=256), task="causal-lm", name="alice/gpt") as predictor:
        first, second = (asked(predictor, "causal-lm", text="once")["text"] for _ in range(2))
        assert first == second
        assert (
            len(predictor.tokenizer.encode(first)) <= 3 * NEW_TOKENS
        )  # bytes that make no character are written as three


def test_equal_texts_are_alike_and_their_similarity_is_one(masked):
    assert asked(masked, "sentence-similarity", text="abc", text_pair="abc")["similarity"] == pytest.approx(1.0)
    assert asked(masked, "sentence-similarity", text="abc", text_pair="xyz")["similarity"] < 1.0


def test_a_row_goes_through_an_onnx_model(tmp_path):
    weight = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]], dtype=np.float32)
    folder = linear_onnx(tmp_path / "table", weight, np.zeros(2, dtype=np.float32))
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "benign", "1": "malign"}}))
    with load_predictor(folder, task="tabular-classification", name="alice/table") as predictor:
        answer = asked(predictor, "tabular-classification", features=[1, 2, 0.5])
        with pytest.raises(UserError):
            asked(predictor, "tabular-classification", features=[1, 2])
    scores = np.array([1.0, 2.0, 0.5]) @ weight
    shares = np.exp(scores) / np.exp(scores).sum()
    assert [row["name"] for row in answer["classes"]] == ["malign", "benign"]
    assert answer["classes"][0]["confidence"] == pytest.approx(shares[1], abs=1e-6)
