"""LICENCE TABLE: one row per licence, each attribute from the text named here.

Read for this table, version and section:
* Llama 2 (LICENSE in meta-llama/llama-models, 18 July 2023) § 1.b.i copy of the agreement, iii notice file, iv use
  policy, v outputs may not improve other language models, § 2 700 million users.
* Meta Llama 3 (18 April 2024) § 1.b.i copy, “Built with …”, name begins with “Llama 3”; iii, iv, v, § 2 as before.
* Llama 3.1 (23 July 2024), 3.2 (25 September 2024), 3.3 (6 December 2024), 4 (5 April 2025) § 1.b.i copy, “Built with
  Llama”, and a model made with the materials or their outputs has a name that begins with “Llama”; iii, iv, § 2. There is no § 1.b.v.
  The use policies of 3.2, 3.3 and 4 end with: no grant of § 1.a for multimodal models to persons domiciled or companies
  seated in the European Union.
* Gemma Terms of Use (24 March 2025 in a copy that a third party keeps; of 1 April 2026 § 1.1(e) and § 3.3 only) § 1.1(e) model derivatives include models trained on
  outputs to perform similarly, § 3.1 copy, notice file, marked files, flow-down, § 3.2 prohibited uses. Gemma 4 is not under them.
* BigScience RAIL 1.0 (19 May 2022), BigScience Open RAIL-M (18 August 2022), CreativeML Open RAIL-M (22 August 2022):
  § 1 derivatives include distilled models and models trained on generated data, § 4 flow-down, copy, marked files, § 5 and Attachment A.
* BigCode Open RAIL-M v1: § 1.i modifications include models made by transfer of output, § 4, § 5.1 flow-down, § 5.2 copy.
* CreativeML Open RAIL++-M (26 July 2023): preamble and § 4, § 5. What § 1 says of outputs was not read: unsettled.
* Open-source and Creative Commons texts: entered from their well-known conditions; those of MPL-2.0, CC-BY-4.0, CC-BY-SA-4.0, AFL-3.0,
  MS-PL and ODbL-1.0 were compared with choosealicense.com. Which work may enter the GPL is what the FSF is known to hold; its list
  was not read again for this table.
* `openrail` names a family of texts and no text: not verified. The research licences and older Creative Commons
  versions are entered by what their names state; what was not read leads to review.
"""

from dataclasses import replace

from workers.planning.licences.record import Licence

_NOTICE = "You must keep its copyright notice."
_CREDIT = "You must credit its sources."
_CHANGES = "You must keep its NOTICE and say what you changed."
_FLOW = "You must pass its use restrictions on to whoever gets the result."
_COPY = "You must give everyone who gets the result a copy of its text."
_SAME = "The result must be under the same licence."
_SOURCES = "The result must be under the same licence, with its sources open."
_USERS = "Whoever had over 700 million monthly users when it was released needs a grant of its own."
_EUROPE = "Its multimodal models are not licensed to persons or companies in the European Union."


def _permissive() -> list[Licence]:
    rows = [
        Licence(name, "free", 0, gpl=2, is_osi=name != "CC0-1.0")
        for name in ("CC0-1.0", "Unlicense", "0BSD", "MIT-0", "PDDL-1.0", "WTFPL")
    ]
    rows += [
        Licence(name, "permissive", 10, (_NOTICE,), gpl=2, is_osi=True)
        for name in ("ISC", "MIT", "Zlib", "BSL-1.0", "NCSA", "PostgreSQL")
    ]
    rows += [
        Licence("BSD-2-Clause", "permissive", 11, (_NOTICE,), gpl=2, is_osi=True),
        Licence("BSD-3-Clause", "permissive", 12, (_NOTICE,), gpl=2, is_osi=True),
        Licence("CDLA-Permissive-2.0", "permissive", 13, ("You must pass its text on.",), "CDLA-Permissive-2.0 § 2", gpl=2),
        Licence("CDLA-Permissive-1.0", "permissive", 13, ("You must pass its text on.",), "CDLA-Permissive-1.0 § 3", gpl=None),
        Licence("AFL-3.0", "permissive", 14, (_NOTICE,), "AFL-3.0 § 6", gpl=0, ends_on_patent_suit=True, is_osi=True, clauses={"gpl": "AFL-3.0 § 9 and § 10"}),
        Licence("ECL-2.0", "permissive", 14, (_CHANGES,), "ECL-2.0 § 4", gpl=3, ends_on_patent_suit=True, is_osi=True, clauses={"gpl": "ECL-2.0 § 3"}),
        Licence("Apache-2.0", "permissive", 15, (_CHANGES,), "Apache-2.0 § 4", gpl=3, ends_on_patent_suit=True, is_osi=True, clauses={"gpl": "Apache-2.0 § 3"}),
        Licence("ODC-By-1.0", "permissive", 18, (_CREDIT,), "ODC-By-1.0 § 4.2", gpl=None),
    ]  # fmt: skip
    rows += [
        Licence(f"CC-BY-{version}", "permissive", 20 + index, (_CREDIT,), f"CC-BY-{version} § {'3(a)' if version == '4.0' else '4'}",
                gpl=2 if version == "4.0" else None)
        for index, version in enumerate(("2.0", "2.5", "3.0", "4.0"))
    ]  # fmt: skip
    return rows


