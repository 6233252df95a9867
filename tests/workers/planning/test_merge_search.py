"""What a search leaves open, told before anything is read."""

from typing import Any

import pytest

from tests.workers.planning.zoo import codes, dataset, found, vit
from workers.contracts.facts import RepoFacts
from workers.contracts.parsing import parse, recipe_to_yaml
from workers.contracts.plans import Check
from workers.planning.check import check_parsed
from workers.planning.references import references_of

LABELS = tuple(f"LABEL_{index}" for index in range(10))
ROWS = {"train": 300, "validation": 900, "test": 300}
BASE, A, B = vit("base"), vit("a", base=("demo/base",)), vit("b", base=("demo/base",))
FAMILY = (
    BASE, A, B, dataset("digits", splits=ROWS, labels=LABELS), dataset("letters", splits=ROWS, labels=tuple("abc")),
    dataset("whole", splits={"train": 10}, labels=LABELS),
)  # fmt: skip


def merge(search: Any, method: str = "ties", **more: Any) -> dict[str, Any]:
    base = {"data": [{"data": "demo/digits"}], "open": {"weight": {}}}
    return {
        "kind": "merge",
        "method": method,
        "base": "demo/base",
        "sources": ["demo/a", "demo/b"],
        "search": base | search,
        **more,
    }


def checked(document: dict[str, Any], *facts: RepoFacts) -> Check:
    """With what the parser has to say of it."""
    return check_parsed(parse(document), {item.reference: item for item in facts})


def line(search: Any, **more: Any) -> str:
    result = checked(merge(search, **more), *FAMILY)
    assert result.ok, result.findings
    return result.agreements[-1]


def test_says_how_many_trials_there_will_be() -> None:
    assert line({}) == "25 trials: every point of the grid, the recipe as it stands among them."
    assert line({"open": {"density": {}}}) == "6 trials: every point of the grid, and the recipe as it stands."
    assert line({"strategy": "cma_es"}).startswith("40 trials of CMA-ES")
    halving = line({"strategy": "successive_halving"})
    assert halving.startswith("38 trials of successive halving: 25, then 9, then 3, then 1 of the best.")
    assert halving.endswith("The budget allows 40; there are no more than 25 points to begin with.")
    drawn = line({"strategy": "successive_halving", "open": {"weight": {}, "density": {}}})
    assert drawn.endswith("40 trials of successive halving: 27, then 9, then 3, then 1 of the best.")


def test_trials_cost_time() -> None:
    few, many = (
        checked(merge({"strategy": "cma_es", "budget": {"trials": trials}}), *FAMILY).estimate for trials in (10, 1000)
    )
    bare = checked({key: value for key, value in merge({}).items() if key != "search"}, *FAMILY).estimate
    assert bare.seconds < few.seconds < many.seconds
    assert bare.memory_bytes < few.memory_bytes
    bounded = checked(merge({"strategy": "cma_es", "budget": {"trials": 1000, "seconds": 5}}), *FAMILY).estimate
    assert bounded.seconds[1] < many.seconds[1]


def test_the_method_that_takes_the_most_memory_counts() -> None:
    wide = [vit("base", width=256), *(vit(name, width=256, base=("demo/base",)) for name in ("a", "b"))]
    document = {key: value for key, value in merge({"open": {"method": ["ties", "tsv_m"]}}).items() if key != "density"}
    document["sources"] = ["demo/a", "demo/b"]
    both = checked(document, *wide, *FAMILY[3:])
    only = checked(document | {"search": merge({})["search"]}, *wide, *FAMILY[3:])
    bare = {key: value for key, value in document.items() if key != "search"}
    ties, spectral = (checked(bare | {"method": name}, *wide).estimate.memory_bytes for name in ("ties", "tsv_m"))
    assert both.ok, both.findings
    assert both.estimate.memory_bytes - only.estimate.memory_bytes == spectral - ties > 0


