from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from tests.workers.planning.zoo import checked, codes, facts_make, found, vit, vit_config, vit_shapes
from workers.contracts.facts import RepoFacts, TensorFact

BASE, A, B = vit("base"), vit("a", base=("demo/base",)), vit("b", base=("demo/base",))


def merge(
    method: str = "ties", sources: Any = ("demo/a", "demo/b"), base: str | None = "demo/base", **more: Any
) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": "merge", "method": method, "sources": list(sources), **more}
    return document if base is None else document | {"base": base}


def test_a_family_that_fits_has_no_findings() -> None:
    result = checked(merge(), BASE, A, B)
    assert result.findings == ()
    assert result.agreements == ("Base, names, shapes, labels and number format agree in all models.",)
    assert result.plan is not None
    assert result.licence.licence == "Apache-2.0"


def test_what_does_not_agree_is_not_said_to_agree() -> None:
    lacking = A.model_copy(update={"tensors": dict(list(A.tensors.items())[1:])})
    assert checked(merge(), BASE, lacking, B).agreements == (
        "Base, shapes, labels and number format agree in all models.",
    )
    unread = checked(merge(sources=["demo/a", "demo/b", "demo/secret"]), BASE, A, B)
    assert unread.agreements == ("Base, names, shapes, labels and number format agree for the other sources.",)


def test_a_missing_entry_reads_as_an_invisible_one() -> None:
    finding = found(checked(merge(sources=["demo/a", "demo/secret"]), BASE, A), "not_found")
    assert finding.message == "There is no such entry, or you may not see it: demo/secret."
    assert (finding.where, finding.severity) == ("sources[1]", "error")


def test_an_entry_elsewhere_has_to_be_imported_first() -> None:
    assert "imported" in found(checked(merge(sources=["hf:demo/a"]), BASE), "not_found").message


def test_shapes_that_differ_are_told_with_both_widths() -> None:
    result = checked(merge(sources=["demo/a", "demo/large"]), BASE, A, vit("large", width=12))
    finding = found(result, "shape_mismatch")
    total = len(BASE.tensors)
    assert (
        finding.message
        == f"large does not fit the base. Its width is 12, the base has 8: {total - 1} of {total} tensors differ in shape."
    )
    assert finding.where == "sources[1]"
    assert result.plan is None
    assert result.agreements == ("Base, names, shapes, labels and number format agree for the other sources.",)


def test_removing_the_source_repairs_a_mismatch() -> None:
    document = merge(sources=["demo/a", "demo/large", "demo/b"])
    family = (BASE, A, B, vit("large", width=12))
    finding = found(checked(document, *family), "shape_mismatch")
    assert checked(patched(document, finding.repair[0]), *family).ok


def test_one_tensor_of_another_shape_is_named() -> None:
    shapes = vit_shapes() | {"vit.layernorm.weight": (9,)}
    odd = facts_make("odd", shapes, config=vit_config(), labels=BASE.labels)
    message = found(checked(merge(sources=["demo/odd"]), BASE, odd), "shape_mismatch").message
    assert "Its vit.layernorm.weight is 9, the base has 8: 1 of" in message


def test_another_depth_is_another_architecture() -> None:
    result = checked(merge(sources=["demo/deep"]), BASE, vit("deep", blocks=3))
    assert "It has 3 blocks, the base has 2." in found(result, "architecture_mismatch").message


def test_another_family_shares_no_names() -> None:
    text = facts_make(
        "text", {"bert.a": (4,), "bert.b": (4,)}, architecture="BertForMaskedLM", config={"model_type": "bert"}
    )
    finding = found(checked(merge(sources=["demo/text"]), BASE, text), "architecture_mismatch")
    assert "(BertForMaskedLM, ViTForImageClassification): 0 of" in finding.message


def test_the_same_names_under_another_type_are_a_warning() -> None:
    other = vit("other", config={"model_type": "deit"})
    assert found(checked(merge(sources=["demo/other"]), BASE, other), "architecture_mismatch").severity == "warning"


