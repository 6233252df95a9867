"""The NOTICE file of a result: whose work it is made of, under which licences, and what has to be kept with it."""

from collections.abc import Iterable, Sequence

from workers.planning.licences.mix import Held, LicenceInput
from workers.planning.wording import printable

NOTICE_FILE = "NOTICE"


def notice_text(
    licence: str, holders: Iterable[tuple[str, Sequence[Held]]], others: Sequence[LicenceInput], duties: Sequence[str]
) -> str:
    """Sorted, so that the order of the inputs changes nothing. "" where nothing went in."""
    held_by = [held for _, group in holders for held in group]
    rows = sorted({(held.entry.repo or held.entry.name, held.entry.commit, held.entry.role, held.licence.name, held.licence.clause)
                   for held in held_by})  # fmt: skip
    rows += sorted(
        {(entry.repo or entry.name, entry.commit, entry.role, entry.licence or "none declared", "") for entry in others}
    )
    if not rows:
        return ""
    lines = [f"Licence of this work: {licence or 'not resolved'}", "", "This work was made of:", ""]
    for name, commit, role, held_licence, clause in rows:
        version = f" at {commit[:12]}" if commit else ""
        where = f" ({clause})" if clause and clause != held_licence else ""
        lines.append(f"* {printable(name)}{version}, as {role}: {printable(held_licence)}{where}")
    asked = sorted({held.licence.notice for held in held_by if held.licence.notice})
    shown = sorted({held.licence.display for held in held_by if held.licence.display})
    if asked or shown:
        lines += ["", *asked, *shown]
    if duties:
        lines += ["", "What its licences ask for:", "", *(f"* {printable(duty)}" for duty in duties)]
    return "\n".join(lines) + "\n"
