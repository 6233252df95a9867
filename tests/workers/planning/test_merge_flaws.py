"""Weights that are not what their index or config says, heads that are shared in one model alone: said before anything is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, facts_make, found, vit, write_model
from workers.contracts.facts import RepoFacts
from workers.planning.folder import facts_of_folder

HALVES = ({"a": (2,), "b": (3,)}, {"c": (4,), "d": (5,)})
FILES = [f"model-{number:05d}-of-00002.safetensors" for number in (1, 2)]
PLACES = {name: file for file, half in zip(FILES, HALVES, strict=True) for name in half}
WHOLE = {name: shape for half in HALVES for name, shape in half.items()}


def folder(root: Path, index: Any = None, *, halves: Any = HALVES, single: bool = False) -> RepoFacts:
    for file, half in zip(FILES, halves, strict=False):
        write_model(root, half, name=file)
    if single:
        write_model(root, WHOLE)
    text = index if isinstance(index, str) else json.dumps({"weight_map": PLACES | (index or {})})
    (root / "model.safetensors.index.json").write_text(text)
    (root / "config.json").write_text("{}")
    return facts_of_folder(root).model_copy(
        update={"repo": f"demo/{root.name}", "commit": "1" * 40, "artifact": "model"}
    )


def merge(*facts: RepoFacts, **more: Any) -> Any:
    base = facts_make("base", WHOLE, config={"model_type": "x"})
    good = facts_make("good", WHOLE)
    sources = [entry.repo for entry in facts] + ["demo/good"]
    return checked(
        {"kind": "merge", "method": "ties", "base": "demo/base", "sources": sources, **more}, base, good, *facts
    )


@pytest.mark.parametrize(("index", "more", "code", "severity"), [
    ({}, {"halves": HALVES[:1]}, "weights_incomplete", "error"),
    ({"gone": FILES[0]}, {}, "weights_incomplete", "error"),
    ({"a": "elsewhere.safetensors"}, {}, "weights_incomplete", "error"),
    ({"a": "../good/model.safetensors"}, {}, "weights_incomplete", "error"),
    ({"a": FILES[1]}, {}, "index_mismatch", "warning"),
    ("{", {}, "index_unreadable", "warning"),
    ("{}", {}, "index_unreadable", "warning"),
    ({}, {"single": True}, "weights_twice", "warning"),
    ({}, {"halves": (HALVES[0] | {"c": (4,)}, HALVES[1])}, "duplicate_tensor", "warning"),
], ids=str)  # fmt: skip
def test_an_index_that_lies_is_told(index: Any, more: dict[str, Any], code: str, severity: str, tmp_path: Path) -> None:
    facts = folder(tmp_path / "one", index, **more)
    result = merge(facts)
    finding = found(result, code)
    assert (finding.severity, finding.where) == (severity, "sources[0]")
    assert (result.plan is None) == (severity == "error")
    if severity == "error":
        assert [repair.patch[0]["path"] for repair in finding.repair] == ["/sources/0"]
    else:
        assert set(facts.tensors) == set(WHOLE)


def test_of_a_tensor_that_is_there_twice_the_index_says_which(tmp_path: Path) -> None:
    halves = (HALVES[0] | {"c": (4,)}, HALVES[1])
    assert folder(tmp_path / "one", halves=halves).tensors["c"].file == FILES[1]
    assert folder(tmp_path / "two", {"c": FILES[0]}, halves=halves).tensors["c"].file == FILES[0]


def test_an_honest_index_is_not_mentioned(tmp_path: Path) -> None:
    facts = folder(tmp_path / "one")
    assert facts.flaws == ()
    assert not codes(merge(facts)) & {
        "weights_incomplete",
        "index_mismatch",
        "index_unreadable",
        "weights_twice",
        "duplicate_tensor",
    }


HEADED = {"model.embed_tokens.weight": (8, 4), "lm_head.weight": (8, 4), "model.norm.weight": (4,)}
TIED = {name: shape for name, shape in HEADED.items() if name != "lm_head.weight"}


def language(name: str, shapes: Any, *, tied: bool, vocabulary: int = 8) -> RepoFacts:
    config = {"model_type": "llama", "tie_word_embeddings": tied, "vocab_size": vocabulary, "hidden_size": 4}
    return facts_make(name, shapes, config=config, architecture="LlamaForCausalLM")


def headed(base: RepoFacts, source: RepoFacts) -> Any:
    return checked(
        {"kind": "merge", "method": "task_arithmetic", "base": "demo/base", "sources": ["demo/a"]}, base, source
    )


def test_heads_that_one_model_shares_and_another_does_not_are_told() -> None:
    own = headed(language("base", HEADED, tied=False), language("a", TIED, tied=True))
    assert found(own, "tied_head_mixed").where == "sources[0]"
    shared = headed(language("base", TIED, tied=True), language("a", HEADED, tied=False))
    assert found(shared, "tied_tensor_dropped").where == "sources[0]"
    for tied, shapes in ((True, TIED), (False, HEADED)):
        alike = headed(language("base", shapes, tied=tied), language("a", shapes, tied=tied))
        assert not codes(alike) & {"tied_head_mixed", "tied_tensor_dropped", "config_misfit"}


def test_a_config_with_another_vocabulary_than_the_weights_is_told() -> None:
    result = headed(language("base", HEADED, tied=False, vocabulary=9), language("a", HEADED, tied=False))
    assert found(result, "config_misfit").where == "base"


def test_the_base_as_a_source_is_left_out_and_nothing_else_is_said_of_it() -> None:
    base, a = vit("base"), vit("a")
    result = checked(
        {"kind": "merge", "method": "ties", "base": "demo/base", "sources": ["demo/base", "demo/a"]}, base, a
    )
    assert "It is left out." in found(result, "source_equals_base").consequence
    assert "tensor_extra" not in codes(result)


@pytest.mark.parametrize(("method", "name", "value"), [("consensus", "agreeing", 0), ("widen", "ratio", 0.0)])
def test_filters_that_let_everything_through_are_told(method: str, name: str, value: float) -> None:
    document = {"kind": "merge", "method": method, "base": "demo/base", "sources": ["demo/a", "demo/b"], name: value}
    models = (vit("base"), vit("a"), vit("b"))
    finding = found(checked(document, *models), "nothing_left_out")
    assert (finding.severity, finding.where) == ("warning", name)
    for repair in finding.repair:
        assert "nothing_left_out" not in codes(checked(patched(document, repair), *models))