def test_another_number_of_labels() -> None:
    finding = found(checked(merge(sources=["demo/five"]), BASE, vit("five", labels=5)), "label_mismatch")
    assert "It tells 5 labels apart, the base has 10: 2 tensors of the head differ in shape." in finding.message


@pytest.mark.parametrize(("labels", "severity"), [(("dog", "cat"), "error"), (("cat", "horse"), "warning")])
def test_labels_of_other_names(labels: tuple[str, str], severity: str) -> None:
    base, other = vit("base", labels=2), vit("x", labels=2)
    base, other = base.model_copy(update={"labels": ("cat", "dog")}), other.model_copy(update={"labels": labels})
    finding = found(checked(merge(sources=["demo/x"]), base, other), "label_mismatch")
    assert finding.severity == severity
    assert f"“{labels[0] if labels[0] != 'cat' else labels[1]}”" in finding.message


def test_what_uploads_call_themselves_cannot_act_on_a_terminal() -> None:
    base = vit("base", labels=2).model_copy(update={"labels": ("cat", "dog")})
    hostile = vit("x", labels=2).model_copy(update={"labels": ("cat", "\x1b[2J\u202edog")})
    message = found(checked(merge(sources=["demo/x"]), base, hostile), "label_mismatch").message
    assert "“?[2J?dog”" in message


def test_numbered_labels_are_no_disagreement() -> None:
    named = vit("x").model_copy(update={"labels": tuple("abcdefghij")})
    assert codes(checked(merge(sources=["demo/x"]), BASE, named)) <= {"single_source"}


def text_model(name: str, vocabulary: int, **more: Any) -> RepoFacts:
    shapes = {
        "model.embed_tokens.weight": (vocabulary, 4),
        "model.norm.weight": (4,),
        "model.layers.0.a.weight": (4, 4),
        "lm_head.weight": (vocabulary, 4),
    }
    config = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 4,
        "num_hidden_layers": 1,
        "vocab_size": vocabulary,
        **more.pop("config", {}),
    }
    return facts_make(
        name, more.pop("shapes", shapes), config=config, architecture="LlamaForCausalLM", vocabulary=vocabulary, **more
    )


def test_another_vocabulary() -> None:
    result = checked(merge(sources=["demo/x"]), text_model("base", 128), text_model("x", 132))
    finding = found(result, "vocabulary_mismatch")
    assert (
        "Its vocabulary has 132 entries, the base has 128: 2 tensors of embeddings differ in shape." in finding.message
    )
    assert "shape_mismatch" not in codes(result)


def test_another_tokenizer_is_a_warning() -> None:
    result = checked(
        merge(sources=["demo/x"]),
        text_model("base", 128, tokenizer_digest="1"),
        text_model("x", 128, tokenizer_digest="2"),
    )
    assert found(result, "tokenizer_mismatch").severity == "warning"


@pytest.mark.parametrize(
    ("base", "source", "dtype", "severity"),
    [
        ("F32", "BF16", None, "info"),
        ("BF16", "F32", None, "warning"),
        ("BF16", "F32", "float32", "info"),
        ("F32", "BF16", "float16", "warning"),
    ],
)
def test_mixed_number_formats(base: str, source: str, dtype: str | None, severity: str) -> None:
    document = merge(sources=["demo/a"]) | ({"dtype": dtype} if dtype else {})
    finding = found(checked(document, vit("base", dtype=base), vit("a", dtype=source)), "dtype_mixed")
    assert finding.severity == severity


def test_a_missing_base_is_proposed_when_all_sources_declare_it() -> None:
    document = merge(base=None)
    finding = found(checked(document, BASE, A, B), "missing_base")
    assert "demo/base" in finding.message
    assert checked(patched(document, finding.repair[0]), BASE, A, B).ok


def test_a_missing_base_is_not_guessed() -> None:
    finding = found(checked(merge(base=None), vit("a"), vit("b")), "missing_base")
    assert finding.repair == ()


