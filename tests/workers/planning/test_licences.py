import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.plans import LicenceVerdict
from workers.planning.licence_names import licence_normalise
from workers.planning.licences import LICENCES, LicenceInput, licence_judge

ORDER = ["allow", "allow_with_obligations", "review", "unknown", "deny"]


def judged(licences: Sequence[str]) -> LicenceVerdict:
    return licence_judge("merge", [LicenceInput(f"model-{index}", licence) for index, licence in enumerate(licences)])


def verdict_of(*licences: str) -> tuple[str, str]:
    verdict = judged(licences)
    return verdict.verdict, verdict.licence


@pytest.mark.parametrize(
    ("licences", "verdict", "result"),
    [
        (["MIT", "MIT"], "allow", "MIT"),
        (["MIT", "Apache-2.0"], "allow", "Apache-2.0"),
        (["CC0-1.0", "MIT"], "allow", "MIT"),
        (["Apache-2.0", "CC-BY-4.0", "MIT"], "allow_with_obligations", "CC-BY-4.0"),
        (["MPL-2.0", "MPL-2.0"], "allow_with_obligations", "MPL-2.0"),
        (["MPL-2.0", "MIT"], "review", "LicenseRef-combined"),
        (["GPL-3.0-only", "MIT"], "allow_with_obligations", "GPL-3.0-only"),
        (["GPL-3.0-only", "Apache-2.0"], "allow_with_obligations", "GPL-3.0-only"),
        (["GPL-3.0-only", "AGPL-3.0-only"], "allow_with_obligations", "AGPL-3.0-only"),
        (["GPL-2.0-or-later", "GPL-3.0-only"], "allow_with_obligations", "GPL-3.0-only"),
        (["GPL-2.0-or-later", "Apache-2.0"], "allow_with_obligations", "GPL-3.0-or-later"),
        (["GPL-2.0-or-later", "CC-BY-SA-4.0"], "allow_with_obligations", "GPL-3.0-or-later"),
        (["GPL-3.0-only", "AFL-3.0"], "deny", ""),
        (["GPL-2.0-only", "Apache-2.0"], "deny", ""),
        (["GPL-2.0-only", "GPL-3.0-only"], "deny", ""),
        (["GPL-3.0-only", "LicenseRef-llama3.1"], "deny", ""),
        (["GPL-3.0-only", "LicenseRef-gemma"], "deny", ""),
        (["GPL-3.0-only", "LicenseRef-openrail"], "deny", ""),
        (["AGPL-3.0-only", "CC-BY-NC-4.0"], "deny", ""),
        (["CC-BY-SA-4.0", "MIT"], "allow_with_obligations", "CC-BY-SA-4.0"),
        (["CC-BY-SA-4.0", "GPL-3.0-only"], "allow_with_obligations", "GPL-3.0-only"),
        (["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], "deny", ""),
        (["CC-BY-SA-4.0", "LicenseRef-gemma"], "deny", ""),
        (["CC-BY-SA-4.0", "CC-BY-NC-4.0"], "deny", ""),
        (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], "review", "LicenseRef-combined"),
        (["CC-BY-NC-4.0", "MIT"], "allow_with_obligations", "CC-BY-NC-4.0"),
        (["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"], "allow_with_obligations", "CC-BY-NC-SA-4.0"),
        (["CC-BY-ND-4.0"], "deny", ""),
        (["MIT", "CC-BY-NC-ND-4.0"], "deny", ""),
        (["LicenseRef-llama3.1", "LicenseRef-llama3.1"], "allow_with_obligations", "LicenseRef-llama3.1"),
        (["LicenseRef-llama3.1", "Apache-2.0"], "allow_with_obligations", "LicenseRef-llama3.1"),
        (["LicenseRef-llama3.1", "LicenseRef-gemma"], "review", "LicenseRef-combined"),
        (["LicenseRef-llama3.1", "CC-BY-NC-4.0"], "review", "LicenseRef-combined"),
        (["LicenseRef-mrl", "MIT"], "review", "LicenseRef-combined"),
        (["LicenseRef-own-terms"], "review", "LicenseRef-own-terms"),
        (["LicenseRef-own-terms", "MIT"], "review", "LicenseRef-combined"),
        (["MIT", ""], "unknown", ""),
        (["CC-BY-ND-4.0", ""], "deny", ""),
        ([""], "unknown", ""),
        ([], "unknown", ""),
        (["MIT OR GPL-2.0-only", "Apache-2.0"], "allow", "Apache-2.0"),
        (["MIT AND CC-BY-4.0", "Apache-2.0"], "allow_with_obligations", "CC-BY-4.0"),
        (["MIT AND GPL-2.0-only", "Apache-2.0"], "deny", ""),
        (["(MIT OR ISC) AND BSD-3-Clause"], "allow", "BSD-3-Clause"),
    ],
)  # fmt: skip
def test_verdict(licences: list[str], verdict: str, result: str) -> None:
    assert verdict_of(*licences) == (verdict, result)


_licences = st.sampled_from([*LICENCES, "", "LicenseRef-x"])


@given(st.lists(_licences, min_size=1, max_size=5), _licences)
def test_another_model_never_relaxes_the_verdict(licences: list[str], more: str) -> None:
    assert ORDER.index(verdict_of(*licences, more)[0]) >= ORDER.index(verdict_of(*licences)[0])


@given(st.lists(_licences, min_size=1, max_size=5), st.randoms())
def test_the_order_of_models_does_not_matter(licences: list[str], draws: object) -> None:
    mixed = sorted(licences, key=lambda _: draws.random())  # type: ignore[attr-defined]
    assert verdict_of(*licences) == verdict_of(*mixed)


@given(st.lists(_licences, min_size=1, max_size=5))
def test_a_verdict_says_why_and_names_everyone_bound(licences: list[str]) -> None:
    verdict = judged(licences)
    assert verdict.reasons
    assert {entry["name"] for entry in verdict.binding} == {f"model-{index}" for index in range(len(licences))}


@given(st.lists(_licences, min_size=1, max_size=5))
def test_no_licence_is_made_up(licences: list[str]) -> None:
    assert verdict_of(*licences)[1] in {
        *licences,
        "",
        "LicenseRef-combined",
        *(["GPL-3.0-or-later"] if "GPL-2.0-or-later" in licences else []),
    }


def test_the_reason_names_who_asks_for_it() -> None:
    verdict = licence_judge("merge", [LicenceInput("rotated", "Apache-2.0"), LicenceInput("shifted", "CC-BY-4.0")])
    assert verdict.reasons[:2] == ("The result will be CC-BY-4.0.", "You must credit its sources, because of shifted.")
    assert (
        verdict.binding[0].items()
        >= {"name": "shifted", "licence": "CC-BY-4.0", "clause": "CC-BY-4.0 § 3(a)", "effect": "derivative"}.items()
    )


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("apache-2.0", "Apache-2.0"), ("Apache License 2.0", "Apache-2.0"), ("MIT", "MIT"), ("mit", "MIT"), ("gpl-3.0", "GPL-3.0-only"),
        ("agpl-3.0", "AGPL-3.0-only"), ("cc-by-nc-4.0", "CC-BY-NC-4.0"), ("llama3.1", "LicenseRef-llama3.1"), ("LicenseRef-llama3.1", "LicenseRef-llama3.1"),
        ("licenseref-llama3.1", "LicenseRef-llama3.1"), ("licenseref-combined", "LicenseRef-combined"), ("openrail++", "LicenseRef-openrail-plus-plus"),
        ("bsd", "BSD-3-Clause"), ("other", "LicenseRef-other"), ("unknown", ""), ("", ""), ("  ", ""), ("none", ""), ("My own terms!", "LicenseRef-My-own-terms"),
        ("MIT OR apache-2.0", "MIT OR Apache-2.0"), ("mit AND cc-by-4.0", "MIT AND CC-BY-4.0"), ("(mit OR isc) AND 0bsd", "(MIT OR ISC) AND 0BSD"),
    ],
)  # fmt: skip
def test_names_become_spdx(text: str, spdx: str) -> None:
    assert licence_normalise(text) == spdx


def test_a_named_other_licence() -> None:
    assert licence_normalise("other", "Our Terms 1.0") == "LicenseRef-Our-Terms-1.0"


@pytest.mark.parametrize("name", LICENCES)
def test_every_name_of_the_table_is_one_that_spdx_can_parse(name: str) -> None:
    spdx = pytest.importorskip("license_expression").get_spdx_licensing()
    assert re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", name) or name in spdx.known_symbols


@pytest.mark.parametrize("name", LICENCES)
def test_every_name_of_the_table_is_its_own_normal_form(name: str) -> None:
    assert licence_normalise(name) == name
    assert licence_normalise(name.lower()) == name


@given(st.text(max_size=300))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = licence_normalise(text)
    assert licence_normalise(once) == once
