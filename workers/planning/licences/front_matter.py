"""A result's licence as the front matter of its card: HF's own id where there is one, else `other` with name and link."""

from workers.planning.licences.notice import NOTICE_FILE

# Ids of the hubs that are no SPDX name in small letters.
_IDS = {
    "GPL-2.0-only": "gpl-2.0", "GPL-3.0-only": "gpl-3.0", "AGPL-3.0-only": "agpl-3.0", "LGPL-2.1-only": "lgpl-2.1",
    "LGPL-3.0-only": "lgpl-3.0", "ODbL-1.0": "odbl", "PDDL-1.0": "pddl", "ODC-By-1.0": "odc-by", "LGPLLR": "lgpl-lr", "C-UDA-1.0": "c-uda",
    "LicenseRef-openrail-plus-plus": "openrail++", "LicenseRef-cc": "cc",
}  # fmt: skip
_SMALL = frozenset(
    [
        "mit",
        "apache-2.0",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigcode-openrail-m",
        "afl-3.0",
        "artistic-2.0",
        "bsl-1.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "wtfpl",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "isc",
        "h-research",
        "intel-research",
        "ms-pl",
        "apple-ascl",
        "apple-amlr",
        "mpl-2.0",
        "osl-3.0",
        "postgresql",
        "ofl-1.1",
        "ncsa",
        "unlicense",
        "zlib",
        "fair-noncommercial-research-license",
        "llama2",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "llama4",
        "grok2-community",
        "gemma",
    ]
)


def front_matter(licence: str) -> dict[str, str]:
    """{} while the licence is unresolved: a card says nothing rather than something that nobody found."""
    if not licence:
        return {}
    name = licence.removeprefix("LicenseRef-")
    known = _IDS.get(licence) or (name.lower() if name.lower() in _SMALL else "")
    if known:
        return {"license": known}
    return {"license": "other", "license_name": name.lower() if " " not in name else name, "license_link": NOTICE_FILE}
