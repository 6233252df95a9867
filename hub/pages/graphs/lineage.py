"""Lineage as SVG: left to right on a wide page, top to bottom on a phone. Dashed edges are only claimed."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.graphs.layout import Placed, layout
from hub.pages.svg import join, number, picture, tag

WIDTH, HEIGHT, NARROW_WIDTH = 168.0, 50.0, 316.0


@dataclass(frozen=True)
class Node:
    key: str
    name: str
    fact: str = ""
    artifact: str = "model"
    url: str = ""
    is_this: bool = False
    is_hidden: bool = False


@dataclass(frozen=True)
class Edge:
    parent: str
    child: str
    label: str = ""
    is_claimed: bool = False


def _shortened(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _ending(text: str, letters: int) -> str:
    """Names of one family differ at their end, so words go from the front: digits-vit-rotated becomes …vit-rotated."""
    kept = text
    while len(kept) >= letters and "-" in kept:
        kept = kept.partition("-")[2]
    return text if len(text) <= letters else f"…{_shortened(kept, letters - 1)}"


def _node(node: Node, x: float, y: float, width: float) -> SafeString:
    class_ = "node this" if node.is_this else "node hidden" if node.is_hidden else "node"
    is_small = width < 140
    letters = int((width - (12 if is_small else 44)) / 6.6)
    shapes = [
        tag("title", f"{node.name}, {node.fact}" if node.fact else node.name),
        tag("rect", class_=class_, x=x, y=y, width=width, height=HEIGHT, rx="3"),
    ]
    if not is_small:
        shapes.append(tag("use", href=f"#k-{node.artifact}", x=x + 11, y=y + 8, width="18", height="18", class_="mark"))
    start, anchor = (x + width / 2, "middle") if is_small else (x + 37, None)
    name, fact = _ending(node.name, letters) if is_small else _shortened(node.name, letters), node.fact
    shapes += [
        tag("text", name, x=start, y=y + 21, class_="strong", text_anchor=anchor),
        tag("text", _shortened(fact, letters + 3), x=start, y=y + 38, class_="soft", text_anchor=anchor),
    ]
    return tag("a", *shapes, href=node.url) if node.url and not node.is_this else tag("g", *shapes)


def _label(text: str, x: float, y: float) -> SafeString:
    half = len(text) * 3.1 + 4
    return join(
        [
            tag("rect", class_="edge-ground", x=x - half, y=y - 8, width=2 * half, height=16.0),
            tag("text", text, x=x, y=y + 4, text_anchor="middle", class_="soft"),
        ]
    )


def _across(edge: Edge, start: tuple[float, float], end: tuple[float, float]) -> tuple[SafeString, SafeString | None]:
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    line = tag(
        "path",
        class_="edge claimed" if edge.is_claimed else "edge",
        d=f"M{number(x1)} {number(y1)}C{number(middle)} {number(y1)} {number(middle)} {number(y2)} {number(x2 - 2)} {number(y2)}",
    )
    tip = tag("path", class_="arrow", d=f"M{number(x2 - 8)} {number(y2 - 4)}l7 4-7 4")
    return join([line, tip]), _label(edge.label, middle, (y1 + y2) / 2) if edge.label else None


def _down(edge: Edge, start: tuple[float, float], end: tuple[float, float]) -> tuple[SafeString, SafeString | None]:
    (x1, y1), (x2, y2) = start, end
    middle = (y1 + y2) / 2
    line = tag(
        "path",
        class_="edge claimed" if edge.is_claimed else "edge",
        d=f"M{number(x1)} {number(y1)}C{number(x1)} {number(middle)} {number(x2)} {number(middle)} {number(x2)} {number(y2 - 2)}",
    )
    tip = tag("path", class_="arrow", d=f"M{number(x2 - 4)} {number(y2 - 8)}l4 7 4-7")
    return join([line, tip]), _label(edge.label, (x1 + x2) / 2, middle) if edge.label else None


def _one_label_per_child(edges: list[Edge]) -> list[Edge]:
    """Edges of one operation into one child say its name once, on the middle one."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, edge in enumerate(edges):
        groups.setdefault((edge.child, edge.label), []).append(index)
    speaking = {indices[len(indices) // 2] for indices in groups.values()}
    return [
        edge if index in speaking else Edge(edge.parent, edge.child, "", edge.is_claimed)
        for index, edge in enumerate(edges)
    ]


def draw(nodes: list[Node], edges: list[Edge], title: str) -> SafeString:
    places = {
        place.key: place
        for place in layout([node.key for node in nodes], [(edge.parent, edge.child) for edge in edges])
    }
    layers = max((place.layer for place in places.values()), default=0) + 1
    slots = max((place.slot for place in places.values()), default=0) + 1
    gap = 90.0 if layers <= 3 else 74.0
    at = {key: (2 + place.layer * (WIDTH + gap), 4 + place.slot * (HEIGHT + 28)) for key, place in places.items()}
    lines, labels = [], []
    for edge in _one_label_per_child(edges):
        (x1, y1), (x2, y2) = at[edge.parent], at[edge.child]
        if x2 <= x1:
            continue
        line, label = _across(edge, (x1 + WIDTH, y1 + HEIGHT / 2), (x2, y2 + HEIGHT / 2))
        lines.append(line)
        labels.append(label or "")
    boxes = [_node(node, *at[node.key], WIDTH) for node in nodes]
    width, height = layers * WIDTH + (layers - 1) * gap + 4, slots * (HEIGHT + 28) - 20
    return picture(width, height, title, *lines, *labels, *boxes, class_="chart wide-chart", has_links=True)


def _rows_of(places: dict[str, Placed], most: int) -> list[list[str]]:
    """Keys by layer and slot; a layer of more than `most` goes on in the next row."""
    layers: dict[int, list[Placed]] = {}
    for place in places.values():
        layers.setdefault(place.layer, []).append(place)
    rows = []
    for _, row in sorted(layers.items()):
        keys = [place.key for place in sorted(row, key=lambda place: place.slot)]
        rows += [keys[start : start + most] for start in range(0, len(keys), most)]
    return rows


def draw_narrow(nodes: list[Node], edges: list[Edge], title: str) -> SafeString:
    """For a phone: no wider than its column at the size of its letters, so rows of three at most and no marks in them."""
    places = {
        place.key: place
        for place in layout([node.key for node in nodes], [(edge.parent, edge.child) for edge in edges])
    }
    rows = _rows_of(places, 3)
    at, widths = {}, {}
    for index, row in enumerate(rows):
        width = min(WIDTH, (NARROW_WIDTH - 10 * (len(row) - 1)) / len(row))
        start = (NARROW_WIDTH - len(row) * width - 10 * (len(row) - 1)) / 2
        for slot, key in enumerate(row):
            at[key] = (start + slot * (width + 10), 4 + index * (HEIGHT + 40))
            widths[key] = width
    lines, labels, said = [], [], set()
    for edge in sorted(edges, key=lambda edge: (at[edge.child][1], abs(at[edge.child][0] - at[edge.parent][0]))):
        (x1, y1), (x2, y2) = at[edge.parent], at[edge.child]
        if y2 <= y1:
            continue
        is_plain = y2 - y1 < HEIGHT + 41 and (y1, edge.label) not in said
        said.add((y1, edge.label))
        edge = edge if is_plain else Edge(edge.parent, edge.child, "", edge.is_claimed)
        line, label = _down(edge, (x1 + widths[edge.parent] / 2, y1 + HEIGHT), (x2 + widths[edge.child] / 2, y2))
        lines.append(line)
        labels.append(label or "")
    boxes = [_node(node, *at[node.key], widths[node.key]) for node in nodes]
    height = len(rows) * (HEIGHT + 40) - 32
    return picture(NARROW_WIDTH, height, title, *lines, *labels, *boxes, class_="chart narrow-chart", has_links=True)


def nested(nodes: list[Node], edges: list[Edge]) -> list[dict]:
    """The same as a nested list, parents first, for screen readers: `{node, label, children}`."""
    by_key = {node.key: node for node in nodes}
    children: dict[str, list[Edge]] = {}
    for edge in edges:
        children.setdefault(edge.parent, []).append(edge)
    have_parent = {edge.child for edge in edges}
    roots = [node.key for node in nodes if node.key not in have_parent] or [node.key for node in nodes[:1]]

    def branch(key: str, label: str, seen: frozenset[str]) -> dict:
        below = [] if key in seen else [branch(edge.child, edge.label, seen | {key}) for edge in children.get(key, [])]
        return {"node": by_key[key], "label": label, "children": below}

    return [branch(key, "", frozenset()) for key in roots]


__all__ = ["Edge", "Node", "Placed", "draw", "draw_narrow", "nested"]
