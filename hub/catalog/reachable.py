"""What the refs lead to, and what points at a commit, a tree or a blob. Asked of the models, so that a new table counts by itself."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import PROTECT, RESTRICT, Exists, ManyToOneRel, Model, OuterRef, Q
from psycopg import sql

from hub.catalog.models import Commit, HeadEntry

Kept = Collection[tuple[UUID, str]]  # repo and commit hash, of commits that something outside the catalogue still reads


def pointers_to(model: type[Model], *policies: Any) -> list[tuple[type[Model], Any]]:
    """Model and field of every foreign key to `model` with one of these deletion policies."""
    # With hidden ones: most keys have no name for the way back (related_name="+"), and count all the same.
    relations = [field for field in model._meta.get_fields(include_hidden=True) if isinstance(field, ManyToOneRel)]
    return [(relation.field.model, relation.field) for relation in relations if relation.on_delete in policies]


def is_pointed_at(model: type[Model]) -> Q:
    """True for rows that another row forbids to delete."""
    found = Q()
    for pointer, field in pointers_to(model, PROTECT, RESTRICT):
        found |= Q(Exists(pointer._default_manager.filter(**{field.name: OuterRef("pk")})))
    return found


def live_commits(kept: Kept, repos: Collection[UUID] | None = None) -> sql.Composed:
    """A query for the ids of commits that any ref, or anything else that lasts, leads to, directly or through children.

    A parent of a live commit is live. What falls with its commit (lineage, the note of an import) does not keep it; but for the row
    of a file at a head, which names the commit that last touched it.
    """
    last_touched: tuple[type[Model], Any] = (HeadEntry, HeadEntry._meta.get_field("last_commit"))
    pointing = [*pointers_to(Commit, PROTECT, RESTRICT), last_touched]
    roots: list[sql.Composable] = [
        sql.SQL("SELECT {field} FROM {table}").format(
            field=sql.Identifier(field.column), table=sql.Identifier(pointer._meta.db_table)
        )
        for pointer, field in pointing
    ]
    if kept:
        pairs = sql.SQL(", ").join(
            sql.SQL("({}, {})").format(sql.Literal(str(repo)) + sql.SQL("::uuid"), sql.Literal(oid))
            for repo, oid in kept
        )
        roots.append(sql.SQL("SELECT id FROM catalog_commit WHERE (repo_id, oid) IN ({})").format(pairs))
    narrowed: sql.Composable = sql.SQL("")
    if repos is not None:
        narrowed = sql.SQL("JOIN catalog_commit c ON c.id = root.id WHERE c.repo_id = ANY({})").format(
            sql.Literal([str(repo) for repo in repos]) + sql.SQL("::uuid[]")
        )
    return sql.SQL(
        "WITH RECURSIVE root(id) AS ({roots}), live(id) AS ("
        "SELECT root.id FROM root {narrowed} "
        "UNION SELECT c.parent_id FROM catalog_commit c JOIN live ON c.id = live.id WHERE c.parent_id IS NOT NULL"
        ") SELECT id FROM live"
    ).format(roots=sql.SQL(" UNION ").join(roots), narrowed=narrowed)


def execute(statement: sql.Composable, parameters: tuple[Any, ...] = ()) -> int:
    """Runs it and gives how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
