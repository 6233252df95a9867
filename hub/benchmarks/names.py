"""What benchmarks are called: `digits-clean`, or `digits-clean@2` for one version."""

import re

from hub.core.errors import Invalid

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,94}[a-z0-9])?")
_REFERENCE = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,94}[a-z0-9])?)(?:@(?P<number>[1-9][0-9]{0,5}))?")
# First words of pages below /benchmarks and /leaderboards.
RESERVED = frozenset({"new", "create", "edit", "search", "csv", "json"})


def benchmark_name_validate(name: str) -> str:
    """Gives the name back, or raises `Invalid` with the reason."""
    if not NAME.fullmatch(name):
        raise Invalid(
            f"{name[:96]!r} is not a name for a benchmark. Use 1 to 96 small letters, digits and dashes; begin and end "
            "with a letter or digit."
        )
    if "--" in name or name in RESERVED:
        raise Invalid(f"{name!r} cannot be the name of a benchmark. Take another one.")
    return name


def reference_parse(text: str) -> tuple[str, int | None] | None:
    """(name, number of the version or None for the newest); None for anything else."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    return match["name"], int(match["number"]) if match["number"] else None
