"""What binds by operation, what a proposed licence may offer, and what holds for every verdict."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.plans import LicenceVerdict
from workers.planning.licences import LICENCES, OPERATIONS, SEVERITY, LicenceInput, licence_judge
from workers.planning.licences.operations import effect_of

LLAMA2, LLAMA3, LLAMA31, LLAMA32, LLAMA4 = (f"LicenseRef-llama{version}" for version in ("2", "3", "3.1", "3.2", "4"))
GEMMA, BLOOM, CODE, SD = (
    f"LicenseRef-{name}"
    for name in ("gemma", "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "creativeml-openrail-m")
)
OPENRAIL, SDXL, RESEARCH = "LicenseRef-openrail", "LicenseRef-openrail-plus-plus", "LicenseRef-qwen-research"


def judged(operation: str, *inputs: tuple[str, str], **options: object) -> LicenceVerdict:
    """`inputs` are (role, licence)."""
    named = [LicenceInput(f"{role}-{index}", licence, role) for index, (role, licence) in enumerate(inputs)]
    return licence_judge(operation, named, **options)  # type: ignore[arg-type]


def sources(*licences: str) -> list[tuple[str, str]]:
    return [("source", licence) for licence in licences]


# Part one: two weights fused into one.
FUSED = [
    ("MIT", "Apache-2.0", "allow"),
    ("CC0-1.0", "BSD-3-Clause", "allow"),
    ("CDLA-Permissive-2.0", "ISC", "allow"),
    ("CC-BY-4.0", "MIT", "allow_with_obligations"),
    ("MPL-2.0", "Apache-2.0", "review"),
    ("LGPL-3.0-only", "LGPL-3.0-only", "review"),
    ("EPL-2.0", "MIT", "review"),
    ("GPL-3.0-only", "Apache-2.0", "allow_with_obligations"),
    ("GPL-2.0-only", "Apache-2.0", "deny"),
    ("GPL-2.0-only", "GPL-3.0-only", "deny"),
    ("GPL-2.0-or-later", "GPL-3.0-only", "allow_with_obligations"),
    ("GPL-3.0-only", "AGPL-3.0-only", "allow_with_obligations"),
    ("GPL-3.0-only", "CC-BY-3.0", "review"),
    ("CC-BY-SA-4.0", "GPL-3.0-only", "allow_with_obligations"),
    ("CC-BY-SA-4.0", "GPL-2.0-only", "deny"),
    ("CC-BY-SA-4.0", "AGPL-3.0-only", "deny"),
    ("CC-BY-SA-4.0", "CC-BY-SA-3.0", "review"),
    ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "deny"),
    ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "allow_with_obligations"),
    ("CC-BY-NC-SA-4.0", GEMMA, "deny"),
    ("CC-BY-NC-4.0", "MIT", "allow_with_obligations"),
    ("CC-BY-NC-4.0", LLAMA31, "review"),
    ("CC-BY-ND-4.0", "MIT", "deny"),
    ("CC-BY-NC-ND-4.0", "CC-BY-NC-ND-4.0", "deny"),
    *[("GPL-3.0-only", other, "deny") for other in (LLAMA2, LLAMA31, GEMMA, BLOOM, CODE, SD, SDXL, "CC-BY-NC-4.0", RESEARCH)],
    *[("AGPL-3.0-only", other, "deny") for other in (LLAMA4, GEMMA, SD)],
    *[("CC-BY-SA-4.0", other, "deny") for other in (LLAMA31, GEMMA, CODE)],
    (LLAMA31, GEMMA, "review"),
    (LLAMA31, LLAMA31, "allow_with_obligations"),
    (LLAMA3, "Apache-2.0", "allow_with_obligations"),
    (GEMMA, "MIT", "allow_with_obligations"),
    (SD, "CC0-1.0", "allow_with_obligations"),
    (OPENRAIL, "MIT", "review"),
    (RESEARCH, "MIT", "review"),
    ("LicenseRef-own-terms", "MIT", "review"),
    ("", "MIT", "unknown"),
    ("LicenseRef-other", "MIT", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "verdict"), FUSED)
def test_two_fused(one: str, other: str, verdict: str) -> None:
    assert judged("merge", *sources(one, other)).verdict == verdict
    assert judged("stitch", *sources(other, one)).verdict == verdict


# Part two: one licence, by operation.
BY_OPERATION = [
    ("adapt", [("model", LLAMA31)], "allow_with_obligations"),
    ("adapt", [("model", "CC-BY-ND-4.0")], "review"),
    ("extract", [("base", "CC-BY-ND-4.0"), ("source", "MIT")], "review"),
    ("apply", [("base", "CC-BY-ND-4.0"), ("adapter", "MIT")], "deny"),
    ("route", [("adapter", GEMMA), ("adapter", "MIT")], "allow_with_obligations"),
    ("compose", [("component", "CC-BY-ND-4.0"), ("component", "MIT")], "allow_with_obligations"),
    ("compose", [("component", "GPL-3.0-only"), ("component", GEMMA)], "review"),
    ("compose", [("component", ""), ("component", "MIT")], "unknown"),
    ("reference", [("component", "MIT"), ("component", "Apache-2.0")], "allow"),
    ("tokenise", [("base", "MIT"), ("tokenizer", "GPL-2.0-only")], "allow_with_obligations"),
    ("tokenise", [("base", "Apache-2.0"), ("tokenizer", "GPL-2.0-only")], "deny"),
    ("quantise", [("model", "CC-BY-NC-ND-4.0")], "deny"),
    ("distill", [("teacher", "MIT")], "allow"),
    ("distill", [("teacher", LLAMA2)], "deny"),
    ("distill", [("teacher", LLAMA3), ("student", "MIT")], "deny"),
    ("distill", [("teacher", LLAMA3), ("student", LLAMA3)], "allow_with_obligations"),
    ("distill", [("teacher", LLAMA3), ("student", LLAMA2)], "deny"),
    ("distill", [("teacher", LLAMA31), ("student", "MIT")], "allow_with_obligations"),
    ("distill", [("teacher", GEMMA), ("student", "MIT")], "allow_with_obligations"),
    ("distill", [("teacher", GEMMA), ("student", "GPL-3.0-only")], "deny"),
    ("distill", [("teacher", SD), ("student", "CC-BY-SA-4.0")], "deny"),
    ("distill", [("teacher", SDXL), ("student", "MIT")], "review"),
    ("distill", [("teacher", "CC-BY-NC-4.0"), ("student", "MIT")], "review"),
    ("distill", [("teacher", ""), ("student", "MIT")], "unknown"),
    ("synthesise", [("teacher", LLAMA2)], "review"),
    ("train", [("model", "MIT"), ("data", "CC-BY-4.0")], "allow"),
    ("train", [("model", "MIT"), ("data", "CC-BY-NC-4.0")], "review"),
    ("train", [("model", "MIT"), ("data", "CC-BY-ND-4.0")], "review"),
    ("train", [("model", "MIT"), ("data", "")], "review"),
    ("train", [("data", "CC0-1.0")], "allow"),
    ("evaluate", [("model", "CC-BY-ND-4.0"), ("data", "")], "allow"),
]


@pytest.mark.parametrize(("operation", "inputs", "verdict"), BY_OPERATION)
def test_by_operation(operation: str, inputs: list[tuple[str, str]], verdict: str) -> None:
    assert judged(operation, *inputs).verdict == verdict


# Part three: what the maker proposes.
PROPOSED = [
    ("CC-BY-NC-4.0", "MIT", "deny"),
    ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "allow_with_obligations"),
    (LLAMA31, "Apache-2.0", "deny"),
    (GEMMA, "MIT", "deny"),
    (SD, "Apache-2.0", "deny"),
    (GEMMA, GEMMA, "allow_with_obligations"),
    (GEMMA, f"MIT AND {GEMMA}", "allow_with_obligations"),
    (GEMMA, f"MIT OR {GEMMA}", "deny"),
    ("GPL-3.0-only", "MIT", "deny"),
    ("GPL-3.0-only", "AGPL-3.0-only", "allow_with_obligations"),
    ("AGPL-3.0-only", "GPL-3.0-only", "deny"),
    ("CC-BY-SA-4.0", "CC-BY-4.0", "deny"),
    ("CC-BY-SA-4.0", "GPL-3.0-only", "allow_with_obligations"),
    (LLAMA31, GEMMA, "review"),
    ("MIT", "CC0-1.0", "review"),
    ("MIT", "Apache-2.0", "allow"),
    ("MIT", "LicenseRef-own-terms", "review"),
]  # fmt: skip


@pytest.mark.parametrize(("held", "proposed", "verdict"), PROPOSED)
def test_proposed(held: str, proposed: str, verdict: str) -> None:
    assert judged("train", ("model", held), proposed=proposed).verdict == verdict


@pytest.mark.parametrize("licence", ["", "LicenseRef-other"])
def test_a_missing_licence_is_no_permission_to_publish(licence: str) -> None:
    verdict = judged("merge", *sources("MIT", licence), is_public=True)
    assert (verdict.verdict, verdict.licence) == ("deny", "")
    assert verdict.blocking[0]["name"] == "source-1"


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT OR CC-BY-ND-4.0", "allow"),
        ("MIT AND CC-BY-ND-4.0", "deny"),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", "allow"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "review"),
        ("MIT OR", "review"),
        ("(((((", "review"),
        (" AND ".join(f"(MIT OR LicenseRef-x{index})" for index in range(20)), "review"),
    ],
)  # fmt: skip
def test_expressions(expression: str, verdict: str) -> None:
    assert judged("merge", ("source", expression)).verdict == verdict


@pytest.mark.parametrize(
    ("licence", "sentence"),
    [
        (LLAMA3, "The result's name must start with “Llama 3”."),
        (LLAMA31, "You must show “Built with Llama” where the result is offered."),
        (LLAMA32, "Its multimodal models are not licensed to persons or companies in the European Union."),
        (LLAMA2, "Whoever had over 700 million monthly users when it was released needs a grant of its own."),
        (GEMMA, "You must mark the files you changed."),
        (SD, "You must pass its use restrictions on to whoever gets the result."),
    ],
)
def test_duties_are_listed(licence: str, sentence: str) -> None:
    assert sentence in judged("train", ("model", licence)).obligations


def test_a_student_of_a_llama_takes_its_name() -> None:
    verdict = judged("distill", ("teacher", LLAMA31), ("student", "MIT"))
    assert verdict.obligations[-1] == "The result's name must start with “Llama”, because it learned from teacher-0."
    assert verdict.licence == "MIT"


def test_a_conflict_names_both_inputs_and_both_clauses() -> None:
    verdict = judged("merge", *sources("GPL-3.0-only", GEMMA))
    assert [(link["name"], link["clause"]) for link in verdict.blocking] == [
        ("source-1", "GPL-3.0-only § 10; Gemma Terms of Use § 3.1 and § 3.2"),
        ("source-0", "GPL-3.0-only § 10; Gemma Terms of Use § 3.1 and § 3.2"),
    ]
    assert "GPL-3.0-only allows no further terms, and LicenseRef-gemma adds use restrictions" in verdict.reasons[0]


def test_the_notice_names_every_input_with_commit_and_clause() -> None:
    inputs = [
        LicenceInput("one", LLAMA31, "base", "a" * 40, "meta/one"), LicenceInput("two", "CC-BY-4.0", "source", "b" * 40, "bob/two"),
    ]  # fmt: skip
    notice = licence_judge("merge", inputs).notice
    assert f"* meta/one at {'a' * 12}, as base: {LLAMA31} (Llama 3.1 Community License § 1.b)" in notice
    assert f"* bob/two at {'b' * 12}, as source: CC-BY-4.0 (CC-BY-4.0 § 3(a))" in notice
    assert "Llama 3.1 is licensed under the Llama 3.1 Community License, Copyright © Meta Platforms, Inc." in notice
    assert "Built with Llama\n" in notice


def test_an_unknown_operation_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no dance"):
        judged("dance", ("source", "MIT"))


# What holds for all of them. A student says which model is trained, so it is given and not added.
_roles = st.sampled_from(["base", "source", "model", "adapter", "teacher", "component", "tokenizer", "data"])
_names = st.sampled_from(
    [
        *LICENCES,
        "",
        "LicenseRef-x",
        "LicenseRef-other",
        "MIT OR GPL-3.0-only",
        f"{GEMMA} OR CC-BY-SA-4.0",
        "MIT AND CC-BY-4.0",
    ]
)
_inputs = st.builds(LicenceInput, st.sampled_from("abcdef"), _names, _roles)
_missing = st.builds(LicenceInput, st.sampled_from("abcdef"), st.sampled_from(["", "LicenseRef-other"]), _roles)
_operations = st.sampled_from(list(OPERATIONS))


def level(verdict: LicenceVerdict) -> int:
    return SEVERITY[verdict.verdict]


@given(
    _operations, st.lists(_inputs, min_size=1, max_size=4), _inputs, st.sampled_from(["", "MIT", GEMMA]), st.booleans()
)
def test_another_input_never_loosens_the_verdict(
    operation: str, inputs: list[LicenceInput], more: LicenceInput, student: str, is_public: bool
) -> None:
    given_ = [*inputs, *([LicenceInput("s", student, "student")] if student else [])]
    before = licence_judge(operation, given_, is_public=is_public)
    assert level(licence_judge(operation, [*given_, more], is_public=is_public)) >= level(before)


@given(_operations, st.lists(_inputs, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(operation: str, inputs: Sequence[LicenceInput], draws: object) -> None:
    mixed = sorted([*inputs, *inputs], key=lambda _: draws.random())  # type: ignore[attr-defined]
    one, other = licence_judge(operation, inputs), licence_judge(operation, mixed)
    assert (one.verdict, one.licence) == (other.verdict, other.licence)
    assert {tuple(sorted(row.items())) for row in one.binding} == {tuple(sorted(row.items())) for row in other.binding}


@given(_operations, st.lists(_inputs, max_size=4), _missing)
def test_unknown_never_becomes_allow(operation: str, inputs: list[LicenceInput], missing: LicenceInput) -> None:
    if effect_of(operation, missing.role) != "none":
        verdict = licence_judge(operation, [*inputs, missing])
        assert level(verdict) >= SEVERITY["review"]
        if effect_of(operation, missing.role) != "data":
            assert verdict.licence == ""


@given(_operations, st.lists(_inputs, min_size=1, max_size=5), st.booleans())
def test_every_verdict_says_why_and_a_stop_names_input_and_clause(
    operation: str, inputs: list[LicenceInput], is_public: bool
) -> None:
    verdict = licence_judge(operation, inputs, is_public=is_public)
    assert verdict.reasons
    if level(verdict) >= SEVERITY["review"]:
        assert verdict.blocking
        assert all(
            link["name"] in "abcdef" and link["clause"] and link["reason"] in verdict.reasons
            for link in verdict.blocking
        )


@pytest.mark.parametrize("licence", [name for name, row in LICENCES.items() if not row.is_verified])
def test_what_was_not_verified_is_reviewed(licence: str) -> None:
    assert judged("train", ("model", licence)).verdict == "review"
