"""Licence names as people write them, to SPDX. What has no SPDX name becomes a `LicenseRef-`; nothing becomes a default."""

import re

# Names without an entry at SPDX keep the id under which the hubs know them.
_COMMUNITY = (
    "openrail", "openrail-plus-plus", "bigscience-openrail-m", "creativeml-openrail-m", "bigcode-openrail-m", "bigscience-bloom-rail-1.0",
    "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma", "qwen", "qwen-research", "mrl", "apple-amlr",
    "h-research", "fair-noncommercial-research-license", "deepseek", "deepseek-license", "falcon-llm", "stabilityai-ai-community",
    "grok2-community", "apple-ascl", "intel-research",
)  # fmt: skip
_SPDX = (
    "MIT", "MIT-0", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "CC0-1.0", "Unlicense", "WTFPL", "Zlib", "BSL-1.0",
    "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0",
    "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0",
    "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "MPL-2.0", "EPL-2.0", "EUPL-1.2", "LGPL-2.1-only",
    "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later",
    "AGPL-3.0-only", "AGPL-3.0-or-later", "ODbL-1.0", "PDDL-1.0", "ODC-By-1.0", "AFL-3.0", "Artistic-2.0", "ECL-2.0", "MS-PL", "NCSA",
    "PostgreSQL", "OFL-1.1",
)  # fmt: skip
_ALIASES = {
    "apache": "Apache-2.0", "apache2": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache-2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0", "apache2.0": "Apache-2.0",
    "mit license": "MIT", "the mit license": "MIT", "bsd": "BSD-3-Clause", "bsd-new": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause", "bsd 2-clause": "BSD-2-Clause", "bsd-3-clause-clear": "BSD-3-Clause-Clear",
    "gpl": "GPL-3.0-or-later", "gpl-2.0": "GPL-2.0-only", "gpl-2.0+": "GPL-2.0-or-later", "gpl-3.0": "GPL-3.0-only",
    "gpl-3.0+": "GPL-3.0-or-later", "gplv2": "GPL-2.0-only", "gplv3": "GPL-3.0-only", "agpl-3.0": "AGPL-3.0-only",
    "agpl-3.0+": "AGPL-3.0-or-later", "lgpl": "LGPL-3.0-or-later", "lgpl-2.1": "LGPL-2.1-only", "lgpl-3.0": "LGPL-3.0-only",
    "lgpl-3.0+": "LGPL-3.0-or-later", "lgpl-lr": "LGPLLR", "cc0": "CC0-1.0", "public domain": "CC0-1.0", "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0", "odc-by": "ODC-By-1.0", "cc-by-2.0": "CC-BY-2.0", "cc": "LicenseRef-cc", "c-uda": "C-UDA-1.0",
    "openrail++": "LicenseRef-openrail-plus-plus", "llama-2": "LicenseRef-llama2", "llama-3": "LicenseRef-llama3", "llama 3": "LicenseRef-llama3", "llama 2": "LicenseRef-llama2",
    "llama-3.1": "LicenseRef-llama3.1", "llama-3.2": "LicenseRef-llama3.2", "llama-3.3": "LicenseRef-llama3.3",
    "llama-4": "LicenseRef-llama4", "llama 3.1 community license": "LicenseRef-llama3.1", "llama 3.2 community license": "LicenseRef-llama3.2",
    "llama 3.3 community license": "LicenseRef-llama3.3", "llama 4 community license": "LicenseRef-llama4",
    "gemma terms of use": "LicenseRef-gemma", "gemma-terms-of-use": "LicenseRef-gemma", "creativeml open rail-m": "LicenseRef-creativeml-openrail-m",
    "creativeml open rail++-m": "LicenseRef-openrail-plus-plus", "openrail++-m": "LicenseRef-openrail-plus-plus",
    "epl-1.0": "EPL-1.0", "eupl-1.1": "EUPL-1.1", "ofl-1.1": "OFL-1.1", "osl-3.0": "OSL-3.0", "zlib": "Zlib", "etalab-2.0": "etalab-2.0",
}  # fmt: skip
_UNSAID = {"", "unknown", "none", "no license", "unlicensed", "null", "n/a", "tbd"}
_KNOWN = (
    {name.casefold(): name for name in _SPDX} | {name: f"LicenseRef-{name}" for name in _COMMUNITY} | _ALIASES
)  # fmt: skip
_WORDS = {"OR", "AND", "WITH"}
_OPERATOR = re.compile(r"(\s+(?:OR|AND|WITH)\s+|[()])")


def licence_normalise(text: str, name: str = "") -> str:
    """SPDX of a declared licence, "" for none. `name` is the card's `license_name`, used where the licence is `other`."""
    text = text.strip()[:200]
    if text.casefold() in _UNSAID:
        return ""
    if text.casefold() in {"other", "custom", "proprietary"}:
        text = name.strip()[:200] or text
    parts = [part.strip() for part in _OPERATOR.split(text)]
    if len(parts) == 1:
        return _one(text)
    # What follows WITH is the name of an exception, not of a licence.
    return "".join(
        f" {part} "
        if part in _WORDS
        else _exception(part)
        if before == "WITH"
        else part
        if part in {"", "(", ")"}
        else _one(part)
        for before, part in zip(["", *parts], parts, strict=False)
    )


def _exception(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")[:80] or "exception"


def _one(text: str) -> str:
    bare = re.sub(r"^licenseref-", "", text, flags=re.IGNORECASE)
    known = _KNOWN.get(text.casefold()) or _KNOWN.get(bare.casefold())
    return known or "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", bare).strip("-")[:80]
