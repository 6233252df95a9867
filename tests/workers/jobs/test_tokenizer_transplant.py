"""One model with the tokenizer of another, from the terminal, on folders."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from sklearn.linear_model import orthogonal_mp

from tests.workers.jobs.vocabularies import checked, family, model_write, vocabulary_of
from tests.workers.planning.tokenizers.made import TEXTS, bytes_bpe, read, unigram, word_piece
from workers import cli
from workers.engine.merge.pursuit import nearest, pursue
from workers.planning.tokenizers.surface import matches_of, surfaces_of

EMBEDDINGS, HEAD = "model.embed_tokens.weight", "lm_head.weight"
Models = dict[str, Path]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("models")
    wide = model_write(folder / "wide", bytes_bpe(TEXTS["code"], 290), seed=8, width=24, config={"eos_token_id": 0})
    return family(folder) | {"wide": wide}


def document(base: Path, donor: Path, **more: Any) -> dict[str, Any]:
    return {
        "kind": "merge",
        "method": "tokenizer_transplant",
        "base": str(base),
        "sources": [{"model": str(donor)}],
        **more,
    }


def graft(folder: Path, base: Path, donor: Path, **more: Any) -> Path:
    recipe, out = folder / "recipe.yaml", folder / "out"
    recipe.write_text(yaml.safe_dump(document(base, donor, **more)), encoding="utf-8")
    assert cli.main([str(recipe), str(out), "--threads", "1", "--force"], kind="merge") == cli.OK
    return out


def rows(folder: Path, name: str, tokens: Any) -> np.ndarray:
    """The rows of these tokens, in float64."""
    vocabulary = vocabulary_of(folder)
    state = load_file(folder / "model.safetensors")
    found: np.ndarray = (
        state[name if name in state else EMBEDDINGS].double().numpy()[[vocabulary[token] for token in tokens]]
    )
    return found


def shared_and_new(base: Path, donor: Path) -> tuple[list[str], list[str]]:
    own, theirs = vocabulary_of(base), vocabulary_of(donor)
    ordered = sorted(theirs, key=theirs.__getitem__)
    return [token for token in ordered if token in own], [token for token in ordered if token not in own]


def test_shared_rows_stay_new_ones_are_pursued_and_the_rest_is_copied(models: Models, tmp_path: Path) -> None:
    """Oracle: greedy choice and least squares in the donor's space, by numpy in float64."""
    base, donor = models["cats"], models["wide"]
    out = graft(tmp_path, base, donor, k=5)
    shared, new = shared_and_new(base, donor)
    assert new
    assert vocabulary_of(out) == vocabulary_of(donor)
    for name in (EMBEDDINGS, HEAD):
        assert np.array_equal(rows(out, name, shared), rows(base, name, shared))
        atoms = rows(donor, name, shared)
        for token, made in zip(new, rows(out, name, new), strict=True):
            weights = _pursued(atoms, rows(donor, name, [token])[0], 5)
            np.testing.assert_allclose(made, weights @ rows(base, name, shared), rtol=1e-4, atol=1e-4)
    before, after = (load_file(folder / "model.safetensors") for folder in (base, out))
    assert all(torch.equal(after[name], before[name]) for name in before if name not in (EMBEDDINGS, HEAD))


def _pursued(atoms: np.ndarray, target: np.ndarray, k: int) -> np.ndarray:
    chosen: list[int] = []
    weights = np.zeros(len(atoms))
    residual = target
    for _ in range(k):
        fit = np.abs(atoms @ residual)
        fit[chosen] = -1
        chosen.append(int(fit.argmax()))
        solved = np.linalg.lstsq(atoms[chosen].T, target, rcond=None)[0]
        residual = target - solved @ atoms[chosen]
    weights[chosen] = solved
    return weights


def test_pursuit_is_scikit_learns_over_points_of_equal_length() -> None:
    generator = np.random.default_rng(3)
    points = generator.normal(size=(40, 12))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    targets = generator.normal(size=(6, 12))
    chosen, weights = pursue(torch.from_numpy(targets), torch.from_numpy(points), 4)
    wanted = orthogonal_mp(points.T, targets.T, n_nonzero_coefs=4).T
    made = np.zeros((6, 40))
    for row, (places, values) in enumerate(zip(chosen.numpy(), weights.numpy(), strict=True)):
        made[row, places] = values
    np.testing.assert_allclose(made, wanted, atol=1e-9)