@pytest.mark.parametrize(
    ("search", "code", "where"),
    [
        ({"open": {}}, "nothing_open", "search.open"),
        ({"open": {"weigth": {}}}, "unknown_key", "search.open.weigth"),
        ({"open": {"density": {"high": 1.5}}}, "out_of_range", "search.open.density.high"),
        ({"open": {"density": {"low": 0.5, "high": 0.5}}}, "range_empty", "search.open.density"),
        ({"open": {"density": [0.2, 7]}}, "out_of_range", "search.open.density[1]"),
        ({"open": {"density": 0.5}}, "wrong_type", "search.open.density"),
        ({"open": {"lambda": {"each": True}}}, "wrong_type", "search.open.lambda.each"),
        ({"open": {"density": {"steps": 1}}}, "out_of_range", "search.open.density.steps"),
        ({"open": {"method": ["ties", "tsv"]}}, "unknown_method", "search.open.method[1]"),
        ({"open": {"method": ["ties", "ties"]}}, "duplicate_key", "search.open.method[1]"),
        ({"open": {"method": ["ties", "fisher"]}}, "search_learns", "search.open.method[1]"),
        ({"open": {"method": ["ties", "slerp"]}}, "method_unfit", "search.open.method[1]"),
        ({"open": {"method": ["ties", "adapter_svd"]}}, "search_whole", "search.open.method[1]"),
        ({"strategy": "cma_es", "open": {"scope": []}}, "missing_key", "search.open.scope"),
        ({"strategy": "cma_es", "open": {"scope": {}}}, "strategy_unfit", "search.open.scope"),
        ({"strategy": "cma_es", "open": {"method": ["ties", "dare_ties"], "density": {}}}, "strategy_unfit", "search.open.method"),
        ({"budget": {"trials": 24}}, "budget_too_small", "search.budget.trials"),
        ({"open": {"weight": {"steps": 1000}, "density": {"steps": 1000, "each": True}}}, "budget_too_small", "search.budget.trials"),
        ({"strategy": "cma_es", "budget": {"trials": 5}}, "budget_too_small", "search.budget.trials"),
        ({"strategy": "successive_halving", "budget": {"trials": 3}}, "budget_too_small", "search.budget.trials"),
        ({"data": [{"data": "demo/whole"}]}, "split_missing", "search.data[0].split"),
        ({"data": [{"data": "demo/nowhere"}]}, "not_found", "search.data[0].data"),
        ({"data": [{"data": "demo/letters"}]}, "label_mismatch", "base"),
        ({"data": [{"data": "demo/digits", "task": "causal-lm"}]}, "column_missing", "search.data[0]"),
        ({"metric": "perplexity"}, "metric_undefined", "search.metric"),
    ],
)  # fmt: skip
def test_bad_input_has_its_finding_and_its_place(search: Any, code: str, where: str) -> None:
    result = checked(merge(search), *FAMILY)
    told = [entry for entry in result.findings if entry.severity == "error"]
    assert (code, where) in [(entry.code, entry.where) for entry in told], told
    assert result.plan is None


def test_repairs_mend() -> None:
    document = merge({"budget": {"trials": 4}})
    repair = found(checked(document, *FAMILY), "budget_too_small").repair[0]
    document["search"]["budget"]["trials"] = repair.patch[0]["value"]
    assert checked(document, *FAMILY).ok
    assert (
        found(checked(merge({"data": [{"data": "demo/whole"}]}), *FAMILY), "split_missing").repair[0].patch[0]["path"]
        == "/search/data/0/split"
    )


def test_everything_at_once() -> None:
    search = {"strategy": "cma_es", "open": {"densty": {}, "weight": {"low": -99}}, "budget": {"trials": 2}, "metric": "perplexity",
              "data": [{"data": "demo/letters"}, {"data": "demo/whole"}]}  # fmt: skip
    result = checked(merge(search), *FAMILY)
    assert {"unknown_key", "out_of_range", "label_mismatch", "split_missing"} <= codes(result)


def test_a_number_that_chose_is_no_number_to_report() -> None:
    result = checked(merge({}, evaluate=[{"data": "demo/digits", "split": "validation"}]), *FAMILY)
    assert result.ok
    assert found(result, "measured_on_choice").where == "evaluate[0]"
    assert (
        found(checked(merge({"data": [{"data": "demo/digits", "split": "test"}]}), *FAMILY), "chosen_on_test").severity
        == "warning"
    )


def test_only_whole_models_are_tried() -> None:
    cut = merge(
        {},
        method="linear",
        slices=[{"sources": [{"model": "demo/a", "layers": [0, 2]}, {"model": "demo/b", "layers": [0, 2]}]}],
    )
    del cut["sources"]
    assert found(checked(cut, *FAMILY), "search_whole").repair[0].patch[0]["path"] == "/search"


