"""NaN and infinity that a search of the weights found, told before anything runs."""

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, dataset, found, vit
from workers.contracts.facts import NotFinite

BASE, A, B = vit("base"), vit("a", base=("demo/base",)), vit("b", base=("demo/base",))
TENSOR = "vit.layernorm.weight"


def bad(facts, *held: NotFinite, count: int = 0):
    return facts.model_copy(update={"scanned": True, "not_finite": held, "not_finite_tensors": count or len(held)})


def merge(*sources: str) -> dict:
    return {"kind": "merge", "method": "ties", "base": "demo/base", "sources": [{"model": name} for name in sources]}


def extract(**more) -> dict:
    return {"kind": "extract", "base": "demo/base", "model": "demo/a", **more}


def test_a_source_is_told_of_with_counts_and_can_be_removed() -> None:
    document = merge("demo/a", "demo/b")
    worn = bad(A, NotFinite(name=TENSOR, nan=3, infinite=1), NotFinite(name="x", infinite=2), count=9)
    told = found(checked(document, BASE, worn, B), "weights_not_finite")
    assert (told.where, told.severity, told.stage) == ("sources[0]", "warning", "measured")
    assert (
        told.message
        == f"a holds NaN or infinity in 9 tensors: 3 NaN and 1 infinite in {TENSOR}, 2 infinite in x and 7 more."
    )
    assert "weights_not_finite" not in codes(checked(patched(document, told.repair[0]), BASE, worn, B))


def test_the_base_and_the_only_source_cannot_be_removed() -> None:
    broken = NotFinite(name=TENSOR, nan=1)
    base = found(checked(merge("demo/a"), bad(BASE, broken), A), "weights_not_finite")
    assert (base.where, base.repair) == ("base", ())
    assert found(checked(merge("demo/a"), BASE, bad(A, broken)), "weights_not_finite").repair == ()


def test_an_adapter_on_a_model_is_looked_at_like_the_model() -> None:
    told = checked(merge("demo/a+demo/b"), BASE, A, bad(B, NotFinite(name=TENSOR, nan=1))).findings
    assert ("weights_not_finite", "sources[0]") in {(entry.code, entry.where) for entry in told}


@pytest.mark.parametrize(
    ("form", "severity"), [("low_rank", "error"), ("dense", "warning"), ("sparse", "warning"), ("one_bit", "warning")]
)
def test_a_change_without_directions_is_refused_and_leaves_the_tensor_out(form: str, severity: str) -> None:
    document, worn = extract(form=form), bad(A, NotFinite(name=TENSOR, nan=1))
    result = checked(document, BASE, worn)
    told = found(result, "weights_not_finite")
    assert (told.where, told.severity, result.plan is None) == ("model", severity, severity == "error")
    if form == "low_rank":
        mended = checked(patched(document, told.repair[0]), BASE, worn)
        assert mended.ok
        assert "weights_not_finite" not in codes(mended)


def test_of_other_kinds_it_is_said_too() -> None:
    worn = bad(A, NotFinite(name=TENSOR, nan=1))
    document = {"kind": "evaluate", "models": ["demo/a"], "data": [{"data": "builtin:digits"}]}
    assert found(checked(document, worn), "weights_not_finite").where == "models[0]"
    assert "not_scanned" not in codes(checked(document, worn.model_copy(update={"scanned": False})))


FIRST, LAST = "vit.layers.0.mlp.fc1.weight", "vit.layers.1.mlp.fc1.weight"


def with_tensor(facts, name: str):
    return facts.model_copy(update={"tensors": {**facts.tensors, name: facts.tensors[TENSOR]}})


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ((NotFinite(name="head.extra", nan=1),), ""),
        ((NotFinite(name="head.extra", nan=1), NotFinite(name=TENSOR, nan=2)), f"in 1 tensor: 2 NaN in {TENSOR}."),
    ],
)
def test_a_tensor_that_goes_nowhere_is_not_told_of(held: tuple[NotFinite, ...], told: str) -> None:
    result = checked(merge("demo/a", "demo/b"), BASE, bad(with_tensor(A, "head.extra"), *held), B)
    assert result.plan is not None
    assert (1, "head.extra") in result.plan.dropped
    messages = [entry.message for entry in result.findings if entry.code == "weights_not_finite"]
    assert [message.endswith(told) for message in messages] == [True] * bool(told)


@pytest.mark.parametrize(("name", "is_told"), [(FIRST, True), (LAST, False)])
def test_layers_that_are_cut_away_are_not_told_of(name: str, is_told: bool) -> None:
    slices = [
        {"sources": [{"model": "demo/a", "layers": [0, 1]}]},
        {"sources": [{"model": "demo/b", "layers": [1, 2]}]},
    ]
    document = {"kind": "merge", "method": "passthrough", "slices": slices}
    result = checked(document, bad(A, NotFinite(name=name, nan=1)), B)
    assert result.plan is not None
    assert ("weights_not_finite" in codes(result)) is is_told


def test_a_base_that_the_method_does_not_read_is_not_told_of() -> None:
    document = {**merge("demo/a", "demo/b"), "method": "linear"}
    result = checked(document, bad(BASE, NotFinite(name=TENSOR, nan=1)), A, B)
    assert {"base_not_needed"} <= codes(result)
    assert "weights_not_finite" not in codes(result)


def test_where_models_are_carried_out_to_learn_all_their_tensors_count() -> None:
    extra = bad(with_tensor(A, "head.extra"), NotFinite(name="head.extra", nan=1))
    document = {"kind": "merge", "method": "fisher", "sources": ["demo/b", "demo/a"], "data": [{"data": "demo/digits"}]}
    result = checked(document, extra, B, dataset("digits"))
    assert result.plan is not None
    assert found(result, "weights_not_finite").where == "sources[1]"


def test_what_nobody_named_is_told_of_all_the_same() -> None:
    worn = bad(with_tensor(A, "head.extra"), NotFinite(name="head.extra", nan=1), count=30)
    assert "in 29 tensors" in found(checked(merge("demo/a", "demo/b"), BASE, worn, B), "weights_not_finite").message
