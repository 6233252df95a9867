"""Merges of models with different tokenizers, from the terminal, on folders."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import Tokenizer as Library

from tests.workers.jobs.vocabularies import checked, family, model_write, vocabulary_of
from tests.workers.planning.tokenizers.made import TEXTS, bytes_bpe, unigram, word_piece
from workers import cli

EMBEDDINGS, HEAD = "model.embed_tokens.weight", "lm_head.weight"
Models = dict[str, Path]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return family(tmp_path_factory.mktemp("models"))


def merge(folder: Path, document: dict[str, Any]) -> Path:
    recipe, out = folder / "recipe.yaml", folder / "out"
    recipe.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert cli.main([str(recipe), str(out), "--threads", "1", "--force"], kind="merge") == cli.OK
    return out


def linear(models: Models, tokenizer: Any, weights: tuple[float, ...] = (0.5, 0.3, 0.2), **more: Any) -> dict[str, Any]:
    sources = [
        {"model": str(folder), "weight": weight} for folder, weight in zip(models.values(), weights, strict=False)
    ]
    return {"kind": "merge", "method": "linear", "sources": sources, "tokenizer": tokenizer, **more}


def tables(folder: Path) -> dict[str, np.ndarray]:
    state = load_file(folder / "model.safetensors")
    return {name: state[name].double().numpy() for name in (EMBEDDINGS, HEAD) if name in state}


def config(folder: Path, name: str = "config.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text())
    return found


def test_a_union_averages_rows_that_mean_the_same_token(models: Models, tmp_path: Path) -> None:
    """Oracle, token by token in float64: a model that lacks one has the mean of the rows of those that have it."""
    out = merge(tmp_path, linear(models, "union"))
    made, vocabulary = tables(out), vocabulary_of(out)
    own = [(vocabulary_of(folder), tables(folder)) for folder in models.values()]
    assert vocabulary.keys() == {token for tokens, _ in own for token in tokens}
    assert config(out)["vocab_size"] == len(vocabulary) == len(made[EMBEDDINGS])
    for table in (EMBEDDINGS, HEAD):
        for token, place in vocabulary.items():
            rows = [rows[table][tokens[token]] if token in tokens else None for tokens, rows in own]
            mean = np.mean([row for row in rows if row is not None], axis=0)
            wanted = sum(
                weight * (mean if row is None else row) for weight, row in zip((0.5, 0.3, 0.2), rows, strict=True)
            )
            np.testing.assert_allclose(made[table][place], wanted, rtol=1e-5, atol=1e-6)


def test_the_tokenizer_of_a_union_cuts_the_texts_of_all(models: Models, tmp_path: Path) -> None:
    out = merge(tmp_path, linear(models, "union"))
    library = Library.from_file(str(out / "tokenizer.json"))
    for text in TEXTS.values():
        assert library.decode(library.encode(text).ids) == text
    assert len(library.encode(TEXTS["code"]).ids) < len(TEXTS["code"]) / 2
    assert {path.name for path in out.glob("*token*")} == {"tokenizer.json", "tokenizer_config.json"}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(("cats", "code", "chats")), whole=st.integers(0, 2))
def test_a_union_cut_down_to_one_models_tokens_gives_back_its_rows(
    models: Models, tmp_path: Path, order: list[str], whole: int
) -> None:  # fmt: skip
    weights = tuple(float(place == whole) for place in range(3))
    out = merge(tmp_path, linear({name: models[name] for name in order}, "union", weights))
    source, vocabulary = models[order[whole]], vocabulary_of(out)
    own = vocabulary_of(source)
    for name, table in tables(source).items():
        assert np.array_equal(tables(out)[name][[vocabulary[token] for token in own]], table[list(own.values())])


def test_the_ids_of_special_tokens_follow_their_tokens(models: Models, tmp_path: Path) -> None:
    first = merge(tmp_path, linear({name: models[name] for name in ("cats", "code")}, "union"))
    assert (config(first)["bos_token_id"], config(first)["eos_token_id"]) == (0, 1)
    taken = merge(tmp_path, linear({name: models[name] for name in ("cats", "code")}, str(models["code"])))
    # The config of the model whose tokenizer it is goes first: its texts end as that tokenizer ends them.
    assert vocabulary_of(taken) == vocabulary_of(models["code"])
    assert (config(taken)["bos_token_id"], config(taken, "generation_config.json")["eos_token_id"]) == (0, [1])
    turned = merge(tmp_path, linear({name: models[name] for name in ("code", "cats")}, "union"))
    assert vocabulary_of(turned)["<s>"] == 2


def test_rules_for_single_tokens(models: Models, tmp_path: Path) -> None:
    tokens = {
        "the": {"source": {"kind": "zero"}, "force": True},
        "<|im_start|>": {"source": {"kind": "model_token", "model": str(models["cats"]), "token": "Ġcat"}, "force": True},
        "<new>": {"source": {"kind": "model_token", "model": str(models["code"]), "token_id": 7}},
        "def": {"source": str(models["code"])},
    }  # fmt: skip
    out = merge(tmp_path, linear(models, {"tokens": tokens, "pad_to_multiple_of": 100}))
    made, vocabulary = tables(out)[EMBEDDINGS], vocabulary_of(out)
    cats, code = tables(models["cats"])[EMBEDDINGS], tables(models["code"])[EMBEDDINGS]
    assert not made[vocabulary["the"]].any()
    np.testing.assert_allclose(made[vocabulary["<|im_start|>"]], cats[vocabulary_of(models["cats"])["Ġcat"]], rtol=1e-6)
    np.testing.assert_allclose(made[vocabulary["<new>"]], code[7], rtol=1e-6)
    np.testing.assert_allclose(made[vocabulary["def"]], code[vocabulary_of(models["code"])["def"]], rtol=1e-6)
    assert len(made) == 400
    np.testing.assert_allclose(made[-1], made[: len(vocabulary)].mean(0), rtol=1e-5, atol=1e-6)


def test_padded_rows_are_kept_unless_the_recipe_is_to_compute_as_mergekit(models: Models, tmp_path: Path) -> None:
    pair = {name: models[name] for name in ("chats", "cats")}
    rows, tokens = len(tables(models["chats"])[EMBEDDINGS]), len(vocabulary_of(models["chats"]))
    first = merge(tmp_path, linear(pair, str(models["chats"]), (1.0, 0.0)))
    assert np.array_equal(tables(first)[EMBEDDINGS], tables(models["chats"])[EMBEDDINGS])
    document = linear(pair, str(models["chats"]), compat="mergekit")
    assert "vocabulary_shrinks" in {found.code for found in checked(document).findings}
    assert len(tables(merge(tmp_path, document))[EMBEDDINGS]) == tokens < rows


def test_the_base_stands_in_for_what_a_source_lacks(models: Models, tmp_path: Path) -> None:
    """Then it changed nothing there: a token of the base that no source has keeps the base's row."""
    document = {
        "merge_method": "task_arithmetic", "base_model": str(models["cats"]), "tokenizer_source": "union",
        "models": [{"model": str(models["code"]), "parameters": {"weight": 1.0}}],
    }  # fmt: skip
    out = merge(tmp_path, document)
    made, vocabulary = tables(out)[EMBEDDINGS], vocabulary_of(out)
    cats, code = vocabulary_of(models["cats"]), vocabulary_of(models["code"])
    only = [token for token in cats if token not in code]
    rows = tables(models["cats"])[EMBEDDINGS][[cats[token] for token in only]]
    np.testing.assert_allclose(made[[vocabulary[token] for token in only]], rows, atol=1e-6)
    both = [token for token in cats if token in code]
    rows = tables(models["code"])[EMBEDDINGS][[code[token] for token in both]]
    np.testing.assert_allclose(made[[vocabulary[token] for token in both]], rows, atol=1e-5)


