"""What a merge learns from: said before anything is read, and with what to do."""

from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, dataset, found, vit

BASE, A, B = vit("base"), vit("a", base=("demo/base",)), vit("b", base=("demo/base",))
DIGITS, PLAIN = dataset("digits"), dataset("plain", columns={"images": "image"})
FAMILY = (BASE, A, B, DIGITS, PLAIN)


def merge(method: str = "adamerging", *data: Any, **more: Any) -> dict[str, Any]:
    document = {"kind": "merge", "method": method, "sources": ["demo/a", "demo/b"], **more}
    document |= {"data": [{"data": item} if isinstance(item, str) else item for item in data]} if data else {}
    return document if method in {"fisher", "regmean", "regmean_pp", "linear"} else {"base": "demo/base", **document}


@pytest.mark.parametrize("method", ["fisher", "regmean", "adamerging", "atlas", "expert_merging"])
@pytest.mark.parametrize("data", [("demo/digits",), ("demo/digits", "builtin:digits")])
def test_one_dataset_for_all_or_one_for_each_source(method: str, data: tuple[str, ...]) -> None:
    result = checked(merge(method, *data), *FAMILY)
    assert result.ok, result.findings
    assert result.plan is not None
    bare = checked(merge("linear"), *FAMILY)
    assert result.estimate.memory_bytes > bare.estimate.memory_bytes
    assert result.estimate.seconds[0] > bare.estimate.seconds[0]


def test_a_method_that_learns_needs_data() -> None:
    result = checked(merge(), *FAMILY)
    assert "examples without labels" in found(result, "data_missing").message
    assert "labelled examples" in found(checked(merge("atlas"), *FAMILY), "data_missing").message
    assert result.plan is None


def test_data_that_nobody_reads_is_an_error_with_its_repair() -> None:
    finding = found(checked(merge("linear", "demo/digits"), *FAMILY), "data_unused")
    assert (finding.where, finding.repair[0].label) == ("data", "Remove the data")


def test_datasets_are_as_many_as_sources_or_one() -> None:
    more = merge("regmean", "demo/digits", "builtin:digits", "demo/plain")
    assert "data_count" in codes(checked(more, *FAMILY))


def test_labels_are_wanted_only_where_they_are_read() -> None:
    assert checked(merge("adamerging", "demo/plain"), *FAMILY).ok
    assert checked(merge("fisher", "demo/plain"), *FAMILY).ok
    assert not checked(merge("fisher", "demo/plain", labels="given"), *FAMILY).ok
    assert not checked(merge("atlas", "demo/plain"), *FAMILY).ok
    assert checked(merge("atlas", "demo/plain", objective="entropy"), *FAMILY).ok


def test_missing_data_and_other_sizes_are_found_before_anything_runs() -> None:
    assert "not_found" in codes(checked(merge("adamerging", "demo/nowhere"), *FAMILY))
    assert "split_missing" in codes(
        checked(merge("adamerging", "demo/one"), *FAMILY, dataset("one", splits={"test": 5}))
    )
    assert "image_shape" in codes(checked(merge("adamerging", "demo/big"), *FAMILY, dataset("big", image=(3, 32, 32))))


def test_learning_from_the_test_split_is_said() -> None:
    result = checked(merge("adamerging", {"data": "demo/digits", "split": "test"}), *FAMILY)
    assert found(result, "learns_from_test").where == "data[0].split"
    assert result.ok


def test_a_model_without_such_answers_cannot_be_learned_with() -> None:
    config = {"architectures": ["ViTModel"]}
    family = [vit(name, config=config) for name in ("base", "a", "b")]
    assert "task_unlearnable" in codes(checked(merge("adamerging", "demo/digits"), *family, DIGITS))


def test_learning_takes_models_whole() -> None:
    gradient = merge("adamerging", "demo/digits", init=[0.1, 0.5])
    assert "learned_whole" in codes(checked(gradient, *FAMILY))


def test_the_licence_of_the_data_is_weighed_and_asked_about_at_its_place() -> None:
    narrow = dataset("narrow", licence="CC-BY-NC-4.0")
    result = checked(merge("adamerging", "demo/digits", "demo/narrow"), *FAMILY, narrow)
    assert result.ok
    assert found(result, "data_licence").where == "data[1]"
    assert ("narrow", "data") in {(link["name"], link["role"]) for link in result.licence.blocking}
    assert "data_licence" not in codes(checked(merge("adamerging", "builtin:digits"), *FAMILY))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"shots": 4, "objective": "entropy"}, "shots_unlabelled"),
        ({"shots": 4, "objective": "pseudo_labels"}, "shots_unlabelled"),
    ],
)
def test_shots_need_labels(settings: dict[str, Any], code: str) -> None:
    document = merge("atlas", "demo/digits", **settings)
    finding = found(checked(document, *FAMILY), code)
    assert finding.where == "shots"
    assert checked(patched(document, finding.repair[0]), *FAMILY).ok
    assert checked(merge("atlas", "demo/digits", shots=4), *FAMILY).ok
