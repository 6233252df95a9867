"""TABLE OF RECIPES: mergekit documents that both sides are given as they stand. A new method joins by its rows here.

`@a` is a model of the case's family. `check` names how the results are compared (`checks.CHECKS`).
"""

from dataclasses import dataclass
from typing import Any

from tests.parity.documents import HALVES, STACKED, Document, cut, each, models

A, B, C = ({"model": f"@{name}"} for name in "abc")
MLP = {"filter": "mlp"}
ATTENTION = {"filter": "self_attn"}
BFLOAT16 = {"dtype": "float32", "out_dtype": "bfloat16"}


@dataclass(frozen=True)
class Case:
    """`seeds`: how often a random one is run, each time with the next seed.

    `native`: mergekit computes in the numbers' own short format; only `compat: mergekit` gives its bits, the default does not.
    """

    name: str
    document: Document
    check: str
    family: str = "float32"
    seeds: int = 1
    native: bool = False

    @property
    def method(self) -> str:
        return str(self.document["merge_method"])


def arithmetic(name: str, check: str, **more: Any) -> tuple[Case, ...]:
    """The recipes that the whole task arithmetic family takes: `more` stands beside each model's weight."""
    return (
        Case("two", models(name, *each("ab", weight=0.4, **more)), check),
        Case("three, scaled", models(name, A | {"weight": 1.0}, B | {"weight": -0.5}, C | {"weight": 0.3}, parameters={"lambda": 0.7, "normalize": False, **more}), check),
        Case("divided by the weights", models(name, *each("abc", weight=0.6, **more), parameters={"normalize": True}), check),
        Case("gradient and filters", models(name, A | {"weight": [0.2, 1.0, 0.4]}, B | {"weight": [MLP | {"value": [0.9, 0.1]}, {"value": 0.5}]}, parameters=more), check),
        Case("slices", cut(name, HALVES, parameters={"weight": 0.5, **more}), check),
        Case("bfloat16, in float32", models(name, *each("abc", weight=0.3, **more), **BFLOAT16), "ulp" if check == "elementwise" else check, family="bfloat16"),
        Case("bfloat16, as it comes", models(name, *each("abc", weight=0.3, **more)), "exact" if check == "elementwise" else check, family="bfloat16", native=True),
    )  # fmt: skip


def drawn(name: str, **more: Any) -> tuple[Case, ...]:
    """Those that drop by lot: one source tells shares and factors, many seeds the mean of several sources."""
    return (
        Case("one source", models(name, A | {"weight": 1.0, **more}), "dropped", seeds=2),
        Case("one source, not rescaled", models(name, B | {"weight": 0.8, **more}, parameters={"rescale": False, "normalize": False}), "dropped", seeds=2),
        Case("slices, one source", cut(name, [("base:0:2", "a:1:3"), ("base:2:4", "a:0:2")], parameters={"weight": 0.5, "normalize": False, **more}), "dropped", seeds=2),
        Case("three", models(name, *each("abc", weight=0.8, **more), parameters={"normalize": True}), "expected", family="small", seeds=32),
        Case("gradient and filter", models(name, *each("ac", weight=[MLP | {"value": 0.3}, {"value": 1.0}], **more)), "expected", family="small", seeds=32),
    )  # fmt: skip


def averaged(name: str, check: str = "elementwise", **shared: Any) -> tuple[Case, ...]:
    """Recipes of methods without per-model weights, over a base."""
    return (
        Case("three", models(name, "@a", "@b", "@c", parameters=shared), check),
        Case("two", models(name, "@a", "@c", parameters=shared), check),
        Case("slices", cut(name, [("base:0:2", "a:0:2", "b:1:3"), ("base:1:4", "a:1:4", "c:1:4")], parameters=shared), check),
        Case("bfloat16, in float32", models(name, "@a", "@b", "@c", parameters=shared, **BFLOAT16), "ulp" if check == "elementwise" else check, family="bfloat16"),
    )  # fmt: skip