def test_without_a_base_the_sources_are_still_compared() -> None:
    assert "shape_mismatch" in codes(
        checked(merge(base=None, sources=["demo/a", "demo/large"]), A, vit("large", width=12))
    )


def test_a_base_that_is_not_used() -> None:
    document = merge("linear")
    finding = found(checked(document, BASE, A, B), "base_not_needed")
    assert finding.severity == "warning"
    assert codes(checked(patched(document, finding.repair[0]), BASE, A, B)) == set()


def test_a_source_given_twice() -> None:
    document = merge(sources=["demo/a", "demo/b", "demo/a@main"])
    finding = found(checked(document, BASE, A, B), "duplicate_source")
    assert (finding.severity, finding.where) == ("error", "sources[2]")
    assert "source 1 and 3" in finding.message
    assert checked(patched(document, finding.repair[0]), BASE, A, B).ok


def test_two_commits_of_one_repo_are_two_sources() -> None:
    from workers.contracts.parsing import parse
    from workers.planning.check import check

    recipe = parse(merge(sources=["demo/a@one", "demo/a@two"])).recipe
    assert recipe is not None
    facts = {"demo/base": BASE, "demo/a@one": A, "demo/a@two": A.model_copy(update={"commit": "f" * 40})}
    assert check(recipe, facts).ok


def test_the_base_as_a_source() -> None:
    finding = found(checked(merge(sources=["demo/base", "demo/a"]), BASE, A), "source_equals_base")
    assert (finding.severity, finding.where) == ("warning", "sources[0]")


def test_a_source_made_from_another_base() -> None:
    stranger = vit("stranger", base=("other/base",))
    assert (
        "other/base"
        in found(checked(merge(sources=["demo/a", "demo/stranger"]), BASE, A, stranger), "other_base").message
    )


@pytest.mark.parametrize(
    ("method", "weights", "more", "code"),
    [
        ("linear", (1, -1), {}, "weights_sum_to_zero"),
        ("linear", (0, 0), {"normalize": False}, "weights_sum_to_zero"),
        ("task_arithmetic", (0.5, -0.5), {"normalize": True}, "weights_sum_to_zero"),
        ("task_arithmetic", (0, 0), {}, "changes_nothing"),
        ("ties", (0, 0), {}, "changes_nothing"),
        ("ties", (1, 1), {"lambda": 0}, "changes_nothing"),
    ],
)
def test_weights_that_cancel_out(method: str, weights: tuple[float, float], more: dict[str, Any], code: str) -> None:
    sources = [{"model": "demo/a", "weight": weights[0]}, {"model": "demo/b", "weight": weights[1]}]
    result = checked(merge(method, sources, base=None if method == "linear" else "demo/base", **more), BASE, A, B)
    assert found(result, code).severity == ("error" if code == "weights_sum_to_zero" else "warning")


def test_opposite_weights_are_fine_where_nothing_is_divided() -> None:
    sources = [{"model": "demo/a", "weight": 0.5}, {"model": "demo/b", "weight": -0.5}]
    assert checked(merge("task_arithmetic", sources), BASE, A, B).ok
    assert checked(merge("ties", sources), BASE, A, B).ok


@pytest.mark.parametrize("t", [0, 1])
def test_slerp_at_an_end_changes_nothing(t: int) -> None:
    assert "changes_nothing" in codes(checked(merge("slerp", ["demo/a"], t=t), BASE, A))


@pytest.mark.parametrize("method", ["ties", "dare_ties", "linear"])
def test_a_single_source_is_a_warning(method: str) -> None:
    assert (
        found(
            checked(merge(method, ["demo/a"], base=None if method == "linear" else "demo/base"), BASE, A),
            "single_source",
        ).severity
        == "warning"
    )