def test_a_head_that_one_model_shares_with_its_embeddings(models: Models, tmp_path: Path) -> None:
    """The tied model's embeddings are its head, in the order of the result's tokens."""
    tied = model_write(tmp_path / "tied", bytes_bpe(TEXTS["code"]), seed=9, tied=True)
    out = merge(tmp_path, linear({"cats": models["cats"], "tied": tied}, "union", (0.0, 1.0)))
    vocabulary, own = vocabulary_of(out), vocabulary_of(tied)
    wanted = tables(tied)[EMBEDDINGS][list(own.values())]
    for name in (EMBEDDINGS, HEAD):
        assert np.array_equal(tables(out)[name][[vocabulary[token] for token in own]], wanted)


@pytest.mark.parametrize("make", [word_piece, unigram])
def test_other_kinds_of_tokenizers_are_united_too(make: Any, tmp_path: Path) -> None:
    pair = {
        name: model_write(tmp_path / name, make(TEXTS[name]), seed=seed) for seed, name in enumerate(("cats", "chats"))
    }
    out = merge(tmp_path, linear(pair, "union", (0.0, 1.0)))
    vocabulary, own = vocabulary_of(out), vocabulary_of(pair["chats"])
    assert np.array_equal(
        tables(out)[EMBEDDINGS][[vocabulary[token] for token in own]],
        tables(pair["chats"])[EMBEDDINGS][list(own.values())],
    )


def test_bytes_do_not_depend_on_threads_or_formats_that_differ(models: Models, tmp_path: Path) -> None:
    half = model_write(tmp_path / "half", bytes_bpe(TEXTS["code"]), seed=4, dtype=torch.bfloat16)
    document = linear({"cats": models["cats"], "half": half}, "union")
    recipe = tmp_path / "r.yaml"
    recipe.write_text(yaml.safe_dump(document))
    for threads in ("1", "3"):
        assert cli.main([str(recipe), str(tmp_path / threads), "--threads", threads], kind="merge") == cli.OK
    first, other = ((tmp_path / threads / "model.safetensors").read_bytes() for threads in ("1", "3"))
    assert first == other
