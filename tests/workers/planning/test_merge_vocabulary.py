"""What a check finds about tokenizers, from folders with headers and tokenizer files."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workers.jobs.vocabularies import checked, family, model_write
from tests.workers.planning.tokenizers.made import TEXTS, bytes_bpe, word_piece
from workers.contracts.findings import Finding
from workers.contracts.parsing import parse, recipe_to_document
from workers.contracts.plans import Check

Models = dict[str, Path]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return family(tmp_path_factory.mktemp("models"))


def document(*folders: Path, **more: Any) -> dict[str, Any]:
    return {"kind": "merge", "method": "linear", "sources": [{"model": str(folder)} for folder in folders], **more}


def found(check: Check, code: str) -> Finding:
    (only,) = [finding for finding in check.findings if finding.code == code]
    return only


def codes(check: Check) -> set[str]:
    return {finding.code for finding in check.findings if finding.severity == "error"}


def test_vocabularies_of_two_sizes_are_repaired_by_a_union(models: Models) -> None:
    check = checked(document(models["cats"], models["chats"]))
    finding = found(check, "vocabulary_mismatch")
    assert finding.repair[0].patch == ({"op": "add", "path": "/tokenizer", "value": "union"},)
    assert checked(document(models["cats"], models["chats"], tokenizer="union")).ok


def test_tables_that_move_are_marked(models: Models) -> None:
    united = checked(document(models["cats"], models["code"], tokenizer="union"))
    assert united.plan is not None
    assert united.plan.vocabulary is not None
    marked = {step.name for step in united.plan.steps if step.is_table}
    assert marked == set(united.plan.vocabulary.tables) != set()


def test_in_mergekits_words_the_repair_is_mergekits_key(models: Models) -> None:
    listed = [{"model": str(models[name]), "parameters": {"weight": 1}} for name in ("cats", "chats")]
    finding = found(checked({"merge_method": "linear", "models": listed}), "vocabulary_mismatch")
    assert finding.repair[0].patch[0]["path"] == "/tokenizer_source"


def test_other_tokenizers_of_one_size_are_an_ambiguity_with_a_repair(models: Models) -> None:
    check = checked(document(models["cats"], models["code"]))
    finding = found(check, "tokenizer_mismatch")
    assert (finding.severity, bool(finding.repair)) == ("warning", True)


def test_a_union_of_two_kinds_is_refused_with_what_mergekit_would_do(models: Models, tmp_path: Path) -> None:
    other = model_write(tmp_path / "w", word_piece(TEXTS["cats"]), seed=1)
    finding = found(checked(document(models["cats"], other, tokenizer="union")), "tokenizer_kind")
    assert (finding.severity, finding.where) == ("error", "sources[1]")
    assert "WordPiece" in finding.message
    assert "mergekit" in finding.consequence
    assert found(checked(document(models["cats"], other, tokenizer="base")), "tokenizer_kind").severity == "warning"


@pytest.mark.parametrize(
    ("rule", "code", "where"),
    [
        ("demo/other", "tokenizer_unknown", "tokenizer"),
        ({"source": "demo/other"}, "tokenizer_unknown", "tokenizer.source"),
        ({"base": "demo/other"}, "tokenizer_unknown", "tokenizer.base"),
        ({"tokens": {"the": {"source": "demo/other"}}}, "tokenizer_unknown", "tokenizer.tokens.the.source"),
        ({"tokens": {"the": {"source": "@code"}}}, "token_row_missing", "tokenizer.tokens.the.source"),
        ({"tokens": {"<x>": {"source": {"kind": "model_token", "model": "@cats", "token": "nowhere"}}}}, "token_row_missing", "tokenizer.tokens.<x>.source"),
        ({"tokens": {"<x>": {"source": {"kind": "model_token", "model": "@cats", "token_id": 9999}}}}, "token_row_missing", "tokenizer.tokens.<x>.source"),
    ],
)  # fmt: skip
def test_what_no_model_has_is_an_error(models: Models, rule: Any, code: str, where: str) -> None:
    text = json.dumps(rule).replace("@code", str(models["code"])).replace("@cats", str(models["cats"]))
    check = checked(document(models["cats"], models["code"], tokenizer=json.loads(text)))
    assert (code, where) in {(finding.code, finding.where) for finding in check.findings if finding.severity == "error"}


def test_a_token_that_no_model_has_is_told(models: Models) -> None:
    rule = {"tokens": {"<new>": {}, "<|im_strt|>": {"source": {"kind": "zero"}}}}
    check = checked(document(models["cats"], models["code"], tokenizer=rule))
    told = [finding for finding in check.findings if finding.code == "token_new"]
    assert [finding.severity for finding in told] == ["warning", "info"]
    assert "<|im_start|>" in told[1].consequence
    assert check.ok


def test_rows_without_tokens_and_tokens_without_rows_are_told(models: Models, tmp_path: Path) -> None:
    short = model_write(tmp_path / "short", bytes_bpe(TEXTS["code"]), seed=1, rows=270)
    check = checked(document(models["cats"], short, tokenizer="union"))
    assert found(check, "tokens_without_rows").where == "sources[1]"
    check = checked(document(models["chats"], models["cats"], tokenizer="base"))
    assert "8 rows" in found(check, "vocabulary_padded").message
    assert check.plan is not None
    assert check.plan.config == {"vocab_size": 288}


def test_files_that_are_missing_or_broken(models: Models, tmp_path: Path) -> None:
    size = json.loads((models["cats"] / "config.json").read_text())["vocab_size"]
    bare = model_write(tmp_path / "bare", None, seed=1, rows=size)
    other = model_write(tmp_path / "other", None, seed=1, rows=size + 3)
    assert (
        found(checked(document(models["cats"], bare, models["chats"], tokenizer="union")), "tokenizer_missing").severity
        == "warning"
    )
    assert "tokenizer_missing" in codes(checked(document(models["cats"], other, tokenizer="union")))
    broken = model_write(tmp_path / "broken", bytes_bpe(TEXTS["cats"]), seed=1)
    (broken / "tokenizer.json").write_text("{")
    assert "tokenizer_unreadable" in codes(checked(document(models["cats"], broken, tokenizer="union")))


def test_what_runs_models_as_they_lie_cannot_have_rows_that_move(models: Models) -> None:
    search = {"open": {"weight": [0.2, 0.8]}, "data": [{"data": "builtin:digits", "split": "validation"}]}
    given = document(models["cats"], models["chats"], tokenizer="union", search=search)
    assert "search_whole" in codes(checked(given))
    learned = {"method": "regmean", "data": [{"data": "builtin:python-text"}]}
    given = document(models["cats"], models["chats"], tokenizer="union") | learned
    assert "tokenizer_learned" in codes(checked(given))


def test_chat_templates_that_differ_are_told(models: Models, tmp_path: Path) -> None:
    pair = [
        model_write(tmp_path / name, bytes_bpe(TEXTS[name]), seed=1, tokenizer={"chat_template": f"{{{{ '{name}' }}}}"})
        for name in ("cats", "code")
    ]
    finding = found(checked(document(*pair, tokenizer="union")), "chat_template_differs")
    assert finding.repair[0].patch[0]["value"] == "auto"


def test_one_tokenizer_for_all_moves_no_row(models: Models, tmp_path: Path) -> None:
    twin = model_write(tmp_path / "twin", bytes_bpe(TEXTS["cats"]), seed=5)
    for rule in ("union", "base", str(twin)):
        check = checked(document(models["cats"], twin, tokenizer=rule))
        assert check.plan is not None
        assert check.plan.vocabulary is None


def test_a_rule_comes_back_from_its_document(models: Models) -> None:
    rule = {
        "source": "union",
        "tokens": {"<x>": {"source": {"kind": "zero"}, "force": True}, "the": {"source": "demo/a"}},
        "pad_to_multiple_of": 8,
    }
    recipe = parse(document(models["cats"], tokenizer=rule), local=True).recipe
    assert recipe is not None
    assert parse(recipe_to_document(recipe), local=True).recipe == recipe


@pytest.mark.parametrize(
    ("rule", "code", "where"),
    [
        (3, "wrong_type", "tokenizer"),
        ({"sorce": "union"}, "unknown_key", "tokenizer.sorce"),
        ({"source": 3}, "wrong_type", "tokenizer.source"),
        ({"pad_to_multiple_of": 0}, "out_of_range", "tokenizer.pad_to_multiple_of"),
        ({"pad_to_multiple_of": "8"}, "wrong_type", "tokenizer.pad_to_multiple_of"),
        ({"tokens": ["<x>"]}, "wrong_type", "tokenizer.tokens"),
        ({"tokens": {"<x>": 3}}, "wrong_type", "tokenizer.tokens.<x>"),
        ({"tokens": {"<x>": {"force": "yes"}}}, "wrong_type", "tokenizer.tokens.<x>.force"),
        ({"tokens": {"<x>": {"source": {"kind": "zeros"}}}}, "unknown_choice", "tokenizer.tokens.<x>.source.kind"),
        ({"tokens": {"<x>": {"source": {"kind": "model_token", "token": "a"}}}}, "missing_key", "tokenizer.tokens.<x>.source.model"),
        ({"tokens": {"<x>": {"source": {"kind": "model_token", "model": "a/b"}}}}, "missing_key", "tokenizer.tokens.<x>.source"),
        ({"tokens": {str(place): {} for place in range(10_001)}}, "too_many", "tokenizer.tokens"),
    ],
)  # fmt: skip
def test_a_rule_that_is_none_says_where(rule: Any, code: str, where: str) -> None:
    parsed = parse({"kind": "merge", "method": "linear", "sources": ["demo/a"], "tokenizer": rule})
    assert (code, where) in {(finding.code, finding.where) for finding in parsed.findings}