_WHOLE = {
    "models": [{"model": "@a", "parameters": {"weight": [0.2, 0.8]}}, {"model": "@b", "parameters": {"weight": 0.4}}]
}
_DECODER = {
    "slices": [
        {"sources": [{"model": "@a", "layer_range": [0, 2]}, {"model": "@b", "layer_range": [0, 2]}], "parameters": {"weight": [0.3, 0.6]}},
        {"sources": [{"model": "@c", "layer_range": [1, 3]}]},
    ],
    "parameters": {"weight": 0.5},
}  # fmt: skip
LINEAR = (
    Case("encoder and decoder", models("linear", A | {"weight": [0.1, 0.9]}, B | {"weight": 0.3}, base=None), "elementwise", family="t5"),
    Case("modules, one of slices", {"merge_method": "linear", "modules": {"encoder": _WHOLE, "decoder": _DECODER, "shared": _WHOLE}}, "elementwise", family="t5"),
    Case("three equal", models("linear", *each("abc", weight=1.0), base=None), "elementwise"),
    Case("uneven, one negative", models("linear", A | {"weight": 0.7}, B | {"weight": 0.6}, C | {"weight": -0.2}, base=None), "elementwise"),
    Case("a sum, not a mean", models("linear", *each("ab", weight=0.3), base=None, parameters={"normalize": False}), "elementwise"),
    Case("gradients and filters", models("linear", A | {"weight": [0.1, 1.0]}, B | {"weight": [ATTENTION | {"value": [0.9, 0.2, 0.4]}, {"filter": "embed", "value": 0.8}, {"value": 0.5}]}, base=None), "elementwise"),
    Case("slices that overlap", cut("linear", [("a:0:3", "b:1:4"), ("c:1:4",)], base=None, parameters={"weight": 0.5}), "elementwise"),
    Case("a base among the models", models("linear", *each("ab", weight=0.3), base="@b"), "elementwise"),
    Case("bfloat16", models("linear", *each("abc", weight=0.4), base=None), "ulp", family="bfloat16"),
    Case("float16 in float32", models("linear", A | {"weight": 0.9}, B | {"weight": 0.2}, base=None, dtype="float32"), "elementwise", family="float16"),
    Case("float16 to bfloat16", models("linear", A | {"weight": 0.9}, B | {"weight": 0.2}, base=None, out_dtype="bfloat16"), "ulp", family="float16"),
)  # fmt: skip
SLERP = (
    Case("halfway", models("slerp", "@base", "@a", parameters={"t": 0.5}), "elementwise"),
    Case("near the base", models("slerp", "@base", "@c", parameters={"t": 0.05}), "elementwise"),
    Case("the other end", models("slerp", "@base", "@b", parameters={"t": 1.0}), "elementwise"),
    Case("the recipe everybody knows", cut("slerp", [("base:0:4", "a:0:4")], parameters={"t": [ATTENTION | {"value": [0, 0.5, 0.3, 0.7, 1]}, MLP | {"value": [1, 0.5, 0.7, 0.3, 0]}, {"value": 0.5}]}), "elementwise"),
    Case("a base of the slice", cut("slerp", [("base:0:2", "b:2:4"), ("base:2:4", "b:0:2")], parameters={"t": [0.2, 0.8]}), "elementwise"),
    Case("bfloat16", models("slerp", "@base", "@c", parameters={"t": 0.6}), "ulp", family="bfloat16"),
)  # fmt: skip
NUSLERP = (
    Case("two", models("nuslerp", A | {"weight": 0.3}, C | {"weight": 0.7}, base=None), "elementwise"),
    Case("over a base", models("nuslerp", A | {"weight": 0.6}, B | {"weight": 0.5}), "elementwise"),
    Case("by rows", models("nuslerp", *each("ab", weight=0.5), base=None, parameters={"nuslerp_flatten": False, "nuslerp_row_wise": True}), "elementwise"),
    Case("by columns", models("nuslerp", *each("bc", weight=0.5), parameters={"nuslerp_flatten": False}), "elementwise"),
    Case("gradient and filter", models("nuslerp", A | {"weight": [0.1, 0.9]}, B | {"weight": [MLP | {"value": 0.9}, {"value": 0.4}]}, base=None), "elementwise"),
    Case("slices", cut("nuslerp", [("a:0:2", "b:2:4"), ("c:1:4", "a:0:3")], base=None, parameters={"weight": 0.5}), "elementwise"),
    Case("bfloat16, in float32", models("nuslerp", A | {"weight": 0.3}, C | {"weight": 0.7}, base=None, **BFLOAT16), "ulp", family="bfloat16"),
)  # fmt: skip
MULTISLERP = (
    Case("three", models("multislerp", A | {"weight": 0.5}, B | {"weight": 1.0}, C | {"weight": 0.3}, base=None), "elementwise"),
    Case("over a base", models("multislerp", *each("abc", weight=0.5)), "elementwise"),
    Case("weights as they are", models("multislerp", *each("ab", weight=0.8), base=None, parameters={"normalize_weights": False}), "elementwise"),
    Case("gradient and filter", models("multislerp", A | {"weight": [0.2, 0.8]}, B | {"weight": [ATTENTION | {"value": 1.0}, {"value": 0.4}]}), "elementwise"),
    Case("slices", cut("multislerp", HALVES, parameters={"weight": 0.5}), "elementwise"),
    Case("bfloat16, in float32", models("multislerp", *each("abc", weight=0.5), **BFLOAT16), "ulp", family="bfloat16"),
)  # fmt: skip
KARCHER = (
    Case("three", models("karcher", "@a", "@b", "@c", base=None), "elementwise"),
    Case("few rounds", models("karcher", "@a", "@c", base=None, parameters={"max_iter": 2}), "elementwise"),
    Case("a base that is averaged in", models("karcher", "@a", "@b"), "elementwise"),
    Case("slices", cut("karcher", [("a:0:2", "b:2:4"), ("c:1:4", "a:0:3")], base=None), "elementwise"),
    Case("bfloat16, in float32", models("karcher", "@a", "@b", "@c", base=None, **BFLOAT16), "ulp", family="bfloat16"),
)  # fmt: skip
PASSTHROUGH = (
    Case("one model", models("passthrough", "@a", base=None), "exact"),
    Case("layers of two, stacked", cut("passthrough", STACKED, base=None), "exact"),
    Case("a layer three times", cut("passthrough", [("a:0:2",), ("a:1:2",), ("a:1:4",)], base=None), "exact"),
    Case("blocks that begin at nothing", cut("passthrough", [("a:0:3",), ({"model": "b:1:3", "parameters": {"scale": [{"filter": "o_proj", "value": 0.0}, {"filter": "down_proj", "value": 0.0}, {"value": 1.0}]}},), ("a:3:4",)], base=None), "exact"),
    Case("scaled along the layers", models("passthrough", A | {"scale": [0.5, 1.0]}, base=None), "elementwise"),
    Case("bfloat16 to float16", cut("passthrough", STACKED, base=None, out_dtype="float16"), "exact", family="bfloat16"),
)  # fmt: skip
TIES = (
    *arithmetic("ties", "selection", density=0.4),
    Case("densities and weights differ", models("ties", A | {"weight": 0.5, "density": 0.1}, B | {"weight": 1.5, "density": 0.5}, C | {"weight": -0.4, "density": 0.9}), "selection"),
    Case("densities along the layers", models("ties", A | {"weight": 0.5, "density": [0.1, 0.9]}, B | {"weight": 1.0, "density": [MLP | {"value": [1.0, 0.2]}, {"value": 0.3}]}), "selection"),
    Case("all of it", models("ties", *each("ab", weight=1.0)), "selection"),
    Case("one source, many equal", models("ties", A | {"weight": 1.0, "density": 0.5}, **BFLOAT16), "selection", family="bfloat16"),
    Case("rescaled", models("ties", *each("ab", weight=1.0, density=0.3), parameters={"rescale": True}), "selection"),
)  # fmt: skip
BREADCRUMBS = (
    *arithmetic("breadcrumbs", "selection", density=0.6, gamma=0.05),
    Case(
        "more left out than there is room",
        models("breadcrumbs", *each("ab", weight=0.5, density=0.9, gamma=0.3)),
        "selection",
    ),
)
BREADCRUMBS_TIES = arithmetic("breadcrumbs_ties", "selection", density=0.5, gamma=0.02)
MODEL_STOCK = (
    *averaged("model_stock"),
    Case("by rows", models("model_stock", "@a", "@b", "@c", parameters={"filter_wise": True}), "elementwise"),
)
SCE = (
    *averaged("sce"),
    Case("the tenth that varies most", models("sce", "@a", "@b", "@c", parameters={"select_topk": 0.1}), "selection"),
    Case(
        "a share along the layers", models("sce", "@a", "@b", "@c", parameters={"select_topk": [0.2, 0.9]}), "selection"
    ),
)
ARCEE_FUSION = (
    Case("one", models("arcee_fusion", "@a"), "selection"),
    Case("another", models("arcee_fusion", "@c"), "selection"),
    Case("slices", cut("arcee_fusion", [("base:0:2", "a:1:3"), ("base:2:4", "c:0:2")]), "selection"),
)
NEARSWAP = (
    Case("near", models("nearswap", "@base", "@a", parameters={"t": 0.02}), "elementwise"),
    Case("far, by filters", models("nearswap", "@base", "@c", parameters={"t": [MLP | {"value": [0.01, 0.3]}, {"value": 0.1}]}), "elementwise"),
    Case("slices", cut("nearswap", [("base:0:2", "a:1:3"), ("base:2:4", "c:0:2")], parameters={"t": 0.05}), "elementwise"),
    Case("bfloat16, in float32", models("nearswap", "@base", "@b", parameters={"t": 0.02}, **BFLOAT16), "ulp", family="bfloat16"),
)  # fmt: skip
RAM = (*averaged("ram", epsilon=0.03), Case("all entries", models("ram", "@a", "@b", "@c"), "elementwise"))
RAMPLUS = (
    *averaged("ramplus_tl", epsilon=0.03),
    Case(
        "a stronger say",
        models("ramplus_tl", "@a", "@b", parameters={"epsilon": 0.05, "r": 0.3, "alpha": 0.5}),
        "elementwise",
    ),
)
_TOKENS = {
    "Ġcat": {"source": {"kind": "zero"}, "force": True},
    "<|im_start|>": {"source": {"kind": "model_token", "model": "@b", "token": "le"}},
    "<new>": {"source": {"kind": "model_token", "model": "@a", "token_id": 17}},
    "def": {"source": "@a"},
}
VOCABULARIES = (
    Case("a union of vocabularies", models("linear", *each("abc", weight=0.5), base=None, tokenizer_source="union"), "tokens", family="worded"),
    Case("a union over a base", models("task_arithmetic", *each("ab", weight=0.6), tokenizer_source="union"), "tokens", family="worded"),
    Case("the base's vocabulary", models("task_arithmetic", *each("ac", weight=0.4), tokenizer_source="base"), "tokens", family="worded"),
    Case("one model's vocabulary", models("linear", *each("abc", weight=0.3), base=None, tokenizer_source="@b"), "tokens", family="worded"),
    Case("a base's vocabulary among the models", models("linear", *each("abc", weight=0.3), base="@b", tokenizer_source="base"), "tokens", family="worded"),
    Case("rows by rules, padded", models("linear", *each("abc", weight=0.5), base=None, tokenizer={"source": "union", "tokens": _TOKENS, "pad_to_multiple_of": 64}), "tokens", family="worded"),
    Case("a union, on the arc", models("slerp", "@base", "@b", parameters={"t": 0.4}, tokenizer_source="union"), "tokens", family="worded"),
)  # fmt: skip
CASES: tuple[Case, ...] = (
    *LINEAR, *SLERP, *NUSLERP, *MULTISLERP, *KARCHER, *PASSTHROUGH, *arithmetic("task_arithmetic", "elementwise"), *TIES,
    *drawn("dare_linear", density=0.5), *drawn("dare_ties", density=0.4), *drawn("della", density=0.5, epsilon=0.2),
    *drawn("della_linear", density=0.6, epsilon=0.1), *BREADCRUMBS, *BREADCRUMBS_TIES, *MODEL_STOCK, *SCE, *ARCEE_FUSION,
    *NEARSWAP, *RAM, *RAMPLUS, *VOCABULARIES,
)  # fmt: skip