def _copyleft() -> list[Licence]:
    part = "You must offer its own part under the same licence."
    rows = [
        Licence("MPL-2.0", "weak", 40, (part,), "MPL-2.0 § 3", copyleft="file", gpl=2, is_osi=True, ends_on_patent_suit=True),
        Licence("EPL-2.0", "weak", 40, (part,), "EPL-2.0 § 3", copyleft="file", gpl=None, is_osi=True),
        Licence("EUPL-1.2", "weak", 40, (part,), "EUPL-1.2 art. 5", copyleft="weak", gpl=None, is_osi=True),
        Licence("CDLA-Sharing-1.0", "weak", 40, (part,), "CDLA-Sharing-1.0 § 3", copyleft="file", gpl=None),
        Licence("ODbL-1.0", "weak", 40, (part,), "ODbL-1.0 § 4.4", copyleft="file", gpl=None),
        Licence("MS-PL", "weak", 40, (part,), "MS-PL § 3(D)", copyleft="file", gpl=0, is_osi=True),
        Licence("Artistic-2.0", "weak", 40, (part,), "Artistic-2.0 § 4", copyleft="file", gpl=2, is_osi=True),
        Licence("OFL-1.1", "weak", 40, (part,), "OFL-1.1 § 5", copyleft="file", gpl=0, is_osi=True),
    ]  # fmt: skip
    rows += [
        Licence(name, "weak", 41, (part,), f"{name} § {'2' if '2.1' in name else '4'}", copyleft="weak", gpl=3 if "3.0" in name else 2, is_osi=True)
        for name in ("LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later")
    ]  # fmt: skip
    rows += [
        Licence("CC-BY-SA-3.0", "share_alike", 50, (_CREDIT, _SAME), "CC-BY-SA-3.0 § 4(b)", outputs="unsettled", share_alike="CC-BY-SA", gpl=0),
        Licence("CC-BY-SA-4.0", "share_alike", 51, (_CREDIT, _SAME), "CC-BY-SA-4.0 § 3(b)", outputs="unsettled", share_alike="CC-BY-SA", gpl=3),
    ]  # fmt: skip
    grades = (
        ("GPL-2.0-or-later", "2", {2, 3}), ("GPL-2.0-only", "2", {2}), ("GPL-3.0-or-later", "5", {3}), ("GPL-3.0-only", "5", {3}),
        ("AGPL-3.0-or-later", "13", {3}), ("AGPL-3.0-only", "13", {3}),
    )  # fmt: skip
    rows += [
        Licence(name, "strong", 60 + index, (_SOURCES,), f"{name} § {section}", copyleft="network" if name[0] == "A" else "strong",
                gpl=min(versions), gpl_versions=frozenset(versions), is_osi=True,
                clauses={"extra": f"{name} § {'6' if min(versions) == 2 else '10'}"})
        for index, (name, section, versions) in enumerate(grades)
    ]  # fmt: skip
    return rows


def _creative() -> list[Licence]:
    sale = "Nobody may use the result commercially."
    names = ("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0")
    rows = [
        Licence(name, "non_commercial", 30 + index, (_CREDIT, sale, *((_SAME,) if "-SA-" in name else ())), name, is_commercial=False, outputs="unsettled",
                share_alike="CC-BY-NC-SA" if "-SA-" in name else "",
                clauses={"commercial": f"{name} § {'2(a)(1)' if name.endswith('4.0') else '4'}"})
        for index, name in enumerate(names)
    ]  # fmt: skip
    rows += [
        Licence(name, "no_derivatives", 90, ("Nothing that is made of it may be passed on.",), name, allows_derivatives=False,
                is_commercial="-NC-" not in name, outputs="unsettled",
                clauses={"derivatives": f"{name} § {'2(a)(1)' if name.endswith('4.0') else '3'}"})
        for name in ("CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0")
    ]  # fmt: skip
    return rows