@pytest.mark.parametrize("artifact", ["adapter", "family"])
def test_what_is_no_whole_model_is_refused(artifact: str) -> None:
    part = vit("part").model_copy(update={"artifact": artifact, "base": ("demo/base",)})
    assert found(checked(merge(sources=["demo/a", "demo/part"]), BASE, A, part), "wrong_artifact").severity == "error"


def test_a_dataset_is_refused() -> None:
    data = RepoFacts(repo="demo/data", repo_type="dataset")
    assert "dataset" in found(checked(merge(sources=["demo/data"]), BASE, data), "wrong_artifact").message


def test_a_repo_without_weights_is_refused() -> None:
    assert "no_weights" in codes(checked(merge(sources=["demo/empty"]), BASE, facts_make("empty", {})))


def test_a_missing_shard_is_refused() -> None:
    tensors = {
        name: fact.model_copy(update={"file": "model-00001-of-00003.safetensors"}) for name, fact in A.tensors.items()
    }
    result = checked(merge(sources=["demo/a"]), BASE, A.model_copy(update={"tensors": tensors}))
    assert "2 weight files" in found(result, "weights_incomplete").message


def test_quantised_weights_are_refused() -> None:
    assert "quantised" in codes(
        checked(merge(sources=["demo/q"]), BASE, vit("q", config={"quantization_config": {"bits": 4}}))
    )


def test_integers_of_another_kind_are_refused() -> None:
    whole = {"vit.ids": TensorFact(dtype="I64", shape=(3,), file="model.safetensors", begin=0, end=24)}
    narrow = {"vit.ids": TensorFact(dtype="I32", shape=(3,), file="model.safetensors", begin=0, end=12)}
    base = BASE.model_copy(update={"tensors": BASE.tensors | whole})
    other = A.model_copy(update={"tensors": A.tensors | narrow})
    assert found(checked(merge(sources=["demo/a"]), base, other), "integer_tensor_differs").severity == "error"


def test_an_unscanned_source_is_a_warning_where_scans_exist() -> None:
    fresh = A.model_copy(update={"scanned": False})
    assert found(checked(merge(), BASE, fresh, B), "not_scanned").severity == "warning"
    assert "not_scanned" not in codes(checked(merge(), BASE, A.model_copy(update={"scanned": True}), B))


def test_a_result_without_config_is_told() -> None:
    bare = BASE.model_copy(update={"config": {}, "labels": ()})
    assert "config_missing" in codes(checked(merge(), bare, A, B))


@pytest.mark.parametrize(("visibility", "severity"), [("private", "warning"), ("public", "warning")])
def test_a_licence_conflict_is_left_to_the_policy_of_the_hub(visibility: str, severity: str) -> None:
    document = merge(output={"repo": "alice/x", "visibility": visibility})
    result = checked(document, BASE, A, vit("b", licence="CC-BY-ND-4.0"))
    assert found(result, "licence_conflict").severity == severity


def test_a_missing_licence_is_told_and_never_assumed() -> None:
    result = checked(merge(), BASE, A, vit("b", licence=""))
    assert found(result, "licence_missing").where == "sources[1]"
    assert (result.licence.verdict, result.licence.licence) == ("unknown", "")


def test_a_licence_to_be_read_is_a_warning() -> None:
    assert "licence_review" in codes(checked(merge(), BASE, A, vit("b", licence="LicenseRef-my-own")))


def test_errors_come_first() -> None:
    result = checked(merge(sources=["demo/a", "demo/gone", "demo/b"]), BASE, vit("a", licence=""), B)
    severities = [finding.severity for finding in result.findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert severities[0] == "error"


def test_two_sources_of_one_short_name_are_told_apart() -> None:
    one = vit("x", width=12)
    other = one.model_copy(update={"repo": "lab/x", "commit": "e" * 40})
    messages = [
        finding.message
        for finding in checked(merge(sources=["demo/x", "lab/x"]), BASE, one, other).findings
        if finding.code == "shape_mismatch"
    ]
    assert messages[0].startswith("demo/x does not fit")
    assert messages[1].startswith("lab/x does not fit")
