"""Lineage as a graph around one commit. Who may not see a repo sees that something is there, without its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from hub.accounts.models import User
from hub.catalog.models import Commit, LineageEdge, Repo

MAX_NODES = 200
NodeState = Literal["visible", "hidden", "unresolved"]


@dataclass(frozen=True)
class Node:
    """`level` counts generations: parents are negative, children positive. `unresolved`: a name that is no repo of this hub."""

    key: str
    state: NodeState
    level: int
    name: str = ""
    type: str = ""
    artifact: str = ""
    commit: str = ""
    is_focus: bool = False


@dataclass(frozen=True)
class Edge:
    """From parent to child."""

    parent: str
    child: str
    relation: str
    state: str
    weight: float | None
    position: int


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    is_cut: bool = False


def lineage_of(repo: Repo, commit: Commit, *, user: User | AnonymousUser | None, up: int = 2, down: int = 2) -> Graph:
    walk = _Walk(user)
    focus = _key(repo)
    walk.nodes[focus] = Node(focus, "visible", 0, repo.full_name, repo.type, repo.artifact, commit.oid, is_focus=True)
    walk.up({commit.pk: focus}, up)
    walk.down([repo.pk], down)
    return Graph(tuple(walk.nodes.values()), tuple(walk.edges.values()), walk.is_cut)


def _key(repo: Repo) -> str:
    return f"repo:{repo.pk}"


class _Walk:
    """One query per generation for the edges, one for what may be seen."""

    def __init__(self, user: User | AnonymousUser | None) -> None:
        self.user = user
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], Edge] = {}
        self.is_cut = False

    def up(self, children: dict[int, str], generations: int, level: int = -1) -> None:
        if generations == 0 or not children:
            return
        rows = list(_edges().filter(child_id__in=children).order_by("child_id", "position"))
        visible = self._visible(row.parent_repo_id for row in rows)
        further: dict[tuple[object, str], str] = {}
        for row in rows:
            key = self._parent(row, visible, level)
            if key is None:
                continue
            self._link(key, children[row.child_id], row)
            if row.parent_repo_id in visible:
                further[(row.parent_repo_id, row.parent_commit or _head(row))] = key
        commits = Commit.objects.filter(
            repo_id__in={repo for repo, _ in further}, oid__in={oid for _, oid in further}
        ).values_list("pk", "repo_id", "oid")
        self.up(
            {pk: further[(repo, oid)] for pk, repo, oid in commits if (repo, oid) in further},
            generations - 1,
            level - 1,
        )

    def down(self, parents: Sequence[UUID], generations: int, level: int = 1) -> None:
        """Children count by the head of their default branch: what an older commit was made of is history."""
        if generations == 0 or not parents:
            return
        rows = list(
            _edges()
            .filter(parent_repo_id__in=parents, child__oid=F("child__repo__head"))
            .order_by("child__repo__full_name")[: MAX_NODES + 1]
        )
        visible = self._visible(row.child.repo_id for row in rows)
        further = []
        for row in rows:
            repo = row.child.repo
            key = _key(repo) if repo.pk in visible else f"hidden:{row.child_id}"
            parent = f"repo:{row.parent_repo_id}"
            if key == parent:
                continue
            is_new = key not in self.nodes
            if not self._add(self._node(repo, visible, key, level, row.child.oid)):
                continue
            self._link(parent, key, row)
            if is_new and repo.pk in visible:
                further.append(repo.pk)
        self.down(further, generations - 1, level + 1)

    def _parent(self, row: LineageEdge, visible: set[object], level: int) -> str | None:
        repo = row.parent_repo
        if repo is None:
            name = row.parent_name
            key = f"name:{name.lower()}" if name else f"hidden:{row.pk}"
            node = Node(key, "unresolved" if name else "hidden", level, name)
        else:
            key = _key(repo) if repo.pk in visible else f"hidden:{row.pk}"
            node = self._node(repo, visible, key, level, row.parent_commit or repo.head)
        return key if self._add(node) else None

    def _node(self, repo: Repo, visible: set[object], key: str, level: int, oid: str) -> Node:
        if repo.pk not in visible:
            return Node(key, "hidden", level)
        return Node(key, "visible", level, repo.full_name, repo.type, repo.artifact, oid)

    def _add(self, node: Node) -> bool:
        if node.key in self.nodes:
            return True
        if len(self.nodes) >= MAX_NODES:
            self.is_cut = True
            return False
        self.nodes[node.key] = node
        return True

    def _link(self, parent: str, child: str, row: LineageEdge) -> None:
        if parent != child:
            self.edges.setdefault(
                (parent, child, row.relation), Edge(parent, child, row.relation, row.state, row.weight, row.position)
            )

    def _visible(self, keys: Iterable[object]) -> set[object]:
        wanted = {key for key in keys if key is not None}
        return (
            set(Repo.objects.visible_to(self.user, "read").filter(pk__in=wanted).values_list("pk", flat=True))
            if wanted
            else set()
        )


def _head(edge: LineageEdge) -> str:
    return edge.parent_repo.head if edge.parent_repo else ""


def _edges() -> QuerySet[LineageEdge]:
    return LineageEdge.objects.select_related("parent_repo", "child__repo").only(
        "relation", "state", "weight", "position", "parent_name", "parent_commit",
        "parent_repo__full_name", "parent_repo__type", "parent_repo__artifact", "parent_repo__head",
        "child__oid", "child__repo__full_name", "child__repo__type", "child__repo__artifact", "child__repo__head",
    )  # fmt: skip
