"""From the catalogue's lineage graph to the drawing."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils.safestring import SafeString

from hub.catalog.graph import Graph, lineage_of
from hub.catalog.models import Commit, Repo
from hub.pages.graphs import lineage as drawing
from hub.pages.templatetags.parts import repo_url
from hub.pages.words import RELATION_WORDS, artifact_word, plural

FRESH_S = 60
RECORDED = ("recorded", "verified")


@dataclass(frozen=True)
class Lineage:
    wide: SafeString
    narrow: SafeString
    nested: list[dict]
    sentence: str
    rows: list[dict[str, Any]]
    is_cut: bool


def graph_of(repo: Repo, commit: Commit, *, user: Any, up: int, down: int) -> Graph:
    """Kept for a minute per asker.

    SECURITY: before it is shown, one question makes sure that everything in it may still be seen.
    """
    key = f"pages:lineage:{commit.oid}:{repo.pk}:{user.pk or 0}:{up}:{down}"
    known: Graph | None = cache.get(key)
    if known is not None and _is_still_visible(known, user):
        return known
    graph = lineage_of(repo, commit, user=user, up=up, down=down)
    cache.set(key, graph, FRESH_S)
    return graph


def _is_still_visible(graph: Graph, user: Any) -> bool:
    names = {node.name for node in graph.nodes if node.state == "visible"}
    return Repo.objects.visible_to(user, "read").filter(full_name__in=names).values(
        "full_name"
    ).distinct().count() == len(names)


def lineage_view(graph: Graph, *, method: str = "", is_short: bool = False) -> Lineage | None:
    """None when there is nothing but the entry itself."""
    focus = next(node for node in graph.nodes if node.is_focus)
    graph = _without_data(graph) if is_short else graph
    if not graph.edges:
        return None
    weights = {edge.parent: edge.weight for edge in graph.edges if edge.child == focus.key and edge.weight is not None}
    nodes = [_node(node, weights.get(node.key)) for node in graph.nodes]
    edges = [
        drawing.Edge(edge.parent, edge.child, _edge_word(edge, focus.key, method), edge.state not in RECORDED)
        for edge in _drawn(graph)
    ]
    title = f"Lineage of {focus.name}"
    return Lineage(
        drawing.draw(nodes, edges, title),
        drawing.draw_narrow(nodes, edges, title),
        drawing.nested(nodes, edges),
        _sentence(graph, focus.key),
        _rows(graph, focus.key),
        graph.is_cut,
    )


def _without_data(graph: Graph) -> Graph:
    """For the entry's first page: its family, without what it was trained on."""
    nodes = tuple(node for node in graph.nodes if node.type != "dataset" or node.is_focus)
    keys = {node.key for node in nodes}
    edges = tuple(edge for edge in graph.edges if edge.parent in keys and edge.child in keys)
    linked = {edge.parent for edge in edges} | {edge.child for edge in edges}
    return Graph(tuple(node for node in nodes if node.key in linked or node.is_focus), edges, graph.is_cut)


def _drawn(graph: Graph) -> list:
    """Without the line from a base that its own fine-tunes lead from as well: the way through them says it."""
    children: dict[str, set[str]] = {}
    for edge in graph.edges:
        children.setdefault(edge.parent, set()).add(edge.child)
    return [
        edge
        for edge in graph.edges
        if edge.relation != "base"
        or not any(
            edge.child in children.get(other, ()) for other in children.get(edge.parent, ()) if other != edge.child
        )
    ]


def _edge_word(edge, focus: str, method: str) -> str:
    if edge.child == focus and edge.relation == "merge_of" and method:
        return method
    return RELATION_WORDS.get(edge.relation, edge.relation)


def _node(node, weight: float | None) -> drawing.Node:
    if node.state == "hidden":
        return drawing.Node(node.key, "not visible", "private entry", is_hidden=True)
    short = node.name.rpartition("/")[2] or node.name
    if node.is_focus:
        fact = f"this entry · {node.commit[:7]}"
    elif node.state == "unresolved":
        fact = "not on this hub"
    elif weight is not None:
        fact = f"weight {weight:g}"
    else:
        fact = artifact_word("dataset" if node.type == "dataset" else node.artifact).lower()
    artifact = "dataset" if node.type == "dataset" else node.artifact or "model"
    url = repo_url(node.name, node.type or "model") if node.state == "visible" else ""
    return drawing.Node(
        node.key,
        short,
        fact,
        "model" if artifact == "unknown" else artifact,
        url,
        node.is_focus,
        node.state != "visible",
    )


def _sentence(graph: Graph, focus: str) -> str:
    above = [edge for edge in graph.edges if edge.child == focus]
    below = [edge for edge in graph.edges if edge.parent == focus]
    parts = []
    if above:
        recorded = sum(edge.state in RECORDED for edge in above)
        bases = {edge.parent for edge in above if edge.relation == "base"}
        count = len({edge.parent for edge in above} - bases) or len(bases)
        with_base = " and a base" if bases and count and len({edge.parent for edge in above}) > len(bases) else ""
        parts.append(f"{count} {plural(count, 'parent', 'parents')}{with_base}")
        if recorded == len(above):
            parts[-1] += ", recorded when it was made."
        elif recorded == 0:
            parts[-1] += ", claimed by its card only (dashed)."
        else:
            parts[-1] += f", {recorded} of {len(above)} recorded, the others claimed only (dashed)."
    if below:
        count = len({edge.child for edge in below})
        parts.append(f"{count} {plural(count, 'entry descends', 'entries descend')} from it.")
    return " ".join(parts)


def _rows(graph: Graph, focus: str) -> list[dict[str, Any]]:
    by_key = {node.key: node for node in graph.nodes}
    return [
        {"parent": by_key[edge.parent], "child": by_key[edge.child], "relation": RELATION_WORDS.get(edge.relation, edge.relation), "state": edge.state, "weight": edge.weight}
        for edge in sorted(graph.edges, key=lambda edge: (edge.child != focus, edge.position))
        if edge.parent in by_key and edge.child in by_key
    ]  # fmt: skip
