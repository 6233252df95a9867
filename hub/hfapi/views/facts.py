"""What is known without reading weights: tensor headers of a sharded model, and the tags in use."""

import json
import re
from collections import defaultdict
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.errors import EntryMissing
from hub.catalog.gates import gate_check
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import Entry, commit_resolve, entries_get
from hub.core.errors import Invalid
from hub.hfapi.endpoint import TYPES, asker_of, endpoint, repo_of
from workers.planning.headers import LENGTH_BYTES, Header, HeaderError, header_length, parse_header

INDEX_BYTES, SHARDS_MAX, TAGS_PER_TYPE = 32 * 2**20, 500, 1000
_PREFIXED = re.compile(r"(license|dataset|base_model|region|arxiv|doi):(.+)")


@endpoint("GET")
def safetensors_metadata(request: HttpRequest, ns: str, name: str, path: str, kind: str = "models") -> HttpResponse:
    """The index without its map, which repeats the names in the headers, and the header of every shard."""
    repo = repo_of(request, kind, ns, name)
    gate_check(user=asker_of(request), repo=repo)
    commit = commit_resolve(repo, repo.default_branch)
    index = _index(_entry(commit, path))
    shards = sorted(set(index["weight_map"].values()))
    if len(shards) > SHARDS_MAX:
        raise Invalid(f"{len(shards)} shards; the headers of at most {SHARDS_MAX} are given at once.")
    folder = path.rpartition("/")[0]
    found = {entry.path: entry for entry in entries_get(commit, [f"{folder}/{shard}".strip("/") for shard in shards])}
    headers = {}
    for shard in shards:
        entry = found.get(f"{folder}/{shard}".strip("/"))
        if entry is None or entry.is_folder:
            raise EntryMissing(f"The index names {shard[:200]!r}, which is not there.", commit.oid)
        headers[shard] = _header_json(_header(entry))
    return JsonResponse({"index": {"metadata": index.get("metadata") or {}}, "headers": headers})


@endpoint("GET")
def tags_by_type(request: HttpRequest, kind: str) -> HttpResponse:
    """Every tag in use that the asker may see, sorted by what it says, the most frequent first."""
    rows = Repo.objects.visible_to(asker_of(request), "read").filter(type=TYPES[kind])
    return JsonResponse(_grouped(rows))


def _entry(commit: Commit, path: str) -> Entry:
    entry = next(iter(entries_get(commit, [path])), None)
    if entry is None or entry.is_folder:
        raise EntryMissing(f"There is no file {path[:200]!r}.", commit.oid)
    return entry


def _index(entry: Entry) -> dict[str, Any]:
    if entry.size_bytes > INDEX_BYTES:
        raise Invalid(f"{entry.path} has {entry.size_bytes} bytes; an index of at most {INDEX_BYTES} is read.")
    try:
        index = json.loads(blob_bytes(blob=Blob(sha256=entry.sha256)))
        weights = index["weight_map"]
        is_right = isinstance(weights, dict) and all(isinstance(shard, str) for shard in weights.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        is_right = False
    if not is_right:
        raise Invalid(f"{entry.path} is not an index of safetensors shards.")
    return index  # type: ignore[no-any-return]


def _header(entry: Entry) -> Header:
    blob = Blob(sha256=entry.sha256)
    try:
        length = header_length(blob_bytes(blob=blob, end=min(LENGTH_BYTES, entry.size_bytes)), entry.size_bytes)
        return parse_header(blob_bytes(blob=blob, start=LENGTH_BYTES, end=LENGTH_BYTES + length), entry.size_bytes)
    except HeaderError as error:
        raise Invalid(f"{entry.path}: {error.message}") from None


def _header_json(header: Header) -> dict[str, Any]:
    tensors = {
        name: {
            "dtype": tensor.dtype, "shape": list(tensor.shape),
            "data_offsets": [tensor.begin - header.data_begin, tensor.end - header.data_begin],
        }
        for name, tensor in header.tensors.items()
    }  # fmt: skip
    return {"__metadata__": dict(header.metadata), **tensors} if header.metadata else tensors


def _grouped(rows: QuerySet[Repo]) -> dict[str, list[dict[str, str]]]:
    inner, parameters = rows.order_by().values_list("tags", "task", "library", "languages").query.sql_with_params()
    found = f"({inner}) AS found(tags, task, library, languages)"
    sql = (
        f"SELECT kind, value, count(*) AS times FROM (SELECT 'tag' AS kind, unnest(tags) AS value FROM {found} "  # noqa: S608
        f"UNION ALL SELECT 'pipeline_tag', task FROM {found} UNION ALL SELECT 'library', library FROM {found} "
        f"UNION ALL SELECT 'language', unnest(languages) FROM {found}"
        ") AS every WHERE value <> '' GROUP BY kind, value ORDER BY times DESC, value"
    )
    grouped: dict[str, list[dict[str, str]]] = defaultdict(list)
    known: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters * 4)
        counted = cursor.fetchall()
    for kind, value, _ in sorted(
        counted, key=lambda row: row[0] == "tag"
    ):  # what has a kind of its own is no plain tag
        prefixed = _PREFIXED.fullmatch(value) if kind == "tag" else None
        type_, label = (prefixed[1], prefixed[2]) if prefixed else ("other" if kind == "tag" else kind, value)
        if kind == "tag" and value in known:
            continue
        known.add(value)
        if len(grouped[type_]) < TAGS_PER_TYPE:
            grouped[type_].append({"id": value, "label": label, "type": type_})
    return {"library": [], "license": [], "pipeline_tag": [], "language": [], "other": []} | dict(grouped)