def _rail(name: str, text: str, **changes: object) -> Licence:
    row = Licence(
        f"LicenseRef-{name}", "community", 35, (_FLOW, _COPY), f"{text} § 4", has_use_restrictions=True, outputs="derivative", text=text,
        clauses={"restrictions": f"{text} § 4 and § 5", "outputs": f"{text} § 1"},
    )  # fmt: skip
    return replace(row, **changes)  # type: ignore[arg-type]


def _llama(name: str, title: str, holder: str, **changes: object) -> Licence:
    policy = "You must pass its agreement and use policy on."
    copyright_ = "Copyright (c)" if name == "llama2" else "Copyright ©"
    row = Licence(
        f"LicenseRef-{name}", "community", 35, (policy,), f"{title} § 1.b", has_use_restrictions=True, text=title, thresholds=_USERS,
        notice=f"{holder} is licensed under the {title}, {copyright_} Meta Platforms, Inc. All Rights Reserved.", outputs="named",
        clauses={"restrictions": f"{title} § 1.b.iv", "name": f"{title} § 1.b.i", "outputs": f"{title} § 1.b.i", "thresholds": f"{title} § 2"},
    )  # fmt: skip
    row = replace(row, **changes)  # type: ignore[arg-type]
    if not row.name_prefix:
        return row
    return replace(
        row,
        duties=(policy, f"The result's name must start with “{row.name_prefix}”.", f"You must show “{row.display}” where the result is offered."),
    )  # fmt: skip


def _community() -> list[Licence]:
    rows = [
        _rail("openrail", "OpenRAIL (a family of texts)", is_verified=False, outputs="unsettled"),
        _rail("openrail-plus-plus", "CreativeML Open RAIL++-M", outputs="unsettled"),
        _rail("bigscience-openrail-m", "BigScience Open RAIL-M"),
        _rail("creativeml-openrail-m", "CreativeML Open RAIL-M"),
        _rail("bigcode-openrail-m", "BigCode Open RAIL-M v1", clause="BigCode Open RAIL-M v1 § 5",
              clauses={"restrictions": "BigCode Open RAIL-M v1 § 4 and § 5.1", "outputs": "BigCode Open RAIL-M v1 § 1.i"}),
        _rail("bigscience-bloom-rail-1.0", "BigScience RAIL 1.0"),
        _rail("gemma", "Gemma Terms of Use", clause="Gemma Terms of Use § 3.1", duties=(_FLOW, _COPY, "You must mark the files you changed."),
              notice="Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
              clauses={"restrictions": "Gemma Terms of Use § 3.1 and § 3.2", "outputs": "Gemma Terms of Use § 1.1(e)"}),
    ]  # fmt: skip
    own = {"outputs": "own_family_only"}
    rows += [
        _llama("llama2", "LLAMA 2 Community License", "Llama 2", **own, clauses={
            "restrictions": "LLAMA 2 Community License § 1.b.iv", "outputs": "LLAMA 2 Community License § 1.b.v", "thresholds": "LLAMA 2 Community License § 2"}),
        _llama("llama3", "Meta Llama 3 Community License", "Meta Llama 3", name_prefix="Llama 3", display="Built with Meta Llama 3", **own, clauses={
            "restrictions": "Meta Llama 3 Community License § 1.b.iv", "name": "Meta Llama 3 Community License § 1.b.i",
            "outputs": "Meta Llama 3 Community License § 1.b.v", "thresholds": "Meta Llama 3 Community License § 2"}),
    ]  # fmt: skip
    rows += [
        _llama(f"llama{version}", f"Llama {version} Community License", f"Llama {version}", name_prefix="Llama", display="Built with Llama",
               geography="" if version == "3.1" else _EUROPE)
        for version in ("3.1", "3.2", "3.3", "4")
    ]  # fmt: skip
    return rows


def _research() -> list[Licence]:
    names = (
        "qwen-research",
        "mrl",
        "apple-amlr",
        "h-research",
        "fair-noncommercial-research-license",
        "intel-research",
    )
    return [
        Licence(f"LicenseRef-{name}", "research", 38, ("The result may be used for research only.",), name, is_commercial=False,
                is_research_only=True, outputs="unsettled", is_verified=False)
        for name in names
    ]  # fmt: skip


LICENCES: dict[str, Licence] = {
    row.name: row for row in (*_permissive(), *_copyleft(), *_creative(), *_community(), *_research())
}


def licence_get(name: str) -> Licence:
    """A row of the table; anything else is a custom text that a person has to read."""
    return LICENCES.get(name) or Licence(
        name, "custom", 80, ("Its text has to be read by a person.",), name, outputs="unsettled", gpl=None, is_verified=False
    )  # fmt: skip
