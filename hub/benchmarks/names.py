"""What benchmarks are called: `digits-clean`, `lab.shapes` in the name of a namespace, or `digits-clean@2` for one version."""

import re
from typing import TYPE_CHECKING

from hub.core.errors import Invalid, Refused
from workers.contracts.findings import Finding

if TYPE_CHECKING:
    from hub.benchmarks.data import Data

MOST = 96
_WORD = r"[a-z0-9](?:[a-z0-9-]{0,94}[a-z0-9])?"
# What stands before the last point is a namespace, which may hold points and underscores itself.
_OWNER = r"(?:[a-z0-9][a-z0-9._-]{0,94}\.)?"
NAME = re.compile(_OWNER + _WORD)
_REFERENCE = re.compile(rf"(?P<name>{_OWNER}{_WORD})(?:@(?P<number>[1-9][0-9]{{0,5}}))?")
# First words of pages below /benchmarks and /leaderboards.
RESERVED = frozenset({"new", "create", "edit", "search", "csv", "json"})


def benchmark_name_validate(name: str) -> str:
    """Gives the name back, or raises `Invalid` with the reason."""
    if len(name) > MOST or not NAME.fullmatch(name):
        raise Invalid(
            f"{name[:MOST]!r} is not a name for a benchmark. Use 1 to {MOST} small letters, digits and dashes; begin and end "
            "with a letter or digit. The name of your namespace and a point may stand before it."
        )
    word = name.rpartition(".")[2]
    if "--" in word or word in RESERVED:
        raise Invalid(f"{name!r} cannot be the name of a benchmark. Take another one.")
    return name


def owned_name_validate(name: str, namespace: str) -> str:
    """As `benchmark_name_validate`, for a benchmark of `namespace`: a name in that of another namespace is not given away."""
    owner = benchmark_name_validate(name).rpartition(".")[0]
    if owner and owner != namespace.lower():
        raise Invalid(
            f"What stands before the point is a namespace, and this benchmark is to be of {namespace}. "
            f"Call it {namespace.lower()}.{name.rpartition('.')[2]}, or leave the point out."
        )
    return name


def name_fits_data(name: str, namespace: str, data: "Data") -> None:
    """SECURITY: names are unique on the hub, so that asking for one tells whether it is taken. What only some may know of is called

    in the name of a namespace: there nobody else can ask. Raises `Refused` for other names of benchmarks over private data.
    """
    if data.repo is None or data.repo.visibility != "private" or "." in name:
        return
    better = f"{namespace.lower()}.{name}"
    finding = Finding(
        code="name_private", severity="error", where="name",
        message=f"Its data is private, so its name must begin with that of your namespace: {better}.",
        consequence="Names without one are seen to be taken by everybody who wants the same.",
    )  # fmt: skip
    raise Refused(f"Call it {better}: its data is private.", findings=[finding])


def reference_parse(text: str) -> tuple[str, int | None] | None:
    """(name, number of the version or None for the newest); None for anything else."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    return match["name"], int(match["number"]) if match["number"] else None
