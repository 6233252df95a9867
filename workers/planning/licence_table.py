"""What each licence asks, as attributes. Verdicts are worked out from these, never from pairs of names."""

from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "free",
    "permissive",
    "weak",
    "strong",
    "share_alike",
    "non_commercial",
    "no_derivatives",
    "community",
    "research",
    "custom",
]


@dataclass(frozen=True)
class Licence:
    """`rank` orders licences that one result may be under: the highest of a mix is the result's.

    `clause` is where the duty stands, `duty` what the maker of the result has to do, as a sentence.
    """

    name: str
    family: Family
    rank: int
    duty: str = ""
    clause: str = ""


_NOTICE = "You must keep its copyright notice."
_CREDIT = "You must credit its sources."
_FLOW = "You must pass its use restrictions on to whoever gets the result."
_NON_COMMERCIAL = "You must credit its sources, and nobody may use the result commercially."
_RESEARCH = "The result may be used for research only."


def _rows() -> list[Licence]:
    rows = [Licence(name, "free", 0) for name in ("CC0-1.0", "Unlicense", "0BSD", "MIT-0", "PDDL-1.0", "WTFPL")]
    rows += [
        Licence(name, "permissive", 10, _NOTICE) for name in ("ISC", "MIT", "Zlib", "BSL-1.0", "NCSA", "PostgreSQL")
    ]
    rows += [
        Licence("BSD-2-Clause", "permissive", 11, _NOTICE, "BSD-2-Clause"),
        Licence("BSD-3-Clause", "permissive", 12, _NOTICE, "BSD-3-Clause"),
    ]
    rows += [
        Licence("CDLA-Permissive-2.0", "permissive", 13, "You must pass its text on.", "CDLA-Permissive-2.0 § 2"),
        Licence("CDLA-Permissive-1.0", "permissive", 13, "You must pass its text on.", "CDLA-Permissive-1.0 § 3"),
        Licence("AFL-3.0", "permissive", 14, _NOTICE, "AFL-3.0 § 6"),
        Licence("ECL-2.0", "permissive", 14, "You must keep its NOTICE and say what you changed.", "ECL-2.0 § 4"),
        Licence("Apache-2.0", "permissive", 15, "You must keep its NOTICE and say what you changed.", "Apache-2.0 § 4"),
        Licence("ODC-By-1.0", "permissive", 18, _CREDIT, "ODC-By-1.0 § 4.2"),
    ]
    rows += [Licence(f"CC-BY-{version}", "permissive", 20 + index, _CREDIT, f"CC-BY-{version} § {'3(a)' if version == '4.0' else '4'}")
             for index, version in enumerate(("2.0", "2.5", "3.0", "4.0"))]  # fmt: skip
    rows += [Licence(name, "weak", 40, "You must offer its own part under the same licence.", name)
             for name in ("MPL-2.0", "EPL-2.0", "EUPL-1.2", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later",
                          "CDLA-Sharing-1.0", "ODbL-1.0", "MS-PL", "Artistic-2.0", "OFL-1.1")]  # fmt: skip
    rows += [Licence(f"CC-BY-SA-{version}", "share_alike", 50 + index, "The result must be under the same licence.", f"CC-BY-SA-{version}")
             for index, version in enumerate(("3.0", "4.0"))]  # fmt: skip
    rows += [Licence(name, "strong", 60 + index, "The result must be under the same licence, with its sources open.", f"{name} § {section}")
             for index, (name, section) in enumerate((
                 ("GPL-2.0-or-later", "2"), ("GPL-2.0-only", "2"), ("GPL-3.0-or-later", "5"), ("GPL-3.0-only", "5"),
                 ("AGPL-3.0-or-later", "13"), ("AGPL-3.0-only", "13")))]  # fmt: skip
    rows += [Licence(name, "non_commercial", 30 + index, _NON_COMMERCIAL, name)
             for index, name in enumerate(("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"))]  # fmt: skip
    rows += [Licence(name, "no_derivatives", 90, "Nothing that is made of it may be passed on.", name)
             for name in ("CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0")]  # fmt: skip
    rows += [Licence(f"LicenseRef-{name}", "community", 35, _FLOW, name)
             for name in ("openrail", "openrail-plus-plus", "bigscience-openrail-m", "creativeml-openrail-m", "bigcode-openrail-m",
                          "bigscience-bloom-rail-1.0", "gemma")]  # fmt: skip
    rows += [Licence(f"LicenseRef-{name}", "community", 35,
                     f"You must pass its agreement and use policy on{naming}.", name)
             for name, naming in (("llama2", ""), ("llama3", ", and the result's name must start with “Llama 3”"),
                                  ("llama3.1", ", and the result's name must start with “Llama”"),
                                  ("llama3.2", ", and the result's name must start with “Llama”"),
                                  ("llama3.3", ", and the result's name must start with “Llama”"),
                                  ("llama4", ", and the result's name must start with “Llama”"))]  # fmt: skip
    rows += [Licence(f"LicenseRef-{name}", "research", 38, _RESEARCH, name)
             for name in ("qwen-research", "mrl", "apple-amlr", "h-research", "fair-noncommercial-research-license", "intel-research")]  # fmt: skip
    return rows


LICENCES: dict[str, Licence] = {row.name: row for row in _rows()}


def licence_get(name: str) -> Licence:
    """A row of the table; anything else is a custom text that a person has to read."""
    return LICENCES.get(name) or Licence(name, "custom", 80, "Its text has to be read by a person.", name)
