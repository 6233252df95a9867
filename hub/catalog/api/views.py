"""/models and /datasets: lists, one entry, and its parts. Who is not signed in sees what is public."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.catalog import selectors
from hub.catalog.api import serializers
from hub.catalog.api.compatible import compatible_of
from hub.catalog.api.freshness import answer_kept, kept
from hub.catalog.api.representation import ROW_COLUMNS, counted_json, lineage_json, repo_detail, row_json
from hub.catalog.facets import FACETS
from hub.catalog.gates import gate_check
from hub.catalog.models import Commit, Repo
from hub.catalog.scans import scan_attach
from hub.catalog.search import SORTS, repos_counted, repos_found
from hub.catalog.selectors import SearchQuery
from hub.core.api import ApiView
from hub.core.errors import Invalid
from hub.core.pagination import cursor_decode, cursor_encode, limit_of

SEARCH = [
    OpenApiParameter("q", str, description="words; each must begin a word of the entry"),
    *(OpenApiParameter(name, str, many=True, description=facet.label) for name, facet in FACETS.items()),
    OpenApiParameter("params_min", str, description="number of parameters: 300000, 1.5M, 7B"),
    OpenApiParameter("params_max", str),
    OpenApiParameter("fits", str, description="memory it must run in: 8GB"),
    OpenApiParameter("sort", str, enum=list(SORTS)),
    OpenApiParameter("cursor", str, description="`next` of the page before"),
    OpenApiParameter("limit", int, description="1 to 200, default 50"),
]
REVISION = OpenApiParameter("revision", str, description="branch, tag or commit; default: the default branch")


class CatalogView(ApiView):
    permission_classes = [scope("read", anonymous=True)]

    def entry(self, request: Request, namespace: str, name: str, type: str = "model") -> tuple[Repo, Commit]:
        repo = selectors.repo_get(user=request.user, full_name=f"{namespace}/{name}", type=type)
        return repo, selectors.commit_resolve(repo, request.query_params.get("revision") or repo.default_branch)


def listing(request: Request, type: str) -> HttpResponse:
    """A page of the search, written as JSON once and kept while the catalogue stays as it is. So are its counts, for all of its pages."""

    def make() -> bytes:
        query = SearchQuery.from_params(request.query_params)
        page = repos_found(user=request.user, query=query, type=type, columns=ROW_COLUMNS)
        rows = _json({"results": [row_json(row) for row in page.rows], "next": page.next})
        same = replace(query, cursor=None, limit=0, sort="")
        counted = kept(
            f"counted:{type}:{same!r}",
            request.user,
            lambda: _json(counted_json(repos_counted(user=request.user, query=query, type=type))),
        )
        return rows[:-1] + b"," + counted[1:]  # two objects become one

    return HttpResponse(answer_kept(request, request.user, make), content_type="application/json")


def _json(body: dict[str, Any]) -> bytes:
    return JSONRenderer().render(body)


class ModelListView(CatalogView):
    @extend_schema(summary="Search models", parameters=SEARCH, responses=serializers.RepoListOutput)
    def get(self, request: Request) -> HttpResponse:
        return listing(request, "model")


class ModelView(CatalogView):
    @extend_schema(summary="One model", parameters=[REVISION], responses=serializers.RepoDetailOutput)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        return Response(repo_detail(*self.entry(request, namespace, name)))


class ModelTensorsView(CatalogView):
    @extend_schema(
        summary="Its tensors, from the headers",
        responses=serializers.TensorListOutput,
        parameters=[
            REVISION,
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int, description="1 to 1000, default 200"),
        ],
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo, commit = self.entry(request, namespace, name)
        gate_check(user=request.user, repo=repo)
        return Response(_tensors_json(commit, request))


class ModelLineageView(CatalogView):
    @extend_schema(
        summary="What it was made of, and what was made of it",
        responses=serializers.LineageOutput,
        parameters=[
            REVISION,
            OpenApiParameter("up", int, description="generations, 0 to 10"),
            OpenApiParameter("down", int),
        ],
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo, commit = self.entry(request, namespace, name)
        up, down = (_generations(request, direction) for direction in ("up", "down"))
        return Response(lineage_json(selectors.lineage_of(repo, commit, user=request.user, up=up, down=down)))


class ModelCompatibleView(CatalogView):
    @extend_schema(
        summary="Models it can be combined with",
        responses=serializers.CompatibleOutput,
        parameters=[REVISION, OpenApiParameter("kind", str, enum=["merge"])],
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo, commit = self.entry(request, namespace, name)
        kind = request.query_params.get("kind") or "merge"
        return Response(
            {"kind": kind, "results": compatible_of(user=request.user, repo=repo, commit=commit, kind=kind)}
        )


class DatasetListView(CatalogView):
    @extend_schema(summary="Search datasets", parameters=SEARCH, responses=serializers.RepoListOutput)
    def get(self, request: Request) -> HttpResponse:
        return listing(request, "dataset")


class DatasetView(CatalogView):
    @extend_schema(summary="One dataset", parameters=[REVISION], responses=serializers.RepoDetailOutput)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        return Response(repo_detail(*self.entry(request, namespace, name, "dataset")))


def _tensors_json(commit: Commit, request: Request) -> dict[str, Any]:
    """Pages over one commit, which never changes: the cursor is a place in its inventory."""
    facts = scan_attach(selectors.facts_of(commit))
    limit = limit_of(request.query_params.get("limit"), default=200, maximum=1000)
    cursor = request.query_params.get("cursor")
    start = cursor_decode(cursor, scope=f"tensors:{commit.oid}", length=1)[0] if cursor else 0
    rows = list(facts.tensors.items())
    end = start + limit
    return {
        "commit": commit.oid,
        "count": len(rows),
        "parameters": facts.parameters,
        "scanned": facts.scanned,
        "not_finite_tensors": facts.not_finite_tensors,
        "not_finite": [item.model_dump() for item in facts.not_finite],
        "results": [
            {
                "name": name, "dtype": fact.dtype, "shape": fact.shape, "elements": fact.elements,
                "size_bytes": fact.size_bytes, "file": fact.file,
            }
            for name, fact in rows[start:end]
        ],
        "next": cursor_encode([end], scope=f"tensors:{commit.oid}") if end < len(rows) else None,
    }  # fmt: skip


def _generations(request: Request, name: str) -> int:
    text = request.query_params.get(name) or "2"
    if not (text.isascii() and text.isdigit() and len(text) <= 2) or int(text) > 10:
        raise Invalid(f"{name} is {text[:20]!r}. Write a number from 0 to 10.")
    return int(text)
