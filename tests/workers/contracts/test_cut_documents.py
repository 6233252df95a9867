"""Slices, modules and settings of any shape: the parser says what is wrong and never fails, whatever it is given."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.contracts.findings import has_errors
from workers.contracts.parsing import Parsed, parse
from workers.contracts.parsing import recipe_to_document as document_of
from workers.planning.check import check_parsed

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.floats(-2, 2)
    | st.sampled_from(["demo/a", "demo/b", "ties", "mlp", "", "*", "x+y"])
)
_anything = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["model", "layers", "layer_range", "sources", "parameters", "value", "filter", "path", "weight", "slices", "models", "lora"]), inner, max_size=4
), max_leaves=12)  # fmt: skip
_settings = (
    _scalars
    | st.lists(_scalars, max_size=3)
    | st.fixed_dictionaries({"value": _scalars}, optional={"filter": _scalars})
)
_models = st.sampled_from(["demo/a", "demo/b", "demo/base"]) | _anything
_source = st.fixed_dictionaries(
    {"model": _models},
    optional={"layer_range": st.lists(st.integers(-1, 9), max_size=3) | _anything, "parameters": st.dictionaries(st.sampled_from(["weight", "density", "t"]), _settings)},
)  # fmt: skip
_slice = st.fixed_dictionaries(
    {"sources": st.lists(_source | _anything, max_size=3) | _anything},
    optional={"base_model": _models, "parameters": _anything},
)
_module = st.fixed_dictionaries(
    {},
    optional={"slices": st.lists(_slice, max_size=2) | _anything, "models": st.lists(_source, max_size=2) | _anything},
)
_mergekit = st.fixed_dictionaries(
    {"merge_method": st.sampled_from(["linear", "slerp", "ties", "passthrough", "karcher", "nuslerp"]) | _anything},
    optional={
        "slices": st.lists(_slice | _anything, max_size=3) | _anything,
        "modules": st.dictionaries(st.sampled_from(["encoder", "text_decoder"]), _module | _anything) | _anything,
        "models": st.lists(_source, max_size=3) | _anything,
        "base_model": _models, "parameters": st.dictionaries(st.sampled_from(["weight", "density", "t", "normalize"]), _settings) | _anything,
        "tokenizer": _anything, "tokenizer_source": _anything, "chat_template": _anything, "dtype": _anything, "compat": _anything,
    },
)  # fmt: skip


def _renamed(value: Any) -> Any:
    """The same document in our words."""
    words = {"layer_range": "layers", "base_model": "base", "merge_method": "method"}
    if isinstance(value, dict):
        return {words.get(key, key): _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _hold(parsed: Parsed) -> None:
    assert (parsed.recipe is None) == has_errors(parsed.findings)
    check_parsed(parsed, {})
    if parsed.recipe is not None:
        assert parse(document_of(parsed.recipe)).recipe == parsed.recipe


@given(_mergekit)
@settings(max_examples=60, deadline=None)
def test_no_mergekit_document_makes_the_parser_fail(document: dict[str, Any]) -> None:
    _hold(parse(document))


@given(_mergekit)
@settings(max_examples=60, deadline=None)
def test_no_document_in_our_words_makes_the_parser_fail(document: dict[str, Any]) -> None:
    _hold(parse({"kind": "merge"} | _renamed(document)))
