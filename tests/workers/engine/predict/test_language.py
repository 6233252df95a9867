"""How probable texts are: against direct passes of the models."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.text_models import bert_folder, gpt2_folder, llama_folder
from tests.workers.jobs.vocabularies import family
from workers import cli
from workers.engine.predict.language import hidden_positions, windows
from workers.engine.predict.load import load_predictor


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    return load_predictor(gpt2_folder(tmp_path_factory.mktemp("gpt2"), length=16), task="causal-lm", name="m")


@given(tokens=st.integers(1, 200), length=st.integers(2, 40))
def test_windows_score_every_token_once_with_enough_context(tokens, length):
    stride = max(1, length // 2)
    scored = []
    for begin, first, end in windows(tokens, length, stride):
        assert end - begin <= length
        assert begin == 0 or first - begin >= length - stride
        scored += range(first, end)
    assert scored == list(range(1, tokens))


def test_a_text_that_fits_is_the_sum_of_one_pass(causal):
    text = "hello wörld"
    tokens = torch.tensor([[1, *causal.encode(text)]])
    with torch.no_grad():
        logits = torch.log_softmax(causal.module(tokens).logits.double(), -1)[0, :-1]
    expected = logits.gather(1, tokens[0, 1:, None])[:, 0].numpy()
    (values, count), _ = causal.token_logprobs([text, "x"])
    assert count == len(text.encode()) == len(values)
    assert values == pytest.approx(expected, abs=1e-5)


def test_a_long_text_keeps_half_a_window_of_context(causal):
    text = "abcdefghijklmnopqrstuvwxyz0123456789"
    tokens = [1, *causal.encode(text)]
    values, _ = causal.token_logprobs([text])[0]
    assert len(values) == len(text)
    for position in (3, 15, 16, 20, 35):
        # The window ends at 16, 24, 32 … and begins 16 before that.
        end = 16 if position < 16 else 16 + 8 * math.ceil((position + 1 - 16) / 8)
        end = min(end, len(tokens))
        begin = max(0, end - 16)
        with torch.no_grad():
            logits = causal.module(torch.tensor([tokens[begin:position]])).logits[0, -1].double()
        assert values[position - 1] == pytest.approx(torch.log_softmax(logits, -1)[tokens[position]].item(), abs=1e-5)


def test_without_a_start_token_the_first_one_costs_its_name(causal, monkeypatch):
    monkeypatch.setattr(type(causal), "start_token", None)
    values, _ = causal.token_logprobs(["ab"])[0]
    assert values[0] == pytest.approx(-math.log(261))


def test_an_empty_text_has_no_tokens(causal):
    (values, count), (_, other) = causal.token_logprobs(["", "ab"])
    assert (len(values), count, other) == (0, 0, 2)


def test_probabilities_of_the_next_token_sum_to_one(causal):
    scores = causal.score_tokens([([1, 40], [token]) for token in range(261)])
    assert sum(math.exp(values[0]) for values, _ in scores) == pytest.approx(1.0)
    assert sum(bool(greedy[0]) for _, greedy in scores) == 1


def test_generation_is_the_likeliest_token_each_time(causal):
    prompts = ["abc", "a much longer"]
    found = causal.generate(prompts, 6)
    for prompt, text in zip(prompts, found, strict=True):
        tokens = causal.encode(prompt)[-10:]
        written = []
        for _ in range(6):
            with torch.no_grad():
                token = int(causal.module(torch.tensor([tokens + written])).logits[0, -1].argmax())
            if token == 2:
                break
            written.append(token)
        assert text == causal.tokenizer.decode(written, skip_special_tokens=True)


@pytest.mark.parametrize("ends", [2, [2, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72]])
def test_a_tokenizer_that_begins_texts_is_asked_as_transformers_asks_it(tmp_path, ends):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = llama_folder(tmp_path)
    theirs, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    theirs.generation_config.eos_token_id = ends
    theirs.save_pretrained(folder)
    model = load_predictor(folder, task="causal-lm", name="m")
    prompts = ["abc", "a much longer", ""]
    found = model.generate(prompts, 12)
    for prompt, text in zip(prompts, found, strict=True):
        inputs = tokenizer(prompt, return_tensors="pt")
        assert inputs["input_ids"][0, 0] == tokenizer.bos_token_id
        with torch.no_grad():
            whole = theirs.generate(**inputs, max_new_tokens=12, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        cut = [token for token in whole.tolist() if token not in (ends if isinstance(ends, list) else [ends])]
        assert text == tokenizer.decode(cut, skip_special_tokens=True)


def test_of_a_prompt_that_is_too_long_the_end_goes_in_and_that_is_said(causal):
    assert causal.generate(["z" * 40 + "abcd"], 12) == causal.generate(["abcd"], 12)
    assert any("beginning was left out" in remark for remark in causal.remarks)


def test_generation_stops_at_the_mark(causal):
    whole = causal.generate(["abc"], 8)[0]
    mark = whole[2]
    assert causal.generate(["abc"], 8, stop=[mark])[0] == whole[: whole.index(mark)]


def test_hidden_tokens_are_those_of_the_draw():
    assert hidden_positions(7, range(40), 0.15) == hidden_positions(7, range(40), 0.15)
    assert hidden_positions(7, range(40), 0.15) != hidden_positions(8, range(40), 0.15)
    assert len(hidden_positions(1, [5], 0.15)) == 1
    assert len(hidden_positions(1, range(40), 0.15)) == 6


def test_gaps_are_guessed_from_what_is_left(tmp_path):
    model = load_predictor(bert_folder(tmp_path), task="masked-lm", name="m")
    texts = ["some words here", "x"]
    found = model.mlm(texts, [3, 4])
    for text, draw, (values, hits) in zip(texts, [3, 4], found, strict=True):
        tokens = model.tokenizer(text)["input_ids"]
        special = model.tokenizer(text, return_special_tokens_mask=True)["special_tokens_mask"]
        gaps = hidden_positions(draw, [at for at, flag in enumerate(special) if not flag], 0.15)
        seen = torch.tensor([tokens])
        seen[0, gaps] = model.tokenizer.mask_token_id
        with torch.no_grad():
            logits = torch.log_softmax(model.module(seen).logits.double(), -1)[0]
        expected = [logits[gap, tokens[gap]].item() for gap in gaps]
        assert values == pytest.approx(expected, abs=1e-5)
        assert hits.tolist() == [int(logits[gap].argmax()) == tokens[gap] for gap in gaps]
        assert values.dtype == np.float64


@pytest.mark.parametrize("method", ["linear", "tokenizer_transplant"])
def test_a_model_with_a_made_vocabulary_loads_and_reads_texts(method: str, tmp_path) -> None:
    """As transformers loads it: every row has its token, and texts of both models come back."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folders = family(tmp_path)
    names = {"base": str(folders["cats"])} if method != "linear" else {"tokenizer": "union"}
    sources = [{"model": str(folders[name])} for name in (("code",) if "base" in names else ("cats", "code"))]
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "out"
    recipe.write_text(json.dumps({"kind": "merge", "method": method, "sources": sources, **names}))
    assert cli.main([str(recipe), str(out), "--threads", "1"], kind="merge") == cli.OK
    tokenizer = AutoTokenizer.from_pretrained(out)
    model, found = AutoModelForCausalLM.from_pretrained(out, output_loading_info=True)
    assert not any(found.values())
    assert len(tokenizer) == model.get_input_embeddings().num_embeddings == model.config.vocab_size
    for text in ("the cat sat on the mat", "def main(argument): return 1ü"):
        tokens = tokenizer(text, return_tensors="pt").input_ids
        assert tokenizer.decode(tokens[0]) == text
        assert torch.isfinite(model(tokens).logits).all()