def test_a_document_keeps_its_search_and_needs_no_method_of_its_own() -> None:
    document = merge({"open": {"method": ["dare_ties", "ties"], "weight": {}}})
    del document["method"]
    recipe = parse(document).recipe
    assert recipe is not None
    assert recipe.method == "dare_ties"
    assert parse(recipe_to_yaml(recipe)).recipe == recipe


def test_the_licence_of_what_it_chooses_by_is_weighed_but_not_of_what_is_measured_alone() -> None:
    narrow = FAMILY[3].model_copy(update={"reference": "demo/narrow", "repo": "demo/narrow", "licence": "CC-BY-NC-4.0"})
    chosen = checked(merge({"data": [{"data": "demo/digits"}, {"data": "demo/narrow"}]}), *FAMILY, narrow)
    assert found(chosen, "data_licence").where == "search.data[1]"
    assert ("narrow", "data") in {(link["name"], link["role"]) for link in chosen.licence.blocking}
    assert "data_licence" not in codes(checked(along({"data": [{"data": "demo/narrow"}]}), *FAMILY, narrow))


def test_a_base_that_only_a_method_under_trial_reads_binds_the_result() -> None:
    strict = BASE.model_copy(update={"licence": "GPL-3.0-only"})
    document = merge({"open": {"method": ["linear", "ties"], "weight": {}}}, method="linear")
    both = checked(document, strict, *FAMILY[1:])
    assert both.licence.licence.startswith("GPL-3.0")
    assert "base_not_needed" not in codes(both)
    alone = checked(merge({"open": {"weight": {}}}, method="linear"), strict, *FAMILY[1:])
    assert alone.licence.licence == "Apache-2.0"
    assert "base_not_needed" in codes(alone)


def along(barrier: Any, **more: Any) -> dict[str, Any]:
    document = {"kind": "merge", "method": "ties", "base": "demo/base", "sources": ["demo/a", "demo/b"], **more}
    return document | {"diagnostics": {"barrier": barrier}}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (along({}), "barrier_data_missing"),
        (along({"data": [{"data": "demo/digits"}]}, sources=["demo/a"]), "barrier_one_model"),
        (along({"data": [{"data": "demo/digits"}], "between": "base"}, method="linear", base=None), "barrier_no_base"),
        (along({"data": [{"data": "demo/digits"}], "between": "base"}, method="linear"), "barrier_no_base"),
        (along({"data": [{"data": "demo/whole", "split": "test"}]}), "split_missing"),
        (along({"data": [{"data": "demo/letters"}]}), "label_mismatch"),
        (along({"data": [{"data": "demo/digits"}], "points": 2}), "out_of_range"),
        (along({"data": [{"data": "demo/digits"}], "points": 101}, sources=[f"demo/{name}" for name in "abababab"]), "barrier_too_long"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_measured_is_told_with_a_repair(document: Any, code: str) -> None:
    result = checked({key: value for key, value in document.items() if value is not None}, *FAMILY)
    assert code in codes(result), result.findings
    assert not result.ok


def test_points_along_lines_cost_time_and_what_a_merge_learns_from_will_do() -> None:
    few, many = (
        checked(along({"data": [{"data": "demo/digits"}], "points": points}), *FAMILY).estimate for points in (3, 101)
    )
    assert few.seconds < many.seconds
    learned = along({}, method="adamerging", data=[{"data": "demo/digits"}])
    assert checked(learned, *FAMILY).ok


def test_all_data_that_is_read_is_an_input_with_its_place() -> None:
    document = along(
        {"data": [{"data": "demo/digits"}]},
        search={"open": {"weight": {}}, "data": [{"data": "demo/letters"}, {"data": "builtin:digits"}]},
    )
    recipe = parse(document).recipe
    assert recipe is not None
    assert [(index, text, where) for role, index, text, where in references_of(recipe) if role == "data"] == [
        (0, "demo/letters", "search.data[0].data"), (1, "builtin:digits", "search.data[1].data"), (2, "demo/digits", "diagnostics.barrier.data[0].data"),
    ]  # fmt: skip