def test_pursuit_finds_a_sparse_sum_and_stays_finite_where_points_repeat() -> None:
    generator = torch.Generator().manual_seed(1)
    basis = torch.eye(8, dtype=torch.float64)
    target = 3.0 * basis[2] - 2.0 * basis[5]
    chosen, weights = pursue(target[None], basis, 2)
    assert dict(zip(chosen[0].tolist(), weights[0].tolist(), strict=True)) == {2: 3.0, 5: -2.0}
    repeated = torch.randn(3, 4, generator=generator, dtype=torch.float64).repeat(4, 1)
    targets = torch.randn(5, 4, generator=generator, dtype=torch.float64)
    chosen, weights = pursue(targets, repeated, 8)
    assert torch.isfinite(weights).all()
    explained = torch.einsum("nk,nkd->nd", weights, repeated[chosen])
    best = torch.linalg.lstsq(repeated[:3].T, targets.T).solution.T @ repeated[:3]
    torch.testing.assert_close(explained, best, rtol=1e-8, atol=1e-8)


def test_neighbours_weigh_by_distance_or_angle(models: Models, tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    points, targets = generator.normal(size=(20, 6)), generator.normal(size=(3, 6))
    chosen, weights = nearest(torch.from_numpy(targets), torch.from_numpy(points), 4, by_angle=False)
    distances = np.linalg.norm(targets[:, None] - points[None], axis=2)
    order = distances.argsort(1)[:, :4]
    inverse = 1 / np.take_along_axis(distances, order, 1)
    np.testing.assert_array_equal(chosen.numpy(), order)
    np.testing.assert_allclose(weights.numpy(), inverse / inverse.sum(1, keepdims=True), rtol=1e-9)
    chosen, weights = nearest(torch.from_numpy(targets), torch.from_numpy(points), 3, by_angle=True)
    cosines = (targets @ points.T) / np.linalg.norm(targets, axis=1)[:, None] / np.linalg.norm(points, axis=1)
    order = (-cosines).argsort(1)[:, :3]
    np.testing.assert_array_equal(chosen.numpy(), order)
    base, donor = models["cats"], models["code"]
    out = graft(tmp_path, base, donor, approximation="common_interpolation", k=1)
    shared, new = shared_and_new(base, donor)
    apart = np.linalg.norm(rows(donor, HEAD, new)[:, None] - rows(donor, HEAD, shared)[None], axis=2)
    np.testing.assert_allclose(rows(out, HEAD, new), rows(base, HEAD, shared)[apart.argmin(1)], rtol=1e-5)


def test_rows_that_are_made_without_the_donors(models: Models, tmp_path: Path) -> None:
    base, donor = models["cats"], models["code"]
    _, new = shared_and_new(base, donor)
    own = load_file(base / "model.safetensors")[EMBEDDINGS].double().numpy()
    assert not rows(graft(tmp_path, base, donor, approximation="zero"), EMBEDDINGS, new).any()
    made = rows(graft(tmp_path, base, donor, approximation="mean"), EMBEDDINGS, new)
    np.testing.assert_allclose(made, np.broadcast_to(own.mean(0), made.shape), rtol=1e-4, atol=1e-6)
    first = rows(graft(tmp_path, base, donor, approximation="randn"), EMBEDDINGS, new)
    again = rows(graft(tmp_path, base, donor, approximation="randn", seed=1), EMBEDDINGS, new)
    assert not np.allclose(first, again)
    # As far from the mean as the base's rows are: 22 draws of 16 columns.
    assert abs(((first - own.mean(0)) / own.std(0)).std() - 1) < 0.2


@pytest.mark.parametrize("how", ["mean", "sum", "weighted_mean", "first_last"])
def test_pieces_of_the_bases_own_tokenizer(how: str, models: Models, tmp_path: Path) -> None:
    """“def” in the base is d, e, f: the end of a word matters to what reads it, its start to what has to choose it."""
    base = models["cats"]
    out = graft(tmp_path, base, models["code"], approximation="subword", subword_method=how)
    for name in (EMBEDDINGS, HEAD):
        pieces = rows(base, name, "def")
        rising = np.array([1.0, 2.0, 3.0])
        weights = rising[::-1] if name == HEAD else rising
        wanted = {
            "mean": pieces.mean(0), "sum": pieces.sum(0), "weighted_mean": weights @ pieces / 6,
            "first_last": pieces[0 if name == HEAD else -1],
        }  # fmt: skip
        np.testing.assert_allclose(rows(out, name, ["def"])[0], wanted[how], rtol=1e-5, atol=1e-6)


def test_configs_speak_of_the_donors_tokens(models: Models, tmp_path: Path) -> None:
    out = graft(tmp_path, models["cats"], models["wide"], pad_to_multiple_of=64)
    config = json.loads((out / "config.json").read_text())
    assert (config["vocab_size"] % 64, config["hidden_size"], config["eos_token_id"]) == (0, 16, 0)
    report = json.loads((out / "report.json").read_text())
    assert report["vocabulary"]["rows"] == config["vocab_size"]
    assert len(load_file(out / "model.safetensors")[HEAD]) == config["vocab_size"]


def test_a_transplant_there_and_back_keeps_the_rows_of_shared_tokens(models: Models, tmp_path: Path) -> None:
    there = graft(tmp_path, models["cats"], models["code"])
    (tmp_path / "back").mkdir()
    back = graft(tmp_path / "back", there, models["cats"])
    shared, _ = shared_and_new(models["cats"], models["code"])
    assert np.array_equal(rows(back, EMBEDDINGS, shared), rows(models["cats"], EMBEDDINGS, shared))


def test_tokens_of_other_kinds_are_told_by_the_text_they_stand_for() -> None:
    kinds = {
        "bytes": read(bytes_bpe(TEXTS["cats"]), bos_token="<s>"), "pieces": read(word_piece(TEXTS["cats"]), pad_token="[PAD]"),
        "unigram": read(unigram(TEXTS["cats"]), pad_token="<pad>"),
    }  # fmt: skip
    assert surfaces_of(kinds["bytes"])["Ġcat"] == b" cat"
    assert surfaces_of(kinds["pieces"])["cat"] == b" cat"
    for base, donor in itertools.permutations(kinds.values(), 2):
        matches = matches_of(base, donor)
        names = ({place: token for token, place in one.tokens.items()} for one in (donor, base))
        theirs, own = names
        for place, row in matches.items():
            special = {entry["content"] for entry in (*base.added, *donor.added)}
            if theirs[place] not in special:
                assert surfaces_of(donor)[theirs[place]] == surfaces_of(base)[own[row]]
    # By its role: [PAD] is <pad>.
    pad = matches_of(kinds["unigram"], kinds["pieces"])[kinds["pieces"].tokens["[PAD]"]]
    assert pad == kinds["unigram"].tokens["<pad>"]


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"tokenizer": "base"}, "not_for_transplant", "tokenizer"),
        ({"compat": "mergekit"}, "not_for_transplant", "compat"),
        ({"k": [1, 2]}, "not_for_transplant", "parameters"),
        ({"base": None}, "missing_base", "base"),
        ({"k": 2000}, "few_shared", "k"),
    ],
)
def test_what_a_transplant_cannot_do_is_told(change: dict[str, Any], code: str, where: str, models: Models) -> None:
    given = {
        key: value for key, value in (document(models["cats"], models["code"]) | change).items() if value is not None
    }
    assert (code, where) in {(found.code, found.where) for found in checked(given).findings}


def test_models_without_tokenizers_or_tokens_in_common(models: Models, tmp_path: Path) -> None:
    bare = model_write(tmp_path / "bare", None, seed=1, rows=50)
    assert "tokenizer_missing" in {found.code for found in checked(document(models["cats"], bare)).findings}
    other = model_write(tmp_path / "other", word_piece("1234 5678"), seed=1)
    strange = model_write(
        tmp_path / "strange", word_piece("xyzzy"), seed=2, tokenizer={"bos_token": "", "eos_token": ""}
    )
    for path in (other, strange):
        plain = json.loads((path / "tokenizer.json").read_text())
        plain["added_tokens"] = []
        plain["model"]["vocab"] = {f"{token}{path.name}": place for token, place in plain["model"]["vocab"].items()}
        plain["model"]["unk_token"] = f"[UNK]{path.name}"
        (path / "tokenizer.json").write_text(json.dumps(plain))
    check = checked(document(other, strange))
    assert "nothing_shared" in {found.code for found in check.findings if found.severity == "error"}
