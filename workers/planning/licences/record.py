"""What one licence asks, as attributes. Verdicts are worked out from these, never from pairs of names."""

from dataclasses import dataclass, field
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
Copyleft = Literal["none", "file", "weak", "strong", "network"]
# What the licence says of models trained on what the model puts out: nothing against it; only models of the same
# family; such a model is a derivative; such a model has to carry the name; the text was not found to settle it.
Outputs = Literal["allowed", "own_family_only", "derivative", "named", "unsettled"]


@dataclass(frozen=True)
class Licence:
    """`rank` orders licences that one result may be under: the highest of a mix is the result's.

    `duties` are what the maker of the result has to do, as sentences; `clause` is where they stand.
    `clauses` names the section of each attribute that can stop or bind a result; `text` the version that was read.
    `gpl` is the lowest version of the GPL that may take the work up, 0: none, None: not settled.
    `is_verified` is false where an attribute rests on the licence's name alone; then a person has to read the text.
    """

    name: str
    family: Family
    rank: int
    duties: tuple[str, ...] = ()
    clause: str = ""
    copyleft: Copyleft = "none"
    share_alike: str = ""
    allows_derivatives: bool = True
    is_commercial: bool = True
    is_research_only: bool = False
    has_use_restrictions: bool = False
    name_prefix: str = ""
    display: str = ""
    notice: str = ""
    outputs: Outputs = "allowed"
    thresholds: str = ""
    geography: str = ""
    ends_on_patent_suit: bool = False
    is_osi: bool = False
    gpl: int | None = 0
    gpl_versions: frozenset[int] = frozenset()
    text: str = ""
    is_verified: bool = True
    clauses: dict[str, str] = field(default_factory=dict, hash=False, compare=False)

    def where(self, attribute: str) -> str:
        """The section an attribute stands in, else the clause of the duties, else the licence's name."""
        return self.clauses.get(attribute) or self.clause or self.name

    @property
    def is_restricted(self) -> bool:
        """Whether it asks for more than credit and the same licence: limits on use, on commerce, on the name."""
        return self.has_use_restrictions or self.is_research_only or not self.is_commercial or bool(self.name_prefix)
