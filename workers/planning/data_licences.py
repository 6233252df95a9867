"""Licences of the data that a model is trained on, or by which its coefficients are learned or chosen: whether they bind it is a question, and asked as one."""

from collections.abc import Sequence
from typing import Protocol

from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.plans import LicenceVerdict
from workers.planning.check import Facts
from workers.planning.licences import LicenceInput, licence_findings, licence_judge
from workers.planning.wording import finding, short_name

BUILTIN = "builtin:"


class Named(Protocol):
    @property
    def data(self) -> str: ...


def data_licensed(items: Sequence[Named], facts: Facts) -> list[LicenceInput]:
    """Of every dataset that is a repo, in the recipe's order."""
    return [entry for _, entry in _held(items, facts)]


def licence_findings_of(
    verdict: LicenceVerdict, operation: str, items: Sequence[Named], facts: Facts, undeclared: Sequence[tuple[Path, str]],
    *, where: Path = ("sources",), places: Sequence[Path] = (), is_public: bool = False,
) -> list[Finding]:  # fmt: skip
    """What `licence_findings` says, and what there is to ask about each dataset, at its own place: `places`, or under `data`."""
    asked = []
    for index, entry in _held(items, facts):
        alone = licence_judge(operation, [entry])
        if alone.verdict == "review":
            message, _, consequence = alone.reasons[0].partition(". ")
            asked.append(
                finding(
                    "data_licence", "warning", places[index] if places else ("data", index), f"{message}.", consequence
                )
            )
    findings = licence_findings(verdict, undeclared, where=where, is_public=is_public)
    return [*asked, *(entry for entry in findings if not _is_data_alone(entry.code, verdict))]


def _held(items: Sequence[Named], facts: Facts) -> list[tuple[int, LicenceInput]]:
    return [
        (index, LicenceInput(short_name(item.data), held.licence, "data", held.commit, held.repo))
        for index, item in enumerate(items)
        if not item.data.startswith(BUILTIN) and (held := facts.get(item.data)) is not None
    ]


def _is_data_alone(code: str, verdict: LicenceVerdict) -> bool:
    """Whether only datasets ask for a review: each has said so at its own place."""
    return code == "licence_review" and all(link["role"] == "data" for link in verdict.blocking)
