"""How far each entry lies from their common base, layer by layer, as the reports of merges measured it.

A merge measures each of its sources and its result against the base. So a distance is known of an entry that was merged, or
that is a merge, on this hub; of others nothing is read here: only a job reads weights.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.core.cache import cache

from hub.catalog.models import Commit, LineageEdge, Repo
from hub.catalog.selectors import facts_of
from hub.jobs.models import JobOutput
from hub.pages.beside.members import Member, Reader
from hub.pages.entry import Opened
from hub.pages.layers import MOST_LAYERS, PER_THOUSAND, layer_of
from hub.pages.report import report_of

MOST_REPORTS = 8
CACHE_S = 30 * 24 * 3600

Layer = tuple[int, str]
Place = tuple[str, str]  # repo, commit


@dataclass(frozen=True)
class Distances:
    """`rms[i][layer]`: root mean square of the change per value against `base`, in thousandths, of `members[i]`.

    `whole[i]` is that over all layers. `unknown` names entries of which no report tells, `is_base` those that are the base itself.
    """

    base: str
    base_commit: str
    members: tuple[Member, ...]
    layers: tuple[str, ...]
    rms: tuple[tuple[float | None, ...], ...]
    whole: tuple[float, ...]
    unknown: tuple[str, ...] = ()
    is_base: tuple[str, ...] = ()


def distances_of(members: Sequence[Member], *, user: Reader) -> Distances | None:
    """None where fewer than two of them were measured against one base.

    SECURITY: reports are files. Only those are read that a job of this hub wrote, of entries whose files `user` may read; and of
    entries behind a gate nothing is told.
    """
    told = [member for member in members if member.is_open]
    by_base: dict[Place, dict[Place, dict[Layer, tuple[float, int]]]] = defaultdict(dict)
    for commit in _reports(told, user):
        base, found = _measured(commit)
        if base is not None:
            for place, layers in found.items():
                by_base[base].setdefault(place, layers)
    best = max(by_base, key=lambda base: len(_known(told, by_base[base])), default=None)
    known = _known(told, by_base[best]) if best is not None else []
    if best is None or len(known) < 2:
        return None
    tables = [next(by_base[best][place] for place in _places(member) if place in by_base[best]) for member in known]
    layers = sorted({layer for table in tables for layer in table})[:MOST_LAYERS]
    base_members = tuple(member.name for member in members if best in _places(member))
    return Distances(
        base=best[0], base_commit=best[1], members=tuple(known), layers=tuple(word for _, word in layers),
        rms=tuple(tuple(_rms([table[layer]]) if layer in table else None for layer in layers) for table in tables),
        whole=tuple(_rms(table.values()) for table in tables),
        unknown=tuple(member.name for member in members if member not in known and member.name not in base_members),
        is_base=base_members,
    )  # fmt: skip


def _known(members: Sequence[Member], tables: dict[Place, Any]) -> list[Member]:
    return [member for member in members if any(place in tables for place in _places(member))]


def _places(member: Member) -> list[Place]:
    return [(member.full_name, oid) for oid in sorted(member.oids)]


def _rms(sums: Iterable[tuple[float, int]]) -> float:
    squares, elements = (sum(part) for part in zip(*sums, strict=True))
    return sqrt(squares / elements) * PER_THOUSAND if elements else 0.0


def _reports(members: Sequence[Member], user: Reader) -> list[Commit]:
    """Commits that jobs made: those compared first, then the newest merges that took one of them in."""
    repos = [member.opened.repo.pk for member in members]
    oids = {oid for member in members for oid in member.oids}
    outputs = JobOutput.objects.filter(role="result")
    own = (
        outputs.filter(repo__in=repos, commit__oid__in=oids).order_by("-commit_id").values_list("commit_id", flat=True)
    )
    edges = LineageEdge.objects.filter(
        relation="merge_of", parent_repo__in=repos, parent_commit__in=oids,
        child__repo__in=Repo.objects.visible_to(user, "read").open_to(user),
    )  # fmt: skip
    children = list(edges.order_by("-created_at").values_list("child_id", flat=True)[: 4 * MOST_REPORTS])
    made = set(outputs.filter(commit__in=children).values_list("commit_id", flat=True))
    wanted = list(dict.fromkeys([*own, *(key for key in children if key in made)]))[:MOST_REPORTS]
    commits = Commit.objects.select_related("repo__namespace").in_bulk(wanted)
    return [commits[key] for key in wanted]


def _measured(commit: Commit) -> tuple[Place | None, dict[Place, dict[Layer, tuple[float, int]]]]:
    """Base, and per entry and layer the sum of squares with the count of values. Kept: a commit's report never changes."""
    key = f"pages:distances:{commit.oid}"
    found = cache.get(key)
    if found is None:
        found = _read(Opened(commit.repo, commit, commit.oid, facts_of(commit)))
        cache.set(key, found, CACHE_S)
    return found


def _read(opened: Opened) -> tuple[Place | None, dict[Place, dict[Layer, tuple[float, int]]]]:
    report = report_of(opened)
    inputs = report.get("inputs") or []
    sources = [(row.get("repo", ""), row.get("commit", "")) for row in inputs if row.get("role") == "source"]
    base = next(((row.get("repo", ""), row.get("commit", "")) for row in inputs if row.get("role") == "base"), None)
    if base is None or report.get("relative_to") != "base" or len(sources) != len(report.get("vectors") or []):
        return None, {}
    places = [(opened.repo.full_name, opened.commit.oid), *sources]
    sums: dict[Place, dict[Layer, tuple[float, int]]] = {place: {} for place in places}
    for name, row in (report.get("tensors") or {}).items():
        fact = opened.facts.tensors.get(name)
        norms = [row.get("norm"), *(row.get("norms") or [])]
        if fact is None or len(norms) != len(places):
            continue
        for place, norm in zip(places, norms, strict=True):
            if norm is not None:
                square, elements = sums[place].get(layer_of(name), (0.0, 0))
                sums[place][layer_of(name)] = square + norm**2, elements + fact.elements
    return base, {place: layers for place, layers in sums.items() if layers}
